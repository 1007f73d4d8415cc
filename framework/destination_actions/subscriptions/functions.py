"""The functions of the language: null in, null out; a wrong type in, `WRONG` out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final

from destination_actions.subscriptions.glob import glob
from destination_actions.subscriptions.limits import Budget
from destination_actions.subscriptions.nodes import decimal
from destination_actions.subscriptions.values import WRONG, Value, is_number

_LONGEST_INTEGER: Final = 10**300


@dataclass(frozen=True, slots=True)
class Function:
    """A function: how many arguments it takes, whether it answers with a boolean, and what it does."""

    arity: int
    boolean: bool
    apply: Callable[..., Value]
    summary: str


def contains(text: Value, part: Value, budget: Budget) -> bool:
    """Tell whether a text has another one inside; false when either is not a text."""
    if not (isinstance(text, str) and isinstance(part, str)):
        return False
    budget.read(len(text))
    return part in text


def matches(text: Value, pattern: Value, budget: Budget) -> bool:
    """Tell whether a whole text fits a glob pattern; false when either is not a text."""
    return isinstance(text, str) and isinstance(pattern, str) and glob(pattern).matches(text, budget)


def length(value: Value, budget: Budget) -> Value:
    """Count the elements of a list or the bytes of a text in UTF-8; null has none."""
    if isinstance(value, list):
        return len(value)
    if isinstance(value, str):
        budget.read(len(value))
        return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))
    return 0 if value is None else WRONG


def typeof(value: Value, budget: Budget) -> Value:  # noqa: ARG001 - every function is called alike
    """Name the type: `string`, `number`, `bool`, `list`, `object` or `null`."""
    if isinstance(value, bool):
        return "bool"
    if value is None:
        return "null"
    if is_number(value):
        return "number"
    names = ((str, "string"), (list, "list"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), WRONG)


def number_text(value: float) -> str:
    """Print a number as JavaScript does: `5` for 5.0, `1e+21`, `1e-7`."""
    if isinstance(value, int):
        return str(value)
    if value.is_integer() and abs(value) < 1e21:
        return format(Decimal(repr(value)).to_integral_value(), "f")
    if 1e-6 <= abs(value) < 1e21 or not isfinite(value):
        return format(Decimal(repr(value)), "f")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa}e{int(exponent):+d}"


def as_text(value: Value, budget: Budget) -> Value:  # noqa: ARG001 - every function is called alike
    """Write a number or a boolean as text; a text stays."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if is_number(value):
        return number_text(value) if abs(value) < _LONGEST_INTEGER or isinstance(value, float) else WRONG
    return value if value is None or isinstance(value, str) else WRONG


def as_number(value: Value, budget: Budget) -> Value:
    """Read a decimal number; true is 1 and false is 0."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        budget.read(len(value))
        found = decimal(value)
        return WRONG if found is None else found
    return value if value is None or is_number(value) else WRONG


def as_bool(value: Value, budget: Budget) -> Value:  # noqa: ARG001 - every function is called alike
    """Read `"true"`, `"false"`, 1 and 0."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value, WRONG)
    if is_number(value):
        return bool(value) if value in (0, 1) else WRONG
    return WRONG


def _of_text(change: Callable[[str], str]) -> Callable[[Value, Budget], Value]:
    def apply(value: Value, budget: Budget) -> Value:
        if not isinstance(value, str):
            return None if value is None else WRONG
        budget.read(8 * len(value))
        return change(value)

    return apply


def words(text: str) -> Iterator[str]:
    """Cut a text into its words: at signs and blanks, before a capital after a small letter, after an acronym."""
    start = 0
    for place, character in enumerate(text):
        if not character.isalnum():
            if start < place:
                yield text[start:place]
            start = place + 1
        elif start < place and _begins(text, place):
            yield text[start:place]
            start = place
    if start < len(text):
        yield text[start:]


def _begins(text: str, place: int) -> bool:
    before, here, after = text[place - 1], text[place], text[place + 1 : place + 2]
    return here.isupper() and (before.islower() or before.isdigit() or (before.isupper() and after.islower()))


def _snake(text: str) -> str:
    return "_".join(words(text)).lower()


def _kebab(text: str) -> str:
    return "-".join(words(text)).lower()


def _title(text: str) -> str:
    return " ".join(word[:1].upper() + word[1:].lower() for word in words(text))


FUNCTIONS: Final[dict[str, Function]] = {
    "contains": Function(2, True, contains, "the text has the other text inside"),
    "match": Function(2, True, matches, "the whole text fits the glob pattern"),
    "length": Function(1, False, length, "elements of a list, or bytes of a text in UTF-8; 0 for null"),
    "lowercase": Function(1, False, _of_text(str.lower), "the text in small letters"),
    "uppercase": Function(1, False, _of_text(str.upper), "the text in capitals"),
    "snakecase": Function(1, False, _of_text(_snake), "`order_completed`"),
    "kebabcase": Function(1, False, _of_text(_kebab), "`order-completed`"),
    "titlecase": Function(1, False, _of_text(_title), "`Order Completed`"),
    "typeof": Function(1, False, typeof, "`string`, `number`, `bool`, `list`, `object` or `null`"),
    "bool": Function(1, True, as_bool, 'a boolean from `"true"`, `"false"`, 1 or 0'),
    "string": Function(1, False, as_text, "a text from a number or a boolean"),
    "number": Function(1, False, as_number, "a number from a decimal text, true (1) or false (0)"),
}
"""Every function by name."""
