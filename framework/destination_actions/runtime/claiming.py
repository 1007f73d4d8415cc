"""A delivery on its way: what it claims, what its plugin gets, and how its claim is settled."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from destination_actions.errors import StoreError
from destination_actions.protocols import (
    Claim,
    ClaimRequest,
    ClaimTimes,
    Clock,
    Stores,
)
from destination_actions.runtime.blocking import Threads
from destination_actions.runtime.classify import Operation
from destination_actions.runtime.effect import Effect
from destination_actions.runtime.keys import delivery_key, window_key
from destination_actions.runtime.lanes import LaneState, Turns
from destination_actions.runtime.plan import Lane
from destination_actions.runtime.prepare import Prepared, head_of
from destination_actions.runtime.tries import Try, nobody
from destination_actions.values import maker

log = logging.getLogger("destination_actions")

_CONFIRM = Operation.CONFIRM

PAUSE = 0.02
LONGEST_PAUSE = 1.0


@dataclass(frozen=True, kw_only=True)
class Equipment:
    """What deliveries need from outside: stores, time, the state of each lane, threads."""

    stores: Stores
    clock: Clock
    times: ClaimTimes
    lanes: Callable[[Lane], LaneState]
    threads: Threads = field(default_factory=Threads)
    attempted: Callable[[Try], Awaitable[None]] = nobody
    on_store_error: str = "closed"
    unclaimed: Counter[str] = field(default_factory=Counter)
    """How many deliveries of each configured destination were sent without a claim, because the store failed."""

    @cached_property
    def perform_limit(self) -> float:
        """Seconds that plugin code may take: the lease before sending, the send, and the grace after it."""
        return self.times.lease + self.times.send + self.times.grace

    @cached_property
    def confirm_soon(self) -> Callable[[Claim, Any, Callable[[BaseException], None]], None] | None:
        """How a claim is confirmed together with the record that follows, where the store can do that."""
        return getattr(self.stores.claims, "confirm_soon", None)


@dataclass(slots=True)
class Run:
    """One delivery on its way."""

    equipment: Equipment
    prepared: Prepared
    request: ClaimRequest
    state: LaneState
    generation: int = 0
    claim: Claim | None = None
    attempted: float | None = None
    attempted_until: float | None = None
    unclaimed: bool = False

    @property
    def head(self) -> dict[str, Any]:
        """What the outcome says about itself."""
        return head_of(self.prepared.subscription, self.prepared.message_id)

    @property
    def lane(self) -> Lane:
        """The configured destination."""
        return self.prepared.subscription.lane

    @property
    def name(self) -> str:
        """The action, as messages name it."""
        return f"{self.lane.destination.slug}.{self.prepared.subscription.action.slug}"


def run_of(equipment: Equipment, prepared: Prepared, generation: int = 0) -> Run:
    """Start a delivery: name it, and what it claims."""
    request = request_of(equipment, prepared, generation)
    return _run(equipment, prepared, request, equipment.lanes(prepared.subscription.lane), generation)


def request_of(equipment: Equipment, prepared: Prepared, generation: int = 0) -> ClaimRequest:
    """What a delivery claims."""
    subscription, cooldown, lane = prepared.subscription, prepared.cooldown, prepared.subscription.lane
    delivery = delivery_key(prepared.message_id, lane.name, subscription.id, generation)
    if cooldown is None:
        return _request(delivery, delivery, 0.0, prepared.message_id)
    key = window_key(equipment.stores.secret, lane.destination.slug, cooldown, delivery)
    return _request(key, delivery, cooldown.seconds, prepared.message_id)


_run, _request = maker(Run), maker(ClaimRequest)


def effect_of(runs: Sequence[Run]) -> Effect:
    """The one effect of deliveries that are performed together, or of one that is performed alone."""
    first = runs[0]
    return _effect(first.equipment, first.lane, first.state, [run.claim for run in runs], turns_of(first))


def turns_of(run: Run) -> Turns | None:
    """The rate at which this delivery's action may act, if it has one."""
    return run.state.turns(run.prepared.subscription.action)


def effect_on(equipment: Equipment, lane: Lane, held: Sequence[Claim | None], turns: Turns | None = None) -> Effect:
    """An effect on these claims, at this rate."""
    return _effect(equipment, lane, equipment.lanes(lane), held, turns)


def _effect(
    equipment: Equipment, lane: Lane, state: LaneState, held: Sequence[Claim | None], turns: Turns | None
) -> Effect:
    times = equipment.times
    if lane.timeout is not None:
        times = replace(times, send=min(times.send, lane.timeout))
    return Effect(equipment.stores.claims, held, equipment.clock, times, state.clients, turns)


def closed_effect(equipment: Equipment, lane: Lane) -> Effect:
    """An effect that lets nothing leave, for code that may only read."""
    effect = effect_on(equipment, lane, ())
    effect.close()
    return effect


def log_of(lane: Lane, subscription: str = "") -> logging.LoggerAdapter[logging.Logger]:
    """A logger that names the configured destination and the subscription."""
    return logging.LoggerAdapter(log, {"destination": lane.name, "subscription": subscription})


async def settle(run: Run, operation: Operation, data: Mapping[str, Any] | None = None) -> None:
    """Confirm, release or keep the claim."""
    claim = run.claim
    if claim is None:
        return
    claims, soon = run.equipment.stores.claims, run.equipment.confirm_soon
    try:
        if operation is _CONFIRM:
            if soon is not None:  # the record that follows is committed after it, or together with it
                soon(claim, dict(data or {}), lambda error: _untold(run, error))
            else:
                await claims.confirm(claim, dict(data or {}))
        elif operation is Operation.RELEASE:
            await claims.release(claim)
        elif operation is Operation.AMBIGUOUS:
            await claims.ambiguous(claim)
    except StoreError as error:
        _untold(run, error)


def _untold(run: Run, error: BaseException) -> None:
    # The record of the sending covers what could not be written: the same event finds out by reading back.
    log.warning("the claim store failed while settling %s: %s", run.request.delivery, error)
