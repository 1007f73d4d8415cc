"""The table of the claim protocol: every state that two records can be in, and what each operation makes of it."""

from typing import Any

import pytest
from destination_actions.protocols import Claim, ClaimRequest, ClaimTimes, Verdict
from destination_actions.stores.clock import Instant
from destination_actions.stores.transitions import Entry, Mark, Records, Stage, Transitions, Window, check_seconds

NOW, WALL = 1_000.0, 5_000.0
AT = Instant(NOW, WALL)
PROTOCOL = Transitions(ClaimTimes(lease=10.0, send=10.0, grace=5.0, journal=100.0))

DELIVERIES = {"own": "mine", "other": "theirs"}
ENTRIES = {
    "none": None,
    "attempted": Entry(Mark.ATTEMPTED, NOW - 50, NOW - 50, WALL - 50),
    "done": Entry(Mark.DONE, NOW - 50, data="journal"),
    "suppressed": Entry(Mark.SUPPRESSED, NOW - 50, until=NOW - 10, by="first"),
    "old": Entry(Mark.DONE, NOW - 100, data="journal"),
}


def window(stage: Stage, whose: str, lease: float, until: float) -> Window:
    """Make a window whose lease and end are so many seconds away."""
    data = "window" if stage is Stage.DONE else None
    return Window(stage, DELIVERIES[whose], f"message of {whose}", "old token", NOW + lease, NOW + until, data)


def windows(whose: str) -> dict[str, Window | None]:
    """Every state of a window, with lease and window live or over."""
    return {
        "no window": None,
        "released": window(Stage.RELEASED, whose, -NOW, -NOW),
        "held": window(Stage.HELD, whose, 1, -NOW),
        "held, over": window(Stage.HELD, whose, 0, -NOW),
        "sent": window(Stage.SENT, whose, 1, 60),
        "sent, lease over": window(Stage.SENT, whose, 0, 60),
        "sent, all over": window(Stage.SENT, whose, -60, 0),
        "done": window(Stage.DONE, whose, -NOW, 60),
        "done, over": window(Stage.DONE, whose, -NOW, 0),
    }


G, R, B, C, K, D, S = (
    Verdict.GRANTED,
    Verdict.RESUME,
    Verdict.BUSY,
    Verdict.COOLING,
    Verdict.COOLING_CHECK,
    Verdict.ALREADY_DONE,
    Verdict.ALREADY_SUPPRESSED,
)

TABLE = {
    # state of the window:  own, entry none/attempted | other's, entry none/attempted
    "no window": (G, R, G, R),
    "released": (G, R, G, R),
    "held": (B, B, B, B),
    "held, over": (G, R, G, R),
    "sent": (B, B, B, B),
    "sent, lease over": (R, R, B, B),
    "sent, all over": (G, R, G, R),
    "done": (D, D, C, K),
    "done, over": (G, R, G, R),
}
CLAIMS = [
    (state, whose, entry, verdict)
    for state, row in TABLE.items()
    for (whose, entry), verdict in zip(
        [("own", "none"), ("own", "attempted"), ("other", "none"), ("other", "attempted")], row, strict=True
    )
]


def claim(state: str, whose: str, entry: str, *, checked: bool = False) -> tuple[Records, Any]:
    """Claim for delivery `mine` with period 30."""
    request = ClaimRequest("key", "mine", 30.0, "my message", checked)
    return PROTOCOL.claim(Records(windows(whose)[state], ENTRIES[entry]), request, AT, "new token")


@pytest.mark.parametrize(("state", "whose", "entry", "verdict"), CLAIMS)
def test_the_verdict_of_every_state(state: str, whose: str, entry: str, verdict: Verdict) -> None:
    """A claim is decided by the window's state, whose it is, and whether this delivery was attempted."""
    before = windows(whose)[state]
    after, answer = claim(state, whose, entry)
    assert answer.verdict is verdict
    if verdict in (G, R):
        assert answer.claim == Claim("key", "mine", 30.0, "new token")
        assert after.window is not None
        assert (after.window.token, after.window.lease, after.window.delivery) == ("new token", NOW + 10, "mine")
    else:
        assert (answer.claim, after.window) == (None, before)
    assert (answer.attempted is not None) == (verdict in (R, K) and entry == "attempted")
    assert (answer.until, answer.by) == ((WALL + 60, "message of other") if verdict in (C, K) else (None, None))
    assert (after.entry is not None and after.entry.mark is Mark.SUPPRESSED) == (verdict is C)


@pytest.mark.parametrize("state", TABLE)
@pytest.mark.parametrize("whose", ["own", "other"])
def test_the_journal_speaks_first(state: str, whose: str) -> None:
    """A finished delivery is answered from the journal, whatever the window says, and nothing changes."""
    records, answer = claim(state, whose, "done")
    assert (answer.verdict, answer.data, records.window) == (D, "journal", windows(whose)[state])
    records, answer = claim(state, whose, "suppressed")
    assert (answer.verdict, answer.until, answer.by) == (S, WALL - 10, "first")
    assert records == Records(windows(whose)[state], ENTRIES["suppressed"])


@pytest.mark.parametrize("state", TABLE)
@pytest.mark.parametrize("whose", ["own", "other"])
def test_an_old_entry_is_no_entry(state: str, whose: str) -> None:
    """An entry that has outlived the journal decides nothing."""
    assert claim(state, whose, "old") == claim(state, whose, "none")


def test_a_checked_claim_is_suppressed() -> None:
    """After a read-back that found nothing the delivery is suppressed, in the same step."""
    records, answer = claim("done", "other", "attempted", checked=True)
    assert (answer.verdict, records.entry) == (C, Entry(Mark.SUPPRESSED, NOW, until=NOW + 60, by="message of other"))


@pytest.mark.parametrize("state", TABLE)
def test_only_a_live_token_marks(state: str) -> None:
    """mark_sent says yes while the token matches, the delivery is not finished and the lease lives."""
    before = Records(windows("own")[state], None)
    after, ok = PROTOCOL.mark_sent(before, Claim("key", "mine", 30.0, "old token"), AT)
    assert ok == (state in ("held", "sent"))
    if ok:
        assert after.window == window(Stage.SENT, "own", 15, 45)
        assert after.entry == Entry(Mark.ATTEMPTED, NOW, NOW, WALL)
    else:
        assert after == before
    assert PROTOCOL.mark_sent(before, Claim("key", "mine", 30.0, "another"), AT) == (before, False)


@pytest.mark.parametrize("entry", ["none", "attempted"])
@pytest.mark.parametrize("state", TABLE)
def test_a_confirmation_is_always_true(state: str, entry: str) -> None:
    """The delivery is done in every state; the holder's window opens; another's is only lengthened."""
    before = Records(windows("own")[state], ENTRIES[entry])
    own = PROTOCOL.confirm(before, Claim("key", "mine", 70.0, "old token"), "data", AT)
    assert own.entry == Entry(Mark.DONE, NOW, data="data")
    live = state.startswith(("held", "sent"))
    expected = Window(Stage.DONE, "mine", "message of own", "old token", 0.0, NOW + 70, "data")
    assert own.window == (expected if live else before.window)
    stale = PROTOCOL.confirm(before, Claim("key", "x", 70.0, "another"), "data", AT)
    lengthened = state.startswith(("sent", "done"))
    assert stale.window is before.window if not lengthened else stale.window.until == NOW + 70  # type: ignore[union-attr]


@pytest.mark.parametrize("entry", ["none", "attempted", "done"])
@pytest.mark.parametrize("state", TABLE)
def test_only_the_holder_releases(state: str, entry: str) -> None:
    """release frees the key and forgets the attempt for the holder alone; it never touches what is finished."""
    before = Records(windows("own")[state], ENTRIES[entry])
    after = PROTOCOL.release(before, Claim("key", "mine", 30.0, "old token"))
    if state.startswith(("held", "sent")):
        assert after.window is not None
        assert (after.window.stage, after.window.ends) == (Stage.RELEASED, 0.0)
        assert after.entry == (ENTRIES["done"] if entry == "done" else None)
    else:
        assert after == before
    assert PROTOCOL.release(before, Claim("key", "mine", 30.0, "another")) == before


@pytest.mark.parametrize("state", TABLE)
def test_an_unknown_outcome_only_lengthens(state: str) -> None:
    """ambiguous keeps the holder's sent state and lengthens its window to a period from now."""
    before = Records(windows("own")[state], ENTRIES["attempted"])
    after = PROTOCOL.ambiguous(before, Claim("key", "mine", 70.0, "old token"), AT)
    assert after.entry == before.entry
    if state.startswith("sent"):
        assert after.window is not None
        assert (after.window.stage, after.window.until) == (Stage.SENT, NOW + 70)
    else:
        assert after == before
    assert PROTOCOL.ambiguous(before, Claim("key", "mine", 70.0, "another"), AT) == before


def test_the_first_attempt_is_remembered() -> None:
    """A second mark keeps the time of the first and renews the entry's age."""
    before = Records(window(Stage.HELD, "own", 1, -NOW), ENTRIES["attempted"])
    records, _ = PROTOCOL.mark_sent(before, Claim("key", "mine", 30.0, "old token"), AT)
    assert records.entry == Entry(Mark.ATTEMPTED, NOW, NOW - 50, WALL - 50)


@pytest.mark.parametrize(("recorded", "answered"), [(-50, -50), (-900, -900), (900, -50)])
def test_the_attempt_is_never_dated_too_late(recorded: float, answered: float) -> None:
    """When the wall clock was set since the attempt, the earlier of both readings is given."""
    entry = Entry(Mark.ATTEMPTED, NOW - 50, NOW - 50, WALL + recorded)
    request = ClaimRequest("key", "mine", 30.0, "m")
    assert PROTOCOL.claim(Records(None, entry), request, AT, "t").answer.attempted == WALL + answered


@pytest.mark.parametrize("seconds", [0, 0.0, 0.5, 60, 366 * 24 * 3600])
def test_periods(seconds: float) -> None:
    """Zero, fractions and up to a year are periods."""
    check_seconds(seconds)


@pytest.mark.parametrize(
    "seconds", [-1, float("nan"), float("inf"), -float("inf"), 10**9, True, False, "60", None, [60]]
)
def test_what_is_no_period(seconds: Any) -> None:
    """Anything else is refused, with the value in the message."""
    with pytest.raises(ValueError, match="a period lasts from 0 to"):
        check_seconds(seconds)
