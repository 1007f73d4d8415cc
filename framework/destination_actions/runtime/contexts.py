"""What plugin code is given, made as it looks: most code is content with its payload and `send`.

The copy of the event above all takes longer, and more memory, than everything else that a delivery holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from destination_actions.context import BatchContext, Context
from destination_actions.events import copy_of
from destination_actions.runtime.claiming import Run, log_of
from destination_actions.runtime.effect import Effect
from destination_actions.values import part_maker


class _Late:
    """Fields that are filled when they are first read: Python asks `__getattr__` for those that are still empty."""

    __slots__ = ()
    _made: ClassVar[Mapping[str, Callable[[Any], Any]]]

    def __getattr__(self, name: str) -> Any:
        make = self._made.get(name)
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        value = make(object.__getattribute__(self, "_of"))
        object.__setattr__(self, name, value)
        return value


class _Context(_Late, Context[Any]):
    __slots__ = ("_of",)
    _made: ClassVar[Mapping[str, Callable[[Run], Any]]] = {
        "subscription": lambda run: run.prepared.subscription.id,
        "log": lambda run: log_of(run.lane, run.prepared.subscription.id),
        "event": lambda run: copy_of(run.prepared.event),
        "message_id": lambda run: run.prepared.message_id,
        "attempted": lambda run: run.attempted,
        "attempted_until": lambda run: run.attempted_until,
        "sync_mode": lambda run: run.prepared.subscription.sync_mode,
    }


class _BatchContext(_Late, BatchContext[Any]):
    __slots__ = ("_of",)
    _made: ClassVar[Mapping[str, Callable[[Sequence[Run]], Any]]] = {
        "settings": lambda runs: runs[0].lane.settings,
        "subscription": lambda runs: runs[0].prepared.subscription.id,
        "clock": lambda runs: runs[0].equipment.clock,
        "log": lambda runs: log_of(runs[0].lane, runs[0].prepared.subscription.id),
        "events": lambda runs: [copy_of(run.prepared.event) for run in runs],
        "delivery_keys": lambda runs: [run.request.delivery for run in runs],
        "http": lambda runs: runs[0].state.clients,
        "sync_mode": lambda runs: runs[0].prepared.subscription.sync_mode,
    }


for _kind in (_Context, _BatchContext):  # shown as what it is to a plugin
    _kind.__qualname__ = _kind.__name__[1:]


# What most plugins look at costs more when it is made late.
_context = part_maker(_Context, ("_of", "send", "settings", "clock", "http", "delivery_key"))
_batch_context = part_maker(_BatchContext, ("_of", "send"))


def context_of(run: Run, effect: Effect) -> Context[Any]:
    """What plugin code gets for this delivery."""
    settings = run.prepared.subscription.lane.settings
    return _context(run, effect, settings, run.equipment.clock, run.state.clients, run.request.delivery)


def batch_context_of(runs: Sequence[Run], effect: Effect) -> BatchContext[Any]:
    """What plugin code gets for deliveries that it performs together."""
    return _batch_context(runs, effect)
