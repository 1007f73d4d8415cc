"""The hooks. A plugin is any module or object that implements some of them and is named by an entry point.

Hooks are called while a runtime is built, never while an event is on its way; the observers are collected once as plain
callables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pluggy

from destination_actions.definitions import Destination
from destination_actions.mapping import Directive
from destination_actions.outcomes import Outcome
from destination_actions.protocols import StoreFactory

PROJECT = "destination_actions"
"""The name of the pluggy project and of the entry-point group."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


class Hooks:
    """What a plugin may implement; each as a function marked with `@hookimpl`."""

    @hookspec
    def register_destinations(self) -> Sequence[Destination[Any]]:  # type: ignore[empty-body]
        """Give the destinations that this plugin provides."""

    @hookspec
    def register_directives(self) -> Sequence[Directive]:  # type: ignore[empty-body]
        """Give mapping directives that this plugin adds."""

    @hookspec
    def register_stores(self) -> Mapping[str, StoreFactory]:  # type: ignore[empty-body]
        """Give store factories by URL scheme, such as `{"sqlite": open_sqlite}`."""

    @hookspec
    def register_commands(self, app: Any) -> None:
        """Add commands to the typer application of `destinations`."""

    @hookspec
    def delivery_settled(self, outcome: Outcome, seconds: float) -> None:
        """Observe that a delivery got its outcome after `seconds` of work. Must be quick, and may not raise."""
