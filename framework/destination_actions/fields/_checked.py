"""What a check gives: a typed value or errors, and every change that was made on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

T_co = TypeVar("T_co", covariant=True)

CoercionCode: TypeAlias = Literal[
    "converted", "wrapped", "unwrapped", "dropped_null", "dropped_empty", "dropped_unknown"
]
ErrorCode: TypeAlias = str
"""One of `required`, `type`, `choice`, `format`, `pattern`, `minimum`, `maximum`, `too_short`, `too_long`,
`too_few`, `too_many`, `unknown`, `not_json`, or the code of a validator of the class."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with a document.

    `pointer` is a JSON pointer in wire keys (for a missing value: to where it would stand), `code` a stable word,
    `label` the field's label ("" for the document itself) and `message` a sentence. Secret and personal values are
    never quoted.
    """

    pointer: str
    code: ErrorCode
    label: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Give the error as a JSON object."""
        return {"pointer": self.pointer, "code": self.code, "label": self.label, "message": self.message}


class Coercion(NamedTuple):
    """One change: `before` became `after`, which is `MISSING` where a value was dropped.

    Secret and personal values, objects that may hold them, and values of unknown keys show as `***`.
    """

    pointer: str
    code: CoercionCode
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Checked(Generic[T_co]):
    """The result of a check: `value` is None exactly when there are `errors`, which are in the order of the fields."""

    value: T_co | None
    errors: tuple[FieldError, ...]
    coercions: tuple[Coercion, ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """Pointers to the keys that no field has and that were dropped."""
        return tuple(change.pointer for change in self.coercions if change.code == "dropped_unknown")


class FieldProblem(Exception):  # noqa: N818 - returned as often as raised
    """What a validator of a class returns or raises: the field (attribute name or wire key), and what is wrong.

    The message goes on from the label: `must differ from "From"`. `field` is "" for the document as a whole.
    """

    def __init__(self, field: str, message: str, *, code: str = "invalid") -> None:
        super().__init__(message)
        self.field = field
        self.message = message
        self.code = code


def child(pointer: str, key: str | int) -> str:
    """Give the pointer to a member or an item."""
    token = str(key).replace("~", "~0").replace("/", "~1")
    return f"{pointer}/{token}"
