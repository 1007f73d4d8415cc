"""The typed side of pluggy: each hook is wrapped once here, and nothing else touches `pm.hook`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import pluggy

from destination_actions.definitions import Destination
from destination_actions.errors import DefinitionError, PluginError
from destination_actions.mapping import Directive
from destination_actions.outcomes import Outcome
from destination_actions.plugins.hookspecs import PROJECT, Hooks
from destination_actions.protocols import StoreFactory

Observer: TypeAlias = Callable[[Outcome, float], None]


class Plugins:
    """A set of registered plugins, each under the name of its origin."""

    def __init__(self, plugins: Mapping[str, object] | None = None) -> None:
        self._manager = pluggy.PluginManager(PROJECT)
        self._manager.add_hookspecs(Hooks)
        for origin, plugin in (plugins or {}).items():
            self.register(origin, plugin)

    def register(self, origin: str, plugin: object) -> None:
        """Add a plugin once. Raises `PluginError` when it implements a hook in a way that pluggy refuses."""
        if self._manager.is_registered(plugin) or self._manager.has_plugin(origin):
            return
        try:
            self._manager.register(plugin, name=origin)
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(f"{origin}: {error}") from error

    @property
    def origins(self) -> tuple[str, ...]:
        """The names under which plugins were registered."""
        return tuple(name for name, _ in self._manager.list_name_plugin())

    def destinations(self, origin: str) -> Sequence[Destination[Any]]:
        """Give the destinations of one plugin. Raises `PluginError` when it gives anything else, or fails."""
        found: list[Destination[Any]] = []
        for part in self._call(origin, "register_destinations"):
            found += _expect(origin, "register_destinations", part, Destination)
        return found

    def directives(self) -> dict[str, Directive]:
        """Give every plugin's directives by name. Raises `PluginError` when two claim one name."""
        owners: dict[str, str] = {}
        directives: dict[str, Directive] = {}
        for origin in self.origins:
            for part in self._call(origin, "register_directives"):
                for directive in _expect(origin, "register_directives", part, Directive):
                    _claim(owners, directive.name, origin, "mapping directive")
                    directives[directive.name] = directive
        return directives

    def stores(self) -> dict[str, StoreFactory]:
        """Give every plugin's store factories by URL scheme. Raises `PluginError` when two claim one scheme."""
        owners: dict[str, str] = {}
        stores: dict[str, StoreFactory] = {}
        for origin in self.origins:
            for part in self._call(origin, "register_stores"):
                for scheme, factory in dict(part).items():
                    _claim(owners, scheme, origin, "store scheme")
                    stores[scheme] = factory
        return stores

    def add_commands(self, app: Any) -> None:
        """Let every plugin add its commands."""
        for origin in self.origins:
            self._call(origin, "register_commands", app=app)

    def observers(self) -> tuple[Observer, ...]:
        """Give every plugin's observer of settled deliveries, as plain functions."""
        functions: list[Any] = [impl.function for impl in self._manager.hook.delivery_settled.get_hookimpls()]
        return tuple(functions)

    def _call(self, origin: str, hook: str, **arguments: Any) -> list[Any]:
        others = [plugin for name, plugin in self._manager.list_name_plugin() if name != origin]
        caller = self._manager.subset_hook_caller(hook, others)
        try:
            return [part for part in caller(**arguments) if part is not None]
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            detail = str(error) if isinstance(error, DefinitionError) else f"{type(error).__name__}: {error}"
            raise PluginError(f"{origin}: {hook} failed: {detail}") from error


def _expect(origin: str, hook: str, part: object, kind: type) -> list[Any]:
    items = list(part) if isinstance(part, list | tuple) else [part]
    for item in items:
        if not isinstance(item, kind):
            raise PluginError(f"{origin}: {hook} must give a list of {kind.__name__}, not {item!r:.80}")
    return items


def _claim(owners: dict[str, str], name: str, origin: str, what: str) -> None:
    if name in owners:
        raise PluginError(f'{what} "{name}" is claimed by {owners[name]} and by {origin}; remove one of them')
    owners[name] = origin
