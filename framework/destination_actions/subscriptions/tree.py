"""Nodes to plain JSON and back; the shape that Segment's parser gives is read too."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, cast

from destination_actions.errors import SubscriptionError
from destination_actions.subscriptions.calls import called
from destination_actions.subscriptions.functions import FUNCTIONS
from destination_actions.subscriptions.glob import PatternError
from destination_actions.subscriptions.limits import MAX_DEPTH, MAX_ITEMS, MAX_KEYS
from destination_actions.subscriptions.nodes import (
    ORDER_SIGNS,
    And,
    Call,
    Compare,
    Condition,
    In,
    ListOf,
    Literal,
    Not,
    Operand,
    Or,
    Path,
    Quantified,
    Truth,
    comparison,
    conjunction,
    disjunction,
    finite,
    negation,
)
from destination_actions.subscriptions.values import is_number

Json = dict[str, Any]

SIGNS: Final = ("=", *ORDER_SIGNS)


def condition_to_json(condition: Condition) -> Json:
    """Write a condition as plain JSON."""
    match condition:
        case And(clauses):
            return {"type": "and", "clauses": list(map(condition_to_json, clauses))}
        case Or(clauses):
            return {"type": "or", "clauses": list(map(condition_to_json, clauses))}
        case Not(clause):
            return {"type": "not", "clause": condition_to_json(clause)}
        case Quantified(quantifier, source, inner):
            return {"type": quantifier, "list": operand_to_json(source), "condition": condition_to_json(inner)}
        case _:
            return _clause_to_json(condition)


def _clause_to_json(clause: Compare | In | Truth) -> Json:
    match clause:
        case Compare(sign, left, right):
            sides = {"left": operand_to_json(left), "right": operand_to_json(right)}
            return {"type": "compare", "operator": sign, **sides}
        case In(left, right):
            return {"type": "in", "left": operand_to_json(left), "right": operand_to_json(right)}
        case Truth(operand):
            return {"type": "truth", "operand": operand_to_json(operand)}


def operand_to_json(operand: Operand) -> Json:
    """Write an operand as plain JSON."""
    match operand:
        case Path(root, keys):
            return {"type": "path" if root == "event" else "item", "keys": list(keys)}
        case Literal(value):
            return {"type": "literal", "value": value}
        case ListOf(items):
            return {"type": "list", "items": list(map(operand_to_json, items))}
        case Call(function, arguments):
            return {"type": "call", "function": function, "arguments": list(map(operand_to_json, arguments))}


def refuse(pointer: str, message: str, hint: str | None = None) -> NoReturn:
    """Raise the error for a place in a tree, given as a JSON pointer."""
    raise SubscriptionError(f"ast{pointer}: {message}", line=1, column=1, hint=hint)


def condition_from_json(node: object, pointer: str = "", level: int = 0, *, in_item: bool = False) -> Condition:
    """Read what `condition_to_json` writes; raise `SubscriptionError` with a pointer to what is wrong."""
    return _Reader(in_item).condition(node, pointer, level)


class _Reader:
    """Reads one tree; `in_item` when paths of an item make sense."""

    def __init__(self, in_item: bool) -> None:
        self.in_item = in_item

    def condition(self, node: object, pointer: str, level: int) -> Condition:
        tree = _object(node, pointer, level)
        readers: dict[str, Callable[[Json, str, int], Condition]] = {
            "and": lambda tree, pointer, level: conjunction(self.many(tree, pointer, level)),
            "or": lambda tree, pointer, level: disjunction(self.many(tree, pointer, level)),
            "not": lambda tree, pointer, level: negation(
                self.condition(tree.get("clause"), f"{pointer}/clause", level + 1)
            ),
            "compare": self.compare,
            "in": self.membership,
            "any": self.quantified,
            "all": self.quantified,
            "truth": self.truth,
        }
        return readers[_kind(tree, readers, pointer, "condition")](tree, pointer, level)

    def many(self, tree: Json, pointer: str, level: int) -> list[Condition]:
        clauses = _list(tree.get("clauses"), f"{pointer}/clauses")
        return [self.condition(clause, f"{pointer}/clauses/{place}", level + 1) for place, clause in enumerate(clauses)]

    def compare(self, tree: Json, pointer: str, level: int) -> Condition:
        sign = tree.get("operator")
        if sign not in SIGNS:
            refuse(f"{pointer}/operator", f"{sign!r} is none of {', '.join(SIGNS)}")
        return comparison(sign, self.side(tree, "left", pointer, level), self.side(tree, "right", pointer, level))

    def membership(self, tree: Json, pointer: str, level: int) -> Condition:
        right = self.side(tree, "right", pointer, level)
        if isinstance(right, Literal):
            refuse(f"{pointer}/right", "`in` needs a list")
        return In(self.side(tree, "left", pointer, level), right)

    def quantified(self, tree: Json, pointer: str, level: int) -> Condition:
        source = self.side(tree, "list", pointer, level)
        inner = condition_from_json(tree.get("condition"), f"{pointer}/condition", level + 1, in_item=True)
        return Quantified(tree["type"], source, inner)

    def truth(self, tree: Json, pointer: str, level: int) -> Condition:
        operand = self.side(tree, "operand", pointer, level)
        match operand:
            case Path() | Literal(True | False):
                return Truth(operand)
            case Call(function) if FUNCTIONS[function].boolean:
                return Truth(operand)
            case _:
                return refuse(f"{pointer}/operand", "this alone is no condition")

    def side(self, tree: Json, name: str, pointer: str, level: int) -> Operand:
        return self.operand(tree.get(name), f"{pointer}/{name}", level + 1)

    def operand(self, node: object, pointer: str, level: int) -> Operand:
        tree = _object(node, pointer, level)
        readers: dict[str, Callable[[Json, str, int], Operand]] = {
            "path": self.path,
            "item": self.path,
            "literal": self.literal,
            "list": lambda tree, pointer, level: ListOf(self.operands(tree, "items", pointer, level)),
            "call": self.call,
        }
        return readers[_kind(tree, readers, pointer, "operand")](tree, pointer, level)

    def operands(self, tree: Json, name: str, pointer: str, level: int) -> tuple[Operand, ...]:
        items = _list(tree.get(name), f"{pointer}/{name}")
        if len(items) > MAX_ITEMS:
            refuse(f"{pointer}/{name}", f"a list has at most {MAX_ITEMS:,} elements")
        return tuple(self.operand(item, f"{pointer}/{name}/{place}", level + 1) for place, item in enumerate(items))

    def path(self, tree: Json, pointer: str, level: int) -> Operand:  # noqa: ARG002 - readers are called alike
        keys = _list(tree.get("keys"), f"{pointer}/keys")
        if len(keys) > MAX_KEYS or not all(isinstance(key, str) for key in keys):
            refuse(f"{pointer}/keys", f"a path is a list of at most {MAX_KEYS} texts")
        if tree["type"] == "item" and not self.in_item:
            refuse(pointer, "there is no item outside of any and all")
        return Path("event" if tree["type"] == "path" else "item", tuple(cast("list[str]", keys)))

    def literal(self, tree: Json, pointer: str, level: int) -> Operand:  # noqa: ARG002 - readers are called alike
        return Literal(constant(tree.get("value", ...), f"{pointer}/value"))

    def call(self, tree: Json, pointer: str, level: int) -> Operand:
        function = FUNCTIONS.get(str(tree.get("function")))
        if function is None:
            refuse(f"{pointer}/function", f"there is no function {tree.get('function')!r}")
        arguments = self.operands(tree, "arguments", pointer, level)
        if len(arguments) != function.arity:
            refuse(f"{pointer}/arguments", f"{tree['function']} takes {function.arity}, found {len(arguments)}")
        try:
            return called(str(tree["function"]), arguments)
        except PatternError as error:
            return refuse(pointer, str(error))


def constant(value: object, pointer: str) -> bool | int | float | str | None:
    """Check a constant: null, a boolean, a finite number or a text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    number = finite(value) if is_number(value) else None
    return refuse(pointer, f"{value!r} is no constant of an expression") if number is None else number


def _kind(tree: Json, known: Iterable[str], pointer: str, what: str) -> str:
    kind = tree.get("type")
    if isinstance(kind, str) and kind in known:
        return kind
    return refuse(f"{pointer}/type", f"{kind!r} is no {what}", f"there are {', '.join(known)}")


def _object(node: object, pointer: str, level: int) -> Json:
    if not isinstance(node, dict):
        refuse(pointer, f"expected an object, found {type(node).__name__}")
    if level > MAX_DEPTH:
        refuse(pointer, f"the tree is deeper than {MAX_DEPTH} levels")
    return node


def _list(node: object, pointer: str) -> list[object]:
    return node if isinstance(node, list) else refuse(pointer, "expected a list")
