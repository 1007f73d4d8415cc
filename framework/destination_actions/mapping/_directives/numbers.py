"""`@number` reads and scales numbers, exactly."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation, localcontext
from typing import Any

from ...events import MISSING
from .._arguments import NODE
from .._directive import CompileContext, Directive
from .._limits import Frame
from .._paths import Resolver
from .._values import js_number
from ._arguments import arguments, described_as

MOST_DECIMALS = 15
LARGEST_INTEGER = 2**63
MOST_DIGITS = 1_500
"""More than the digits of the largest number that can be read, times the largest factor, have."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE][+-]?[0-9]{1,3})?")


def _number(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value, decimals = context.node(argument["value"], "value"), argument.get("decimals")
    factor = Decimal(js_number(argument["multiply"])) if "multiply" in argument else None

    def resolve_number(scope: Any, frame: Frame) -> Any:
        number = read_number(value(scope, frame))
        if number is None:
            return MISSING
        return (
            plain_number(_worked(number, factor, decimals))
            if factor is not None or decimals is not None
            else (plain_number(number))
        )

    return resolve_number


def read_number(value: Any) -> Decimal | None:
    """Read a JSON number, or a text that holds one with white space around it; anything else is None."""
    if isinstance(value, str):
        text = value.strip() if len(value) <= 100 else ""
        return Decimal(text) if _NUMBER.fullmatch(text) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = Decimal(js_number(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _worked(number: Decimal, factor: Decimal | None, decimals: int | None) -> Decimal:
    with localcontext(prec=MOST_DIGITS):
        number = number if factor is None else number * factor
        return number if decimals is None else number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def plain_number(number: Decimal) -> Any:
    """Give a JSON number, whole if it is whole; missing if it is too large for one."""
    if number == number.to_integral_value() and abs(number) < LARGEST_INTEGER:
        return int(number)
    found = float(number)
    return found if abs(found) != float("inf") else MISSING


_EVENT = {"properties": {"total": " 19.99 ", "quantity": 3.0}}

DIRECTIVES = (
    Directive(
        name="@number",
        schema=arguments(
            "value",
            value=described_as(NODE, "A number, or a text that holds one such as `-1.5e3`; missing for anything else."),
            multiply={
                "type": "number",
                "description": "Multiplied before rounding, in decimals: 19.99 times 100 is 1999.",
            },
            decimals={
                "type": "integer",
                "minimum": 0,
                "maximum": MOST_DECIMALS,
                "description": "Rounded to this many decimals, halves away from zero.",
            },
        ),
        compile=_number,
        summary="A text or a number as a number; whole if it is whole.",
        example=({"@number": {"value": {"@path": "$.properties.total"}, "multiply": 100}}, _EVENT, 1999),
    ),
)
