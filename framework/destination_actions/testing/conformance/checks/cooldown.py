"""The laws of the cooldown, for actions that declare one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from destination_actions.definitions import Cooldown
from destination_actions.outcomes import Delivered, Failed, Suppressed
from destination_actions.testing.conformance.bench import OTHER, Bench
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.common import shown
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.wire import effect


def _declared(bench: Bench, document: dict[str, Any] | None = None, start: int = 0) -> Cooldown:
    """The cooldown of the sample, with seconds."""
    if bench.action.cooldown is None:
        raise NotApplicable("it declares no cooldown")
    settings = bench.subject.destination.settings.check(bench.subject.settings(start)).value
    payload = bench.payload(document if document is not None else bench.document())
    declared = bench.action.cooldown(settings, payload)
    if declared is None or not declared.seconds:
        raise NotApplicable("the sample has no cooldown")
    return declared


def suppresses(bench: Bench) -> Iterable[str]:
    """A second event of the same key is suppressed, by name of the first, and sends nothing."""
    _declared(bench)
    with bench.open() as trial:
        trial.send(message_id="first")
        second = trial.send(message_id="second")
        if not isinstance(second, Suppressed):
            yield f"it is {shown(second)}"
        elif second.by != "first":
            yield f"it is suppressed by {second.by!r}"
        if len(trial.effects) != 1:
            yield f"{len(trial.effects)} effects"


def ends(bench: Bench) -> Iterable[str]:
    """After the window another event of the same key goes."""
    declared = _declared(bench)
    with bench.open() as trial:
        trial.send()
        trial.wait(declared.seconds + 30)
        second = trial.send()
        if not isinstance(second, Delivered):
            yield f"{declared.seconds:g} s later it is {shown(second)}"


def lasts(bench: Bench) -> Iterable[str]:
    """The window lasts as long as it says."""
    declared = _declared(bench)
    with bench.open() as trial:
        trial.send()
        trial.wait(declared.seconds * 0.5)
        second = trial.send()
        if not isinstance(second, Suppressed):
            yield f"after half of {declared.seconds:g} s it is {shown(second)}"


def others_go(bench: Bench) -> Iterable[str]:
    """An event of another key is not held up."""
    declared = _declared(bench)
    other = bench.document(OTHER)
    if _declared(bench, other).parts == declared.parts:
        yield "two different payloads have the same key: it is the same for everybody"
        return
    with bench.open() as trial:
        trial.send()
        second = trial.send(other)
        if isinstance(second, Suppressed) or (isinstance(second, Failed) and second.reason == "busy"):
            yield f"it is {shown(second)}"


def no_releases(bench: Bench) -> Iterable[str]:
    """A definite no gives the window back: another event of the same key goes at once."""
    _declared(bench)
    for status in (400, 429):
        with bench.open(effect(status, times=1)) as trial:
            trial.send()
            second = trial.send()
            if not isinstance(second, Delivered):
                yield f"after a {status} it is {shown(second)}"


def nothing_sent_releases(bench: Bench) -> Iterable[str]:
    """A connection that was refused gives the window back."""
    _declared(bench)
    with bench.open(effect(fault="refused", times=1)) as trial:
        trial.send()
        second = trial.send()
        if not isinstance(second, Delivered):
            yield f"the next event of the key is {shown(second)}"


def unknown_keeps(bench: Bench) -> Iterable[str]:
    """An unknown outcome keeps the window: another event of the same key is not sent."""
    _declared(bench)
    for reply in (effect(500, times=1), effect(fault="reset", times=1)):
        with bench.open(reply) as trial:
            trial.send()
            second = trial.send()
            if isinstance(second, Delivered) or len(trial.effects) != 1:
                yield f"after {reply.fault or reply.status} it is {shown(second)}, and {len(trial.effects)} went out"


def is_a_function(bench: Bench) -> Iterable[str]:
    """The key is the same for the same payload, and made of values that compare by value."""
    first = _declared(bench)
    if first != _declared(bench):
        yield "asked twice, it is another"
    for part in first.parts:
        if type(part).__repr__ is object.__repr__:
            yield f"a part of it is a {type(part).__name__}, which equals nothing but itself"


def names_the_account(bench: Bench) -> Iterable[str]:
    """Two accounts do not hold up each other: their keys differ for the same payload."""
    first = _declared(bench)
    destination = bench.subject.destination
    mine, theirs = (destination.settings.check(bench.subject.settings(start)).value for start in (0, OTHER))
    if mine is None or theirs is None or not _told_apart(mine, theirs):
        raise NotApplicable("its settings name no account")
    if first.parts == _declared(bench, start=OTHER).parts:
        yield "their keys are the same: put what names the account among the parts"


def _told_apart(mine: Any, theirs: Any) -> bool:
    """Whether some plain text that the settings require differs: that is what names an account."""
    specs = [spec for spec in type(mine).fields() if spec.always_required and not spec.secret]
    return any(getattr(mine, spec.name) != getattr(theirs, spec.name) for spec in specs if spec.type == "string")


def not_by_message(bench: Bench) -> Iterable[str]:
    """The key does not depend on what is different in every event."""
    first = _declared(bench)
    texts = {str(part) for part in first.parts}
    for spec in bench.action.payload.fields():
        if spec.key in {"messageId", "timestamp"} and str(bench.document().get(spec.key)) in texts:
            yield f"{spec.key} is a part of it, so no two events ever share a window"


def no_window_at_zero(bench: Bench) -> Iterable[str]:
    """A period of 0 seconds is no window: each event acts once."""
    declared = _declared(bench)
    document = bench.document()
    keys = [key for key, value in document.items() if not isinstance(value, bool) and value == declared.seconds]
    zero = bench.document(changes=dict.fromkeys(keys, 0))
    if not keys or bench.payload(zero) is None:
        raise NotApplicable("its period is no field, or may not be 0")
    with bench.open() as trial:
        outcomes = [trial.send(zero), trial.send(zero)]
        yield from (f"one of two events is {shown(one)}" for one in outcomes if not isinstance(one, Delivered))


CHECKS: Final = (
    Check("cooldown.suppresses", Level.GOLD, suppresses),
    Check("cooldown.lasts", Level.GOLD, lasts),
    Check("cooldown.ends", Level.GOLD, ends),
    Check("cooldown.others-go", Level.GOLD, others_go),
    Check("cooldown.a-no-releases", Level.GOLD, no_releases),
    Check("cooldown.nothing-sent-releases", Level.GOLD, nothing_sent_releases),
    Check("cooldown.unknown-keeps", Level.GOLD, unknown_keeps),
    Check("cooldown.same-key", Level.GOLD, is_a_function),
    Check("cooldown.names-the-account", Level.GOLD, names_the_account),
    Check("cooldown.not-by-message", Level.GOLD, not_by_message),
    Check("cooldown.zero", Level.GOLD, no_window_at_zero),
)
