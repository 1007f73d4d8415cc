"""The directives that come with the package, a module for each kind."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .._directive import Directive
from . import choices, hashes, liquid, lists, numbers, objects, queries, reads, texts, times

_ALL = (
    *reads.DIRECTIVES,
    *choices.DIRECTIVES,
    *texts.DIRECTIVES,
    *liquid.DIRECTIVES,
    *lists.DIRECTIVES,
    *objects.DIRECTIVES,
    *queries.DIRECTIVES,
    *numbers.DIRECTIVES,
    *times.DIRECTIVES,
    *hashes.DIRECTIVES,
)

BUILTIN_DIRECTIVES: Final[Mapping[str, Directive]] = MappingProxyType({directive.name: directive for directive in _ALL})
"""The directives that come with the package, by name. `@liquid` is among them when python-liquid is installed."""
