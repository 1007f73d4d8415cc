"""The framework's own parts, registered through the hooks that every plugin uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from destination_actions.mapping import BUILTIN_DIRECTIVES, Directive
from destination_actions.plugins import hookimpl
from destination_actions.protocols import StoreFactory
from destination_actions.stores import BUILTIN_STORES

ORIGIN = "destination-actions"


class Builtin:
    """Directives and stores that come with the framework."""

    @hookimpl
    def register_directives(self) -> Sequence[Directive]:
        """The built-in mapping directives."""
        return list(BUILTIN_DIRECTIVES.values())

    @hookimpl
    def register_stores(self) -> Mapping[str, StoreFactory]:
        """The built-in stores: `memory:` and `sqlite:PATH`."""
        return BUILTIN_STORES
