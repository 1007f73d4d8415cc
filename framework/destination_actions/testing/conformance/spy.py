"""Stands between the runtime and a plugin's code, and notes what goes in and what comes out."""

from __future__ import annotations

import copy
from collections.abc import Callable
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, replace
from typing import Any, Final

from destination_actions.definitions import Action, Destination
from destination_actions.fields import FieldSet
from destination_actions.runtime.blocking import is_async

calling: Final[ContextVar[str]] = ContextVar("destination_actions_calling", default="")
"""Which of a plugin's functions is running here: `perform`, `perform_batch`, `reconcile`, or nothing."""


@dataclass(slots=True)
class Call:
    """One call of a plugin's function: which, what it gave or raised, and what it had changed by then."""

    what: str
    result: object = None
    error: BaseException | None = None
    changed: list[str] = field(default_factory=list)
    delivery_keys: tuple[str, ...] = ()


class Spy:
    """The calls of one trial, in order."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def of(self, what: str) -> list[Call]:
        """The calls of `perform`, `perform_batch` or `reconcile`."""
        return [call for call in self.calls if call.what == what]

    def watched(self, destination: Destination[Any]) -> Destination[Any]:
        """The destination with its actions watched."""
        return replace(destination, actions=tuple(self._action(action) for action in destination.actions))

    def _action(self, action: Action[Any, Any]) -> Action[Any, Any]:
        watched: dict[str, Any] = {
            name: self._function(name, function)
            for name in ("perform", "perform_batch", "reconcile")
            if (function := getattr(action, name)) is not None
        }
        return replace(action, **watched)

    def _function(self, what: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def watched_sync(context: Any, payload: Any) -> Any:
            with _Watch(self, what, context, payload) as call:
                call.result = function(context, payload)
            return call.result

        async def watched(context: Any, payload: Any) -> Any:
            with _Watch(self, what, context, payload) as call:
                call.result = await function(context, payload)
            return call.result

        return watched if is_async(function) else watched_sync


class _Watch:
    """Notes one call, and raises what it raised."""

    def __init__(self, spy: Spy, what: str, context: Any, payload: Any) -> None:
        self._call = Call(what, delivery_keys=tuple(getattr(context, "delivery_keys", ())) or (context.delivery_key,))
        self._parts = {
            "the event": getattr(context, "event", None) or getattr(context, "events", None),
            "the payload": payload,
            "the settings": context.settings,
        }
        self._before = {name: _snapshot(part) for name, part in self._parts.items()}
        self._token: Token[str] | None = None
        spy.calls.append(self._call)

    def __enter__(self) -> Call:
        self._token = calling.set(self._call.what)
        return self._call

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if self._token is not None:
            calling.reset(self._token)
        self._call.error = error
        self._call.changed = [name for name, part in self._parts.items() if self._before[name] != _snapshot(part)]


def _snapshot(part: Any) -> Any:
    if isinstance(part, FieldSet):
        return copy.deepcopy(part.to_json(reveal=True))
    if isinstance(part, list | tuple):
        return [_snapshot(one) for one in part]
    return copy.deepcopy(part)
