"""Finding destinations among the installed distributions.

`load_destination` imports one plugin, by the name of its entry point; `discover` imports all. A plugin that cannot be
loaded becomes a row with the reason and harms nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from destination_actions.definitions import Destination
from destination_actions.describe import describe
from destination_actions.errors import PluginError, nearest
from destination_actions.plugins.hookspecs import PROJECT
from destination_actions.plugins.manager import Plugins
from destination_actions.schemas import load_schema


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `destinations list`: a destination, or a plugin that could not be loaded and why."""

    slug: str
    origin: str
    destination: Destination[Any] | None = None
    reason: str | None = None

    @property
    def name(self) -> str:
        """The destination's display name."""
        return self.destination.name if self.destination else ""

    @property
    def ok(self) -> bool:
        """Whether it can be used."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Registry:
    """Destinations by slug and alias, with the plugins that they came from."""

    rows: tuple[Row, ...]
    plugins: Plugins = field(repr=False)

    def destination(self, slug: str) -> Destination[Any]:
        """Find a usable destination. Raises `PluginError`: unknown, failed to load, or claimed by two plugins."""
        rows = [row for row in self.rows if slug in _names(row)]
        failed = [row for row in rows if not row.ok]
        if failed:
            raise PluginError(f'destination "{slug}" cannot be used: {"; ".join(_reason(row) for row in failed)}')
        for row in rows:
            if row.destination:
                return row.destination
        known = sorted(name for row in self.rows for name in _names(row))
        message = f'no destination "{slug}" is installed; there are {", ".join(known) or "none"}'
        raise PluginError(message, hint=nearest(slug, known) or "install the distribution that provides it")

    def origin_of(self, slug: str) -> str:
        """Name the distribution, version and module that provide a usable destination."""
        return next((row.origin for row in self.rows if row.ok and slug in _names(row)), slug)


def discover() -> Registry:
    """Import every installed plugin."""
    return load_plugins(_installed())


def load_destination(slug: str) -> Destination[Any]:
    """Import the plugin whose entry point is named `slug` (or its alias `actions-slug`), and give its destination.

    Raises `PluginError` when there is none, it fails, or two distributions provide it.
    """
    return load_registry([slug]).destination(slug)


def load_registry(slugs: Iterable[str], extras: Mapping[str, object] | None = None) -> Registry:
    """Import only the plugins that `slugs` name; all of them when a name is no entry point's (it may be an alias).

    `extras` are plugin objects by origin, registered as they are.
    """
    installed = _installed()
    names = {name for slug in slugs for name in (slug, slug.removeprefix("actions-"))}
    chosen = [point for point in installed if point.name in names]
    known = {point.name for point in chosen}
    if any(slug not in known and slug.removeprefix("actions-") not in known for slug in slugs):
        chosen = installed
    return load_plugins(chosen, extras)


def load_plugins(points: Iterable[EntryPoint], extras: Mapping[str, object] | None = None) -> Registry:
    """Import and register the plugins of these entry points, then `extras`; give what they provide."""
    plugins = Plugins()
    rows: list[Row] = []
    for point in points:
        rows += _rows_of(plugins, point.name, origin_of(point), point.load)
    for origin, plugin in (extras or {}).items():
        rows += _rows_of(plugins, None, origin, lambda plugin=plugin: plugin)
    return Registry(tuple(_contested(rows)), plugins)


def origin_of(point: EntryPoint) -> str:
    """Name where a plugin comes from: distribution, version, module."""
    dist = point.dist
    return f"{dist.name} {dist.version} ({point.value})" if dist else point.value


def _installed() -> list[EntryPoint]:
    unique = {(point.name, origin_of(point)): point for point in entry_points(group=PROJECT)}
    return [unique[key] for key in sorted(unique)]


def _rows_of(plugins: Plugins, name: str | None, origin: str, load: Any) -> list[Row]:
    try:
        plugins.register(origin, _loaded(origin, load))
        destinations = plugins.destinations(origin)
    except PluginError as error:
        return [Row(name or "?", origin, reason=error.message)]
    rows = [Row(destination.slug, origin, destination, _fault(destination)) for destination in destinations]
    if name is not None and destinations and name not in {n for row in rows for n in _names(row)}:
        reason = f'the entry point is named "{name}", but the plugin provides {", ".join(row.slug for row in rows)}'
        rows.append(Row(name, origin, reason=reason))
    return rows


def _loaded(origin: str, load: Any) -> object:
    try:
        plugin: object = load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a plugin may even call sys.exit while it is imported
        raise PluginError(f"{origin}: import failed: {type(error).__name__}: {error}") from error
    return plugin


def _fault(destination: Destination[Any]) -> str | None:
    error = best_match(Draft202012Validator(load_schema("destination")).iter_errors(describe(destination)))
    return f"its definition is not valid: {error.json_path}: {error.message}" if error else None


def _contested(rows: list[Row]) -> Iterable[Row]:
    taken: dict[str, Row] = {}
    for row in rows:
        clash = next((taken[name] for name in _names(row) if name in taken and row.ok), None)
        if clash is not None:
            yield Row(row.slug, row.origin, row.destination, f'the slug "{row.slug}" is taken by {clash.origin}')
            continue
        taken.update(dict.fromkeys(_names(row), row) if row.ok else {})
        yield row


def _names(row: Row) -> tuple[str, ...]:
    return (row.slug, *(row.destination.aliases if row.destination else ()))


def _reason(row: Row) -> str:
    return row.reason if row.reason and row.origin in row.reason else f"{row.origin}: {row.reason}"
