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
            self._manager.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            if self._manager.has_plugin(origin):
                self._manager.unregister(name=origin)
            raise PluginError(f"{origin}: {_sentence(error)}") from error

    def hooks(self, origin: str) -> frozenset[str]:
        """Name the hooks that one plugin implements."""
        callers = self._manager.get_hookcallers(self._manager.get_plugin(origin)) or []
        return frozenset(caller.name for caller in callers)

    def remove(self, origin: str) -> None:
        """Take a plugin out again."""
        if self._manager.has_plugin(origin):
            self._manager.unregister(name=origin)

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
            for directive in self.directives_of(origin):
                _claim(owners, directive.name, origin, "mapping directive")
                directives[directive.name] = directive
        return directives

    def directives_of(self, origin: str) -> Sequence[Directive]:
        """Give the directives of one plugin. Raises `PluginError` when it gives anything else, or fails."""
        found: list[Directive] = []
        for part in self._call(origin, "register_directives"):
            found += _expect(origin, "register_directives", part, Directive)
        return found

    def stores(self) -> dict[str, StoreFactory]:
        """Give every plugin's store factories by URL scheme. Raises `PluginError` when two claim one scheme."""
        owners: dict[str, str] = {}
        stores: dict[str, StoreFactory] = {}
        for origin in self.origins:
            for scheme, factory in self.stores_of(origin).items():
                _claim(owners, scheme, origin, "store scheme")
                stores[scheme] = factory
        return stores

    def stores_of(self, origin: str) -> Mapping[str, StoreFactory]:
        """Give the store factories of one plugin. Raises `PluginError` when it gives anything else, or fails."""
        found: dict[str, StoreFactory] = {}
        for part in self._call(origin, "register_stores"):
            if not isinstance(part, Mapping) or not all(callable(factory) for factory in part.values()):
                raise PluginError(
                    f"{origin}: register_stores must give store factories by URL scheme, not {_kind(part)}"
                )
            found |= part
        return found

    def add_commands(self, origin: str, app: Any) -> None:
        """Let one plugin add its commands. Raises `PluginError` when it fails."""
        self._call(origin, "register_commands", app=app)

    def observers(self) -> tuple[Observer, ...]:
        """Give every plugin's observer of settled deliveries, as plain functions."""
        return tuple(_observer(impl) for impl in self._manager.hook.delivery_settled.get_hookimpls())

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


def _observer(impl: pluggy.HookImpl) -> Observer:
    """Call an implementation as pluggy would: with the arguments that it names, by name."""
    function: Callable[..., object] = impl.function
    names = frozenset(impl.argnames)

    def observe(outcome: Outcome, seconds: float) -> None:
        given = {"outcome": outcome, "seconds": seconds}
        function(**{name: value for name, value in given.items() if name in names})

    return observe


def _sentence(error: Exception) -> str:
    """What pluggy says, in one line, without the plugin's name in front."""
    lines = str(error).splitlines()
    return ": ".join(lines[1:] or lines)


def _kind(thing: object) -> str:
    return "None" if thing is None else f"{thing!r:.40} ({type(thing).__name__})"


def _expect(origin: str, hook: str, part: object, kind: type) -> list[Any]:
    items = list(part) if isinstance(part, list | tuple) else [part]
    for item in items:
        if not isinstance(item, kind):
            raise PluginError(f"{origin}: {hook} must give a list of {kind.__name__}, not {_kind(item)}")
    return items


def _claim(owners: dict[str, str], name: str, origin: str, what: str) -> None:
    if name in owners:
        raise PluginError(f'{what} "{name}" is claimed by {owners[name]} and by {origin}; remove one of them')
    owners[name] = origin
