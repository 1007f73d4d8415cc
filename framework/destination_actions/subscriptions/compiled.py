"""Nodes to a Python function: what runs while events flow.

The source is generated from nodes, never from the author's text: every constant is bound to a name of its own, so
nothing that an author writes is ever read as Python. A path of the event costs one `dict.get` a key; steps are counted
only where an expression has functions, lists of the event or quantifiers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from destination_actions.subscriptions import values
from destination_actions.subscriptions.functions import FUNCTIONS
from destination_actions.subscriptions.glob import Glob, glob
from destination_actions.subscriptions.limits import Budget, LimitExceeded
from destination_actions.subscriptions.nodes import (
    FLIPPED,
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
    Scalar,
    Truth,
)

Matcher = Callable[[Mapping[str, Any]], bool]

_LONGEST_INLINE: Final = 5
_TOOLS: Final[dict[str, Any]] = {
    "Budget": Budget,
    "limits": (LimitExceeded, RecursionError),
    "member": values.member,
    "read": values.read,
    "equal": values.equal,
    "ordered": values.ordered,
    "among": values.among,
    "some": values.some,
    "every": values.every,
    **{f"call_{name}": function.apply for name, function in FUNCTIONS.items()},
}


def matcher(condition: Condition) -> Matcher:
    """Compile to a function of a dict. An evaluation that exceeds a limit is false as a whole."""
    return _Emitter().function(condition)


class _Emitter:
    """Writes one function. `v` holds the value just read; a name `kN` holds a constant."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.counted = False
        self.level = 0

    def function(self, condition: Condition) -> Matcher:
        body = self.condition(condition)
        budget = "    b = Budget()\n" if self.counted else ""
        names = {**_TOOLS, **self.names, "__builtins__": {"isinstance": isinstance, "dict": dict, "str": str}}
        limited = f"    try: return {body}\n    except limits: return False\n"
        exec(f"def matches(event):\n{budget}{limited}", names)  # noqa: S102 - from nodes, constants by name
        made: Matcher = names["matches"]
        return made

    def constant(self, value: object) -> str:
        name = f"k{len(self.names)}"
        self.names[name] = value
        return name

    @property
    def budget(self) -> str:
        self.counted = True
        return "b"

    def condition(self, condition: Condition) -> str:
        match condition:
            case And(clauses):
                return "(" + " and ".join(map(self.condition, clauses)) + ")"
            case Or(clauses):
                return "(" + " or ".join(map(self.condition, clauses)) + ")"
            case Not(clause):
                return f"(not {self.condition(clause)})"
            case _:
                return self.clause(condition)

    def clause(self, clause: Compare | In | Truth | Quantified) -> str:
        match clause:
            case Compare(sign, Literal() as left, right) if not isinstance(right, Literal):
                return self.compare(FLIPPED[sign], right, left)
            case Compare(sign, left, right):
                return self.compare(sign, left, right)
            case In(left, right):
                return self.membership(left, right)
            case Truth(operand):
                return self.truth(operand)
            case Quantified():
                return self.quantified(clause)

    def compare(self, sign: str, left: Operand, right: Operand) -> str:
        if not isinstance(right, Literal):
            return self.between(sign, self.operand(left), self.operand(right))
        return self.equals(left, right) if sign == "=" else self.order(sign, left, right)

    def between(self, sign: str, left: str, right: str) -> str:
        return f"equal({left}, {right}, {self.budget})" if sign == "=" else f"ordered({sign!r}, {left}, {right})"

    def equals(self, left: Operand, right: Literal) -> str:
        value, operand = right.value, self.operand(left)
        if value is None or isinstance(value, bool):
            return f"({operand}) is {value}"
        if value in (0, 1):
            return f"((v := {operand}) == {value} and v is not True and v is not False)"
        return f"({operand}) == {self.constant(value)}"

    def order(self, sign: str, left: Operand, right: Literal) -> str:
        if not values.is_number(right.value):
            return "False"
        operand, number = self.operand(left), self.constant(right.value)
        kinds = f"{self.constant(int)} or v.__class__ is {self.constant(float)}"
        return f"(((v := {operand}).__class__ is {kinds}) and v {sign} {number})"

    def membership(self, left: Operand, right: Operand) -> str:
        constants = _constants(right)
        if constants is None:
            return f"among({self.operand(left)}, {self.operand(right)}, {self.budget})"
        if all(isinstance(value, str) for value in constants):
            return f"(isinstance(v := {self.operand(left)}, str) and v in {self.constant(frozenset(constants))})"
        return f"among({self.operand(left)}, {self.constant(constants)}, {self.budget})"

    def truth(self, operand: Operand) -> str:
        match operand:
            case Call("match", (text, Literal(str() as pattern))):
                return self.glob(text, glob(pattern))
            case Call("contains", (text, Literal(str() as part))) if not self.level:
                return f"(isinstance(v := {self.operand(text)}, str) and {self.constant(part)} in v)"
            case _:
                return f"({self.operand(operand)}) is True"

    def glob(self, text: Operand, pattern: Glob) -> str:
        match pattern.plain:
            case (first, ""):
                test = f"v.startswith({self.constant(first)})"
            case ("", last):
                test = f"v.endswith({self.constant(last)})"
            case _:
                test = f"{self.constant(pattern)}.matches(v, {self.budget})"
        return f"(isinstance(v := {self.operand(text)}, str) and {test})"

    def quantified(self, clause: Quantified) -> str:
        tool = "some" if clause.quantifier == "any" else "every"
        source = self.operand(clause.source)
        self.level += 1
        inner = f"lambda i{self.level}: {self.condition(clause.condition)}"
        self.level -= 1
        return f"{tool}({source}, {inner}, {self.budget})"

    def operand(self, operand: Operand) -> str:
        match operand:
            case Path(root, keys):
                return self.path("event" if root == "event" else f"i{self.level}", keys, known=root == "event")
            case Literal(value):
                return self.constant(value)
            case ListOf(items):
                return f"[{', '.join(map(self.operand, items))}]"
            case Call(function, arguments):
                return f"call_{function}({', '.join(map(self.operand, arguments))}, {self.budget})"

    def path(self, source: str, keys: tuple[str, ...], *, known: bool) -> str:
        if len(keys) > _LONGEST_INLINE:
            return f"read({source}, {self.constant(keys)})"
        for key in keys:
            name = self.constant(key)
            if known:
                source = f"{source}.get({name})"
            else:
                source = f"(v.get({name}) if isinstance(v := {source}, dict) else member(v, {name}))"
            known = False
        return source


def _constants(operand: Operand) -> tuple[Scalar, ...] | None:
    """Give the values of a list that holds nothing but constants."""
    items = operand.items if isinstance(operand, ListOf) else (operand,)
    values = tuple(item.value for item in items if isinstance(item, Literal))
    return values if len(values) == len(items) else None
