"""Finding destinations among the installed distributions.

`load_destination` imports one plugin, by the name of its entry point; `discover` imports all. A plugin that cannot be
loaded becomes a row with the reason and harms nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from destination_actions.definitions import Destination
from destination_actions.describe import describe
from destination_actions.errors import PluginError, nearest
from destination_actions.plugins.hookspecs import PROJECT
from destination_actions.plugins.manager import Plugins
from destination_actions.schemas import load_schema

NAMELESS: Final = "?"
"""The slug of a row about a plugin that was handed in and gave none."""


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
    """Import only the plugins that `slugs` name.

    When a name is no entry point's (it may be an alias), all are imported, and those that provide none are taken out.

    `extras` are plugin objects by origin, registered as they are.
    """
    wanted = {name for slug in slugs for name in (slug, slug.removeprefix("actions-"))}
    installed = _installed()
    chosen = [point for point in installed if point.name in wanted]
    if all({slug, slug.removeprefix("actions-")} & {point.name for point in chosen} for slug in slugs):
        return load_plugins(chosen, extras)
    registry = load_plugins(installed, extras)
    needed = {row.origin for row in registry.rows if wanted.intersection(_names(row))} | set(extras or ())
    for origin in registry.plugins.origins:
        if origin not in needed:
            registry.plugins.remove(origin)
    return registry


def add_providers(plugins: Plugins, *, directives: Iterable[str] = (), schemes: Iterable[str] = ()) -> None:
    """Register the installed plugins that provide mapping directives or stores which no registered plugin provides.

    Nothing is imported unless something is missing; a plugin that cannot be loaded is passed over.
    """
    wanted = frozenset(directives) - plugins.directives().keys()
    stores = frozenset(schemes) - plugins.stores().keys() if schemes else frozenset()
    for point in _installed() if wanted or stores else ():
        origin = origin_of(point)
        if origin not in plugins.origins and not _provides(plugins, origin, point, wanted, stores):
            plugins.remove(origin)


def _provides(
    plugins: Plugins, origin: str, point: EntryPoint, directives: frozenset[str], schemes: frozenset[str]
) -> bool:
    """Register a plugin; tell whether it provides any of these."""
    try:
        plugins.register(origin, _loaded(origin, point))
        named = {directive.name for directive in plugins.directives_of(origin)}
        return bool(directives & named or schemes & plugins.stores_of(origin).keys())
    except PluginError:
        return False


def load_plugins(points: Iterable[EntryPoint], extras: Mapping[str, object] | None = None) -> Registry:
    """Import and register the plugins of these entry points, then `extras`; give what they provide."""
    plugins = Plugins()
    rows: list[Row] = []
    for origin, named in _by_origin(points).items():
        rows += _rows_of(plugins, named, origin)
    for origin, plugin in (extras or {}).items():
        rows += _rows_given(plugins, origin, plugin)
    return Registry(tuple(_contested(rows)), plugins)


def origin_of(point: EntryPoint) -> str:
    """Name where a plugin comes from: distribution, version, module."""
    dist = point.dist
    return f"{dist.name} {dist.version} ({point.value})" if dist else point.value


def _installed() -> list[EntryPoint]:
    unique = {(point.name, origin_of(point)): point for point in entry_points(group=PROJECT)}
    return [unique[key] for key in sorted(unique)]


def _by_origin(points: Iterable[EntryPoint]) -> dict[str, list[EntryPoint]]:
    """The entry points of each plugin: it may have one for each of its names."""
    found: dict[str, list[EntryPoint]] = {}
    for point in points:
        found.setdefault(origin_of(point), []).append(point)
    return found


def _rows_of(plugins: Plugins, points: Sequence[EntryPoint], origin: str) -> list[Row]:
    names = [point.name for point in points]
    try:
        rows = _rows_given(plugins, origin, _loaded(origin, points[0]))
    except PluginError as error:
        rows = [_failed(NAMELESS, origin, error)]
    if rows and rows[0].slug == NAMELESS:
        return [replace(rows[0], slug=name) for name in names]
    useless = None if rows else _nothing(plugins, origin)
    if rows or useless:
        reason = useless or f"the plugin provides {', '.join(row.slug for row in rows)}, not what its entry point names"
        known = {name for row in rows for name in _names(row)}
        rows += [Row(name, origin, reason=reason) for name in names if name not in known]
    return rows


def _rows_given(plugins: Plugins, origin: str, plugin: object) -> list[Row]:
    try:
        plugins.register(origin, plugin)
        destinations = plugins.destinations(origin)
    except PluginError as error:
        return [_failed(NAMELESS, origin, error)]
    return [_row(origin, destination) for destination in destinations]


def _row(origin: str, destination: Destination[Any]) -> Row:
    """The row of a destination; of one that was not made as destinations are made, only what is wrong with it."""
    try:
        return Row(destination.slug, origin, destination, _fault(destination))
    except Exception as error:  # noqa: BLE001 - a plugin may hand in anything that looks like a destination
        return Row(NAMELESS, origin, reason=f"its definition cannot be read: {type(error).__name__}: {error}")


def _failed(slug: str, origin: str, error: PluginError) -> Row:
    return Row(slug, origin, reason="; ".join(map(str.strip, error.message.removeprefix(f"{origin}: ").split("\n"))))


def _nothing(plugins: Plugins, origin: str) -> str | None:
    """Why a plugin without destinations is of no use; one that only adds directives, stores or commands is."""
    hooks = plugins.hooks(origin) if origin in plugins.origins else None
    if hooks is None:
        return None
    if not hooks:
        return "it implements none of the hooks; mark functions with @hookimpl"
    return "register_destinations gives no destination" if "register_destinations" in hooks else None


def _loaded(origin: str, point: EntryPoint) -> object:
    if EntryPoint.pattern.match(point.value) is None:
        raise PluginError(f'{origin}: "{point.value}" does not have the form module or module:object')
    try:
        plugin: object = point.load()
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
        clash = next((name for name in _names(row) if name in taken and row.ok), None)
        if clash is not None:
            what = "slug" if clash == row.slug else "alias"
            reason = f'the {what} "{clash}" is taken by {taken[clash].origin}; remove one of them'
            yield replace(row, reason=reason)
            continue
        taken.update(dict.fromkeys(_names(row), row) if row.ok else {})
        yield row


def _names(row: Row) -> tuple[str, ...]:
    return (row.slug, *(row.destination.aliases if row.destination else ()))


def _reason(row: Row) -> str:
    return f"{row.origin}: {row.reason}"
