"""From what an embedder hands in to a plan and its equipment."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from destination_actions.config import Config
from destination_actions.definitions import Destination
from destination_actions.errors import ConfigurationError, nearest
from destination_actions.plugins import Plugins, Registry, Row, add_providers, load_registry
from destination_actions.protocols import ClaimTimes, Clock, Stores
from destination_actions.runtime.builtin import ORIGIN, Builtin
from destination_actions.runtime.lanes import Engines, LaneState, OpenRates
from destination_actions.runtime.plan import Lane
from destination_actions.stores import MemoryRates, open_stores


def registry_for(config: Config, destination: Destination[Any] | None, plugins: Iterable[object]) -> Registry:
    """Find the plugins that a configuration needs for its destinations, directives and store.

    The framework's own parts and `plugins` are added.
    """
    registry = _destinations_for(config, destination, plugins)
    mappings = [item.mapping for part in config.destinations for item in part.subscriptions]
    add_providers(registry.plugins, directives={name for mapping in mappings for name in _directives_in(mapping)})
    _check_scheme(config, registry.plugins)
    return registry


def _check_scheme(config: Config, plugins: Plugins) -> None:
    scheme, colon, _ = config.stores.partition(":")
    add_providers(plugins, schemes=[scheme])
    known = sorted(plugins.stores())
    if not colon or scheme not in known:
        listed = f"known are {', '.join(f'{name}:' for name in known)}"
        hint = listed if scheme in known else nearest(scheme, known) or listed
        message = f'stores: no store is known for "{scheme}{colon}"'
        place = config.place("/stores")
        raise ConfigurationError(message, pointer="/stores", hint=hint, place=place, code="unknown-store")


def _directives_in(value: object) -> Iterator[str]:
    """Names after which a mapping asks, at any depth; what a literal holds is among them."""
    below = [value]
    while below:
        one = below.pop()
        if isinstance(one, Mapping):
            yield from (key for key in one if isinstance(key, str) and key.startswith("@"))
            below += one.values()
        elif isinstance(one, list | tuple):
            below += one


def _destinations_for(config: Config, destination: Destination[Any] | None, plugins: Iterable[object]) -> Registry:
    extras: dict[str, object] = {ORIGIN: Builtin()} | {_origin(plugin): plugin for plugin in plugins}
    slugs = [part.destination for part in config.destinations if part.enabled]
    if destination is None:
        return load_registry(slugs, extras)
    registered = Plugins(extras)
    rows = [Row(destination.slug, "given to the runtime", destination)]
    rows += [Row(item.slug, origin, item) for origin in registered.origins for item in registered.destinations(origin)]
    return Registry(tuple(rows), registered)


def _origin(plugin: object) -> str:
    name = getattr(plugin, "__name__", None)
    return name if isinstance(name, str) else f"{type(plugin).__module__}.{type(plugin).__qualname__}"


def with_stores(config: Config, stores: str | Stores | None) -> Config:
    """Put a store URL in the place of the configured one. Raises `ConfigurationError` for what is no store."""
    if stores is None or isinstance(stores, Stores):
        return config
    if not isinstance(stores, str):
        message = f"stores: cannot keep anything in a {type(stores).__name__}"
        raise ConfigurationError(message, pointer="/stores", hint='give a URL such as "sqlite:state.db", or Stores')
    return replace(config, stores=stores)


def opened_stores(stores: str | Stores, plugins: Plugins, clock: Clock, times: ClaimTimes) -> Stores:
    """Open the stores of a URL such as `sqlite:state.db`; opened ones are given back as they are."""
    if isinstance(stores, Stores):
        return stores
    add_providers(plugins, schemes=[stores.partition(":")[0]])
    return open_stores(stores, clock=clock, times=times, factories=plugins.stores())


def times_of(stores: str | Stores, times: ClaimTimes | None, config: Config) -> ClaimTimes:
    """The times of the claims: those that opened stores go by, else those given, else those of the configuration.

    A request that may leave later than the store believes leaves into somebody else's window. So asking for other times
    than those of the stores is a `ConfigurationError`.
    """
    wished = times or config.times
    kept = stores.times if isinstance(stores, Stores) else None
    if kept is None:
        return wished
    if wished != kept and (times is not None or config.times != ClaimTimes()):
        there = asdict(kept)
        differ = [f"{name} {it:g} s, not {there[name]:g} s" for name, it in asdict(wished).items() if it != there[name]]
        message = f"claims: the stores were opened with other times than the runtime is given: {'; '.join(differ)}"
        hint = "open the stores with these times, or hand in a URL and let the runtime open them"
        raise ConfigurationError(message, pointer="/claims", hint=hint)
    return kept


def lanes_of(
    engines: Engines, stores: Stores, clock: Clock, times: ClaimTimes, on_store_error: str = "closed"
) -> Callable[[Lane], LaneState]:
    """Give each lane its state; made at first use."""
    known: dict[str, LaneState] = {}
    rates = OpenRates(stores.rates, MemoryRates(clock)) if on_store_error == "open" else None

    def state(lane: Lane) -> LaneState:
        found = known.get(lane.name)
        if found is None:
            found = known[lane.name] = LaneState(lane, engines, stores, clock, times.lease / 4, rates)
        return found

    return state
