"""Building a call, with what its arguments are taken for."""

from __future__ import annotations

from collections.abc import Sequence

from destination_actions.subscriptions.functions import number_text
from destination_actions.subscriptions.glob import PatternError, glob
from destination_actions.subscriptions.nodes import Call, Literal, Operand


def called(name: str, arguments: Sequence[Operand]) -> Call:
    """Apply a function; raise `PatternError` for a pattern that is no text or cannot be read."""
    if name not in ("contains", "match"):
        return Call(name, tuple(arguments))
    text, part = arguments[0], _as_text(arguments[1])
    if name == "match":
        if not (isinstance(part, Literal) and isinstance(part.value, str)):
            raise PatternError('the pattern of match is a text such as "Order*"')
        glob(part.value)
    return Call(name, (text, part))


def _as_text(operand: Operand) -> Operand:
    """Take 5 for "5" where only a text makes sense, as Segment does."""
    match operand:
        case Literal(bool() as value):
            return Literal("true" if value else "false")
        case Literal(int() | float() as number):
            return Literal(number_text(number))
        case _:
            return operand
