"""A class without guards for each class of fields, whose instances are filled and then become those of the other."""

from __future__ import annotations

import keyword
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from destination_actions.fields._specs import FieldSpec

if TYPE_CHECKING:
    from destination_actions.fields._fieldset import FieldSet

_SHARED: Final = 24
"""Attributes up to which instances of one class share their keys, so that filling one by assignments is quicker."""


def twin_of(owner: type[FieldSet], specs: Sequence[FieldSpec]) -> type | None:
    """Give a class whose instances are set up by plain assignments and then become those of `owner`.

    None where Python would not let them, or where that would be slower: with more attributes than instances of one
    class share the keys of, or with names that are no plain words.
    """
    if len(specs) > _SHARED or not all(_is_word(spec.name) for spec in specs):
        return None
    twin: Any = type(owner.__name__, (), {"__doc__": owner.__doc__})
    try:
        twin().__class__ = owner
    except TypeError:
        return None
    return type(owner.__name__, (), {})


def _is_word(name: str) -> bool:
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("__")
