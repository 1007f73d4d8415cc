"""Building a call, with what its arguments are taken for."""

from __future__ import annotations

from collections.abc import Sequence

from destination_actions.subscriptions.functions import number_text
from destination_actions.subscriptions.glob import PatternError, glob
from destination_actions.subscriptions.nodes import Call, ListOf, Literal, Operand


def called(name: str, arguments: Sequence[Operand]) -> Call:
    """Apply a function; raise `PatternError` where what is searched for is no text, or a pattern cannot be read."""
    if name not in ("contains", "match"):
        return Call(name, tuple(arguments))
    text, part = arguments
    part = as_text(part) if isinstance(part, Literal) else part
    if isinstance(part, ListOf) or part == Literal(None):
        raise PatternError(f"what {name} looks for is a text")
    if name == "match":
        if not (isinstance(part, Literal) and isinstance(part.value, str)):
            raise PatternError('the pattern of match is a text such as "Order*"')
        glob(part.value)
    return Call(name, (text, part))


def as_text(literal: Literal) -> Literal:
    """Take 5 for "5" where only a text makes sense, as Segment does."""
    match literal.value:
        case bool() as value:
            return Literal("true" if value else "false")
        case int() | float() as number:
            return Literal(number_text(number))
        case _:
            return literal
