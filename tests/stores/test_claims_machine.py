"""The state machine holds over every store, and notices every wrong protocol."""

import pytest
from claims_machine import run_machine
from claims_mutants import WRONG_TRANSITIONS, WRONG_WORKERS, CountedTokens, world_of
from claims_stores import WORLDS
from claims_world import Broken
from destination_actions.stores import MemoryClaims
from destination_actions.testing.stores import ClaimStoreSuite

SEEDS = {"ReleaseAnyone": 6}
"""Where to start, for a wrong protocol that the usual start finds late; `make campaign` starts anywhere."""
RUNS = {"memory": 250, "sqlite": 100, "compare-and-set": 60, "memory, suppress": 150}


@pytest.mark.parametrize("store", WORLDS)
def test_the_invariants_hold(store: str) -> None:
    """I1 to I9 hold over a store, whatever workers and upstream do."""
    with WORLDS[store]() as make:
        run_machine(make, runs=RUNS[store])


@pytest.mark.parametrize("wrong", WRONG_WORKERS + WRONG_TRANSITIONS, ids=lambda wrong: wrong.__name__)
def test_a_wrong_protocol_is_noticed(wrong: type, capsys: pytest.CaptureFixture[str]) -> None:
    """The machine finds a broken invariant in each wrong protocol."""
    with pytest.raises(Broken, match=r"^I\d: "):
        run_machine(world_of(wrong), runs=20_000, start=SEEDS.get(wrong.__name__, 4))


def test_there_are_fifteen_wrong_protocols() -> None:
    """Fourteen fall to the machine, and tokens that are counted to their trace."""
    assert len({*WRONG_WORKERS, *WRONG_TRANSITIONS, CountedTokens}) == 15


class Counted(ClaimStoreSuite):
    """Claims whose tokens are counted within the record."""

    __test__ = False
    make = staticmethod(lambda clock, times: MemoryClaims(clock, times, transitions=CountedTokens(times)))


def test_counted_tokens_are_noticed() -> None:
    """The trace of the frozen holder notices tokens that are counted within the record."""
    with pytest.raises(AssertionError, match="mark_sent of the frozen holder"):
        Counted().test_trace_04_a_frozen_holder_wakes()


@pytest.mark.parametrize("store", WORLDS)
def test_a_frozen_worker_sends_nothing(store: str) -> None:
    """A worker frozen for 60 seconds between mark_sent and the write finds its deadline passed and sends nothing."""
    with WORLDS[store]() as make:
        world = make()
        event = world.new_event(20.0)
        [worker] = world.workers
        world.drive(worker, 2, "ok")
        world.tick(60.0)
        world.drive(worker, 20, "ok")
        assert event.executed == []
        world.drive(world.deliver(event), 20, "ok")
        assert len(event.executed) == 1
