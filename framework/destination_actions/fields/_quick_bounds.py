"""What keeps an object that is never made, so that it cannot be measured, below the size that it may have.

A third of the room each is for keys and numbers, for the texts that the object has itself, and for what is in lists or
comes as a whole; only the last is counted while events flow. So what is near the limit is left to those who measure it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from destination_actions.fields._specs import FieldSpec
from destination_actions.generated import Limit

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

_A_VALUE: Final = 12
"""Characters for a value of a key that is no long text, with what is written around both."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """`text` is how long a text may be that is not counted, `counted` how much there may be of what is, and `weigh`
    gives at least the size of a value."""

    text: int
    counted: int
    weigh: Callable[[Any], int]

    @classmethod
    def of(cls, owner: type[FieldSet], limit: Limit) -> Bounds | None:
        """Give those of a class, or None where its keys alone take too much."""
        third, specs = limit.room // 3, owner.fields()
        if fixed_size(specs) > third:
            return None
        return cls(third // max(1, _number(specs)), third, limit.weigh)


def fixed_size(specs: Iterable[FieldSpec]) -> int:
    """Give at least the characters that an object takes apart from its texts and lists."""
    return sum(len(spec.key) + _A_VALUE + fixed_size(_within(spec)) for spec in specs)


def _number(specs: Iterable[FieldSpec]) -> int:
    return sum(1 + _number(_within(spec)) for spec in specs)


def _within(spec: FieldSpec) -> tuple[FieldSpec, ...]:
    return () if spec.properties is None else spec.properties.fields()
