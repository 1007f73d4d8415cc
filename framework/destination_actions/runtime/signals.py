"""What outcomes say about the lane that they came from."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final

from destination_actions.outcomes import Delivered, Failed, Outcome, Rejected, Unknown


class Signal(Enum):
    """What an outcome says about the lane."""

    NOTHING = "nothing"
    """Nothing was asked of the API, or the fault is the event's or the plugin's."""
    ANSWERED = "answered"
    """The API answered as an API that works."""
    BROKEN = "broken"
    """The API could not be reached, or was out of order."""
    LIMITED = "limited"
    """The API wants to be left in peace for a while."""
    REFUSED = "refused"
    """The API refuses the credentials."""


_TELLING: Final = (Signal.NOTHING, Signal.ANSWERED, Signal.BROKEN, Signal.REFUSED, Signal.LIMITED)
_NOTHING, _ANSWERED = Signal.NOTHING, Signal.ANSWERED


def signal_of(outcome: Outcome) -> Signal:
    """Read an outcome."""
    if type(outcome) is Delivered:  # as nearly always
        return _NOTHING if outcome.repeated else _ANSWERED
    return _other(outcome)


def _other(outcome: Outcome) -> Signal:
    match outcome:
        case Rejected():
            return Signal.ANSWERED
        case Failed(reason="authentication"):
            return Signal.REFUSED
        case Failed(reason="try_again", lane=True):
            return Signal.LIMITED
        case Failed(reason="try_again", status=status):
            return Signal.BROKEN if (status or 0) >= 500 else Signal.ANSWERED
        case Failed(reason="not_sent" | "unconfirmed") | Unknown():
            return Signal.BROKEN
    return Signal.NOTHING


def most_telling(outcomes: Sequence[Outcome]) -> Outcome:
    """The outcome of a call that says most about the lane."""
    return outcomes[0] if len(outcomes) == 1 else max(outcomes, key=lambda outcome: _TELLING.index(signal_of(outcome)))
