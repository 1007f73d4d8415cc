"""From what a case is given to a harness; a mistake in it is said with its place in the case file."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from destination_actions.definitions import Destination
from destination_actions.errors import ConfigurationError, PluginError, nearest
from destination_actions.testing.cases.model import Case, seconds
from destination_actions.testing.cases.pieces import EMPTY, Piece
from destination_actions.testing.cases.requests import replies_of
from destination_actions.testing.harness import Harness, Replan
from destination_actions.testing.virtual import START, instant


def harness_of(case: Case, *, replan: Replan | None = None) -> Harness:
    """Build the harness of a case, with the earlier deliveries on record. Raises `ConfigurationError`.

    `replan` may change the compiled plan.
    """
    given = case.given
    earlier = sorted((given.get("earlier") or EMPTY).items(), key=_ago, reverse=True)
    begin = instant(_plain(given, "clock", START))
    start = begin - (_ago(earlier[0]) if earlier else 0.0)
    harness = _built(case, {"api": replies_of(given.get("api"), times=None), "start": start, "replan": replan})
    for number, one in enumerate(earlier, 1):
        harness.wait(begin - _ago(one) - harness.clock.now())
        event = {"messageId": f"earlier-{number}"} | _plain(given, "event", {}) | _plain(one, "event", {})
        harness.remember(event, executed=_plain(one, "executed", True))
    harness.wait(max(0.0, begin - harness.clock.now()))
    return harness


def _ago(piece: Piece) -> float:
    return seconds(_plain(piece, "ago", 0))


def _plain(piece: Piece, key: str, default: Any) -> Any:
    found = piece.get(key)
    return default if found is None else found.plain()


def _built(case: Case, equipment: dict[str, Any]) -> Harness:
    given = case.given
    if config := given.get("config"):
        path = case.file.parent / str(config.value)
        if not path.is_file():
            raise _at(case, config.pointer, ConfigurationError(f'given.config: there is no file "{path}"'))
        return Harness.from_config(path, environ=_plain(given, "environment", {}), **equipment)
    listed = given.get("subscriptions")
    subscriptions = listed.items() if listed else [given.value["subscription"]]
    try:
        return Harness(
            _destination(case),
            settings=_plain(given, "settings", {}),
            subscriptions=[_named(one.plain(), at) for at, one in enumerate(subscriptions)],
            name=_plain(given, "name", None),
            on_unknown=_plain(given, "onUnknown", "reconcile"),
            **equipment,
        )
    except ConfigurationError as error:
        raise _placed(case, subscriptions, error) from error


def _named(subscription: dict[str, Any], at: int) -> dict[str, Any]:
    """A subscription with a name, which a case file may leave out."""
    name = subscription.get("preset") or ("test" if at == 0 else f"test {at + 1}")
    return {"name": name} | subscription


def _destination(case: Case) -> str | Destination[Any]:
    piece = case.given.value["destination"]
    module, colon, name = str(piece.value).partition(":")
    if not colon:
        return module
    try:
        with _importing_from(case.file.parent):
            found = getattr(_module(module, case.file.parent), name, None)
    except Exception as error:
        message = f'given.destination: "{module}" cannot be imported: {type(error).__name__}: {error}'
        raise _at(case, piece.pointer, PluginError(message)) from error
    if not isinstance(found, Destination):
        known = [key for key, value in vars(sys.modules[module]).items() if isinstance(value, Destination)]
        message = f'given.destination: "{name}" in "{module}" is no Destination'
        hint = nearest(name, known) or f"it has {', '.join(known) or 'none'}"
        raise _at(case, piece.pointer, PluginError(message, hint=hint))
    return found


def _module(name: str, folder: Path) -> ModuleType:
    """Import a module; one beside the case file comes before one of that name that another folder gave."""
    beside = (folder / f"{name}.py").resolve()
    known = sys.modules.get(name)
    if known is not None and beside.is_file() and Path(known.__file__ or "").resolve() != beside:
        del sys.modules[name]
    return importlib.import_module(name)


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    """Look for modules in a folder too."""
    path = str(folder.resolve())
    sys.path.insert(0, path)
    try:
        yield
    finally:
        sys.path.remove(path)


def _placed(case: Case, subscriptions: list[Piece], error: ConfigurationError) -> ConfigurationError:
    """The findings of the runtime, each at its place in the case file."""
    found = [_at(case, _pointer(case.given, subscriptions, one.pointer), one) for one in error.errors]
    return found[0] if len(found) == 1 else ConfigurationError("\n".join(map(str, found)), errors=found)


def _pointer(given: Piece, subscriptions: list[Piece], pointer: str) -> str:
    """Where in the case file something of the runtime's configuration stands."""
    parts = pointer.split("/")[3:]
    rest = "".join(f"/{part}" for part in parts[2:])
    if parts[:1] == ["subscriptions"] and len(parts) > 1:
        return subscriptions[int(parts[1])].find(rest).pointer
    if parts[:1] == ["settings"]:
        settings = given.get("settings")
        return settings.find(pointer.partition("/settings")[2]).pointer if settings else given.pointer
    return (given.get("onUnknown" if parts == ["onUnknown"] else "destination") or given).pointer


def _at(case: Case, pointer: str, error: ConfigurationError) -> ConfigurationError:
    place = error.place or case.locate(pointer)
    return type(error)(error.message, pointer=pointer, hint=error.hint, place=place) if _plainly(error) else error


def _plainly(error: ConfigurationError) -> bool:
    """Whether an error's class takes what its base takes."""
    return type(error).__init__ is ConfigurationError.__init__
