"""The parts of an expression, as frozen values in one normal form.

A condition is `And`, `Or`, `Not`, `Compare`, `In`, `Quantified` or `Truth`; an operand is `Path`, `Literal`, `ListOf`
or `Call`. The normal form is what the functions below build: `!=` and `not in` are `Not` around the clause that they
negate, a group holds no group of its own kind and at least two members, two negations are none. So two texts with one
reading give equal nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Final, TypeAlias
from typing import Literal as Word

Scalar: TypeAlias = "bool | int | float | str | None"
Root: TypeAlias = Word["event", "item"]
OrderSign: TypeAlias = Word["<", "<=", ">", ">="]
Sign: TypeAlias = Word["=", "<", "<=", ">", ">="]

ORDER_SIGNS: Final[tuple[OrderSign, ...]] = ("<", "<=", ">", ">=")
FLIPPED: Final[dict[str, Sign]] = {"=": "=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

EVENT_FIELDS: Final = frozenset(
    {
        *("type", "event", "name", "userId", "anonymousId", "groupId", "previousId", "messageId"),
        *("timestamp", "originalTimestamp", "sentAt", "receivedAt", "channel", "category", "version"),
        *("properties", "traits", "context", "integrations", "options", "projectId", "writeKey", "sourceId"),
        *("metadata", "_metadata"),
    }
)
"""The members of an event that a path may begin with; any other is reached from `$`."""


@dataclass(frozen=True, slots=True)
class Path:
    """A place in the event (`root` is `event`) or in the item that a quantifier looks at."""

    root: Root
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Literal:
    """A constant. `true` is not 1; 1 and 1.0 are one number."""

    value: Scalar

    def __eq__(self, other: object) -> bool:
        """Compare by kind and value, as the language does."""
        return isinstance(other, Literal) and self._identity() == other._identity()

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash(self._identity())

    def _identity(self) -> tuple[bool, Scalar]:
        return isinstance(self.value, bool), self.value


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list as written, `["a", 1, properties.x]`."""

    items: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of the language applied to operands."""

    function: str
    arguments: tuple[Operand, ...]


@dataclass(frozen=True, slots=True)
class Compare:
    """`left sign right`; `!=` is `Not` of `=`."""

    sign: Sign
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class In:
    """`left in right`: equal to one element of a list."""

    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Truth:
    """An operand that stands alone: it is the boolean true."""

    operand: Operand


@dataclass(frozen=True, slots=True)
class Quantified:
    """`any(source, condition)` or `all(source, condition)`; paths of the condition begin at the item."""

    quantifier: Word["any", "all"]
    source: Operand
    condition: Condition


@dataclass(frozen=True, slots=True)
class Not:
    """The exact opposite of its clause."""

    clause: Condition


@dataclass(frozen=True, slots=True)
class And:
    """Every clause holds."""

    clauses: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """At least one clause holds."""

    clauses: tuple[Condition, ...]


Operand: TypeAlias = "Path | Literal | ListOf | Call"
Clause: TypeAlias = "Compare | In | Truth | Quantified"
Condition: TypeAlias = "Clause | Not | And | Or"


def conjunction(clauses: Iterable[Condition]) -> Condition:
    """Join with `and`; nothing to join is true."""
    flat = tuple(_flattened(clauses, And))
    return flat[0] if len(flat) == 1 else And(flat) if flat else Truth(Literal(value=True))


def disjunction(clauses: Iterable[Condition]) -> Condition:
    """Join with `or`; nothing to join is false."""
    flat = tuple(_flattened(clauses, Or))
    return flat[0] if len(flat) == 1 else Or(flat) if flat else Truth(Literal(value=False))


def _flattened(clauses: Iterable[Condition], kind: type[And] | type[Or]) -> Iterator[Condition]:
    for clause in clauses:
        if isinstance(clause, kind):
            yield from clause.clauses
        else:
            yield clause


def negation(clause: Condition) -> Condition:
    """Negate; two negations are none."""
    return clause.clause if isinstance(clause, Not) else Not(clause)


def comparison(sign: Sign, left: Operand, right: Operand) -> Compare:
    """Compare; beside a sign of order a text that reads as a decimal number is that number."""
    if sign == "=":
        return Compare(sign, left, right)
    return Compare(sign, _as_number(left), _as_number(right))


def _as_number(operand: Operand) -> Operand:
    if isinstance(operand, Literal) and isinstance(operand.value, str):
        number = decimal(operand.value)
        return operand if number is None else Literal(number)
    return operand


_DECIMAL: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER: Final = 330


def decimal(text: str) -> int | float | None:
    """Read a decimal number, blanks around it allowed; None where the text is none or beyond a double's range."""
    digits = text.strip(" \t\r\n") if len(text) <= _LONGEST_NUMBER else ""
    if not _DECIMAL.fullmatch(digits):
        return None
    return finite(int(digits) if digits.lstrip("+-").isdigit() else float(digits))


def finite(number: float) -> int | float | None:
    """Give one spelling to one number, 5 for 5.0; None for NaN and what a double cannot hold."""
    if isinstance(number, int):
        return number if abs(number) < 2**1024 else None
    if not isfinite(number):
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def depth(node: Condition | Operand) -> int:
    """Count the levels of a tree."""
    return 1 + max((depth(child) for child in children(node)), default=0)


def children(node: Condition | Operand) -> tuple[Condition | Operand, ...]:
    """Give the parts directly inside a node."""
    match node:
        case And(parts) | Or(parts) | ListOf(parts) | Call(_, parts):
            return parts
        case Not(part) | Truth(part):
            return (part,)
        case Compare(_, left, right) | In(left, right) | Quantified(_, left, right):
            return left, right
        case _:
            return ()


def walk(node: Condition | Operand) -> Iterator[Condition | Operand]:
    """Give a node and everything inside it, outside first."""
    yield node
    for child in children(node):
        yield from walk(child)
