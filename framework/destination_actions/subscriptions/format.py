"""Nodes to canonical text: one spelling for one reading, which parses back to equal nodes."""

from __future__ import annotations

import json
import re
from typing import Final

from destination_actions.subscriptions.lexer import KEYWORDS
from destination_actions.subscriptions.nodes import (
    EVENT_FIELDS,
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

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_SHORT: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}
_MEMBER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]*")


def format_condition(condition: Condition, *, in_item: bool = False) -> str:
    """Write a condition; `in_item` when it stands inside a quantifier."""
    match condition:
        case And(clauses):
            return " and ".join(_grouped(clause, in_item, Or) for clause in clauses)
        case Or(clauses):
            return " or ".join(format_condition(clause, in_item=in_item) for clause in clauses)
        case Not(clause):
            return _negated(clause, in_item)
        case Quantified(quantifier, source, inner):
            return f"{quantifier}({format_operand(source, in_item)}, {format_condition(inner, in_item=True)})"
        case _:
            return _simple(condition, in_item)


def _simple(clause: Compare | In | Truth, in_item: bool) -> str:
    match clause:
        case Compare(sign, left, right):
            return f"{format_operand(left, in_item)} {sign} {_right(right, in_item)}"
        case In(left, right):
            return f"{format_operand(left, in_item)} in {_right(right, in_item)}"
        case Truth(operand):
            return format_operand(operand, in_item)


def _grouped(clause: Condition, in_item: bool, *kinds: type) -> str:
    text = format_condition(clause, in_item=in_item)
    return f"({text})" if isinstance(clause, kinds) else text


def _negated(clause: Condition, in_item: bool) -> str:
    match clause:
        case Compare("=", left, right):
            return f"{format_operand(left, in_item)} != {_right(right, in_item)}"
        case In(left, right):
            return f"{format_operand(left, in_item)} not in {_right(right, in_item)}"
        case _:
            return "!" + _grouped(clause, in_item, And, Or, Compare)


def format_operand(operand: Operand, in_item: bool = False) -> str:
    """Write an operand; `in_item` when it stands inside a quantifier."""
    match operand:
        case Path():
            return format_path(operand, in_item=in_item)
        case Literal(value):
            return format_scalar(value)
        case ListOf(items):
            return f"[{', '.join(_right(item, in_item) for item in items)}]"
        case Call(function, arguments):
            first, *others = arguments
            texts = [format_operand(first, in_item), *(_right(other, in_item) for other in others)]
            return f"{function}({', '.join(texts)})"


def _right(operand: Operand, in_item: bool) -> str:
    """Write an operand that stands where a bare word would be text: an event's member begins with `$` there."""
    if isinstance(operand, Path) and operand.root == "event" and len(operand.keys) == 1:
        return _members(operand.keys, "$")
    return format_operand(operand, in_item)


def format_scalar(value: Scalar) -> str:
    """Write a constant; a text in double quotes, what cannot be printed escaped."""
    return f'"{"".join(map(_character, value))}"' if isinstance(value, str) else json.dumps(value)


def _character(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    return character if character.isprintable() else _SHORT.get(character) or _unicode(character)


def _unicode(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))


def format_path(path: Path, *, in_item: bool) -> str:
    """Write a path from the event or from the item of a quantifier."""
    first = path.keys[0] if path.keys else ""
    if path.root == "event":
        return _members(path.keys, "" if first in EVENT_FIELDS and not in_item else "$")
    plain = len(path.keys) > 1 and _PLAIN.fullmatch(first) and first.lower() not in KEYWORDS
    return _members(path.keys, "" if plain else "@")


def _members(keys: tuple[str, ...], root: str) -> str:
    if not root:
        return keys[0] + "".join(map(_member, keys[1:]))
    return root + "".join(map(_member, keys))


def _member(key: str) -> str:
    if key.isdigit() and key.isascii() and len(key) < 10 and str(int(key)) == key:
        return f"[{key}]"
    return f".{key}" if _MEMBER.fullmatch(key) else f"[{format_scalar(key)}]"
