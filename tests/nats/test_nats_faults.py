"""What goes wrong between workers and servers: each fault with what happens then, on real servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import StoreError
from destination_actions.protocols import ClaimRequest, ClaimTimes, Delivery, Lease, Verdict
from destination_actions.stores import SystemClock
from destination_actions.stores.nats.claims import NatsClaims
from destination_actions.stores.nats.desk import NatsDesk
from destination_actions.stores.nats.ledger import NatsLedger
from destination_actions.stores.nats.moments import StoreClock, server_time
from destination_actions.stores.nats.projection import Projection
from destination_actions.stores.nats.queue import NatsQueue
from destination_actions.stores.nats.shared import NatsRates, NatsTokens
from destination_actions.testing.clock import ManualClock
from nats_servers import Server
from nats_stores import opened, own_time, run, set_up

LONG = 20.0


@pytest.fixture
def url(server: Server, fresh: Callable[[], str]) -> str:
    """The URL of a store that is set up."""
    link, names = opened(server.url, fresh())
    link.close()
    return f"{server.url}/{names.name}"


class Machine:
    """One machine's parts of a store: a connection, and a clock that may be wrong."""

    def __init__(self, url: str, clock: Any = None, **queue: Any) -> None:
        base, _, name = url.rpartition("/")
        self.clock = clock or SystemClock()
        self.link, self.names = opened(base, name)
        self.time = own_time(self.clock)
        self.queue = NatsQueue(self.link, self.names, self.time, **queue)

    def close(self) -> None:
        """Close as a machine does that is shut down."""
        self.link.close()

    def dies(self) -> None:
        """End without a word: the connection breaks, nothing is given back."""
        self.link._endings.clear()
        self.queue._answers.forget()
        self.link.close()


@pytest.fixture
def machines(url: str) -> Iterator[Callable[..., Machine]]:
    """Makes machines on one store, and closes them."""
    made: list[Machine] = []

    def machine(**how: Any) -> Machine:
        made.append(Machine(url, **how))
        return made[-1]

    yield machine
    for one in made:
        one.close()


def delivery(name: str, lane: str = "lane", user: str = "jane") -> Delivery:
    """A delivery of an event."""
    return Delivery(f"key-{name}", "hook", "all", {"messageId": name, "userId": user}, time.time(), 0, lane)


async def taken(queue: NatsQueue, count: int = 1, **room: int) -> list[Lease]:
    """Take until there are so many; servers keep real time."""
    leases: list[Lease] = []
    deadline = time.monotonic() + LONG
    while len(leases) < count and time.monotonic() < deadline:
        leases += await queue.take(count - len(leases), lease=60.0, room=room)
        await asyncio.sleep(0.01)
    return leases


async def emptied(machine: Machine, messages: int) -> None:
    """Return when the queue's stream holds so many messages: acknowledging takes a moment."""
    deadline = time.monotonic() + LONG
    while (await machine.link.run(machine.queue._parked.survey())).messages > messages:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.01)


# --- redelivery -------------------------------------------------------------------------------------------------------


def test_what_a_dead_worker_held_is_delivered_again(machines: Callable[..., Machine]) -> None:
    """After the ack wait another machine gets it, with the attempt and the loss counted; not before."""

    async def main() -> None:
        dying, other = machines(ack_wait=0.5), machines(ack_wait=0.5)
        await dying.queue.enqueue([delivery("a")])
        [first] = await taken(dying.queue)
        assert (1, 0) == (first.attempts, first.losses)
        dying.dies()
        assert [] == list(await other.queue.take(1, lease=60.0))
        [again] = await taken(other.queue)
        assert (first.delivery, 2, 1) == (again.delivery, again.attempts, again.losses)
        assert await other.queue.ack(again)
        await emptied(other, 0)

    run(main())


def test_what_is_worked_on_is_not_delivered_again(machines: Callable[..., Machine]) -> None:
    """A worker that is slow, but there, keeps its delivery for several ack waits: it says that it is at it."""

    async def main() -> None:
        slow, other = machines(ack_wait=1.0), machines(ack_wait=1.0)
        await slow.queue.enqueue([delivery("a")])
        [lease] = await taken(slow.queue)
        ends = time.monotonic() + 2.2
        while time.monotonic() < ends:
            assert [] == list(await other.queue.take(1, lease=60.0))
            await asyncio.sleep(0.05)
        assert await slow.queue.ack(lease)
        await emptied(other, 0)

    run(main())


def test_a_worker_that_was_not_heard_of_decides_nothing(machines: Callable[..., Machine]) -> None:
    """One that was frozen for longer than the ack wait finds that the delivery is no longer its own."""

    async def main() -> None:
        frozen, other = machines(ack_wait=0.4), machines(ack_wait=0.4)
        await frozen.queue.enqueue([delivery("a")])
        [lost] = await taken(frozen.queue)
        held = frozen.queue._hands._held[lost.delivery.key, lost.token]
        frozen.queue._beating.cancel()  # type: ignore[union-attr]  # as if the process had been stopped
        [live] = await taken(other.queue)
        assert held.beat + 0.4 < SystemClock().monotonic()
        assert not await frozen.queue.retry(lost, delay=0.0)
        assert await other.queue.ack(live)
        await emptied(other, 0)

    run(main())


def test_a_worker_that_ends_gives_back_what_nobody_took(machines: Callable[..., Machine]) -> None:
    """What was fetched and handed to nobody is there for others at once, and counts as no attempt."""

    async def main() -> None:
        ending, other = machines(), machines()
        await ending.queue.enqueue([delivery("a", "one"), delivery("b", "two")])
        [lease] = await taken(ending.queue)
        await ending.queue.retry(lease, delay=0.0, counts=False)
        ending.close()
        leases = await taken(other.queue, 2)
        assert [(1, 0), (1, 0)] == [(lease.attempts, lease.losses) for lease in leases]

    run(main())


# --- delays -----------------------------------------------------------------------------------------------------------


def test_a_short_delay_is_the_servers(machines: Callable[..., Machine]) -> None:
    """A delivery given back for a moment comes to another machine after it, its attempts counted and no loss."""

    async def main() -> None:
        one, other = machines(), machines()
        await one.queue.enqueue([delivery("a"), delivery("b")])
        counted, not_counted = await taken(one.queue, 2)
        began = time.monotonic()
        await one.queue.retry(counted, delay=0.2)
        await one.queue.retry(not_counted, delay=0.2, counts=False)
        again = await taken(other.queue, 2)
        assert time.monotonic() - began >= 0.2
        assert {("a", 2, 0), ("b", 1, 0)} == {
            (lease.delivery.event["messageId"], lease.attempts, lease.losses) for lease in again
        }

    run(main())


def test_a_storm_of_refusals_stops_no_lane(machines: Callable[..., Machine]) -> None:
    """Long delays are parked outside of the consumer: nothing of them counts as in hand, and new deliveries come."""

    async def main() -> None:
        machine = machines()
        await machine.queue.enqueue([delivery(str(n)) for n in range(300)])
        for lease in await taken(machine.queue, 300):
            await machine.queue.retry(lease, delay=3600.0, counts=False)
        await machine.queue.enqueue([delivery("new")])
        [lease] = await taken(machine.queue)
        assert "new" == lease.delivery.event["messageId"]
        states = machine.link.wait(machine.queue._consumers.states())
        assert (0, 1) == (states["lane"].pending, states["lane"].in_hand)
        assert 300 == sum((machine.link.wait(machine.queue._parked.survey())).slots.values())

    run(main())


def test_what_one_machine_has_parked_another_takes(machines: Callable[..., Machine]) -> None:
    """A parked delivery is nobody's: when its second is over, whoever asks gets it."""

    async def main() -> None:
        one, other = machines(given_back=0.0), machines(given_back=0.0)
        await one.queue.enqueue([delivery("a")])
        [lease] = await taken(one.queue)
        await one.queue.retry(lease, delay=0.1)
        one.dies()
        [again] = await taken(other.queue)
        assert (2, 0) == (again.attempts, again.losses)

    run(main())


def test_a_crash_between_parking_and_acknowledging(machines: Callable[..., Machine]) -> None:
    """Both copies are there; whatever becomes of the original leads to the copy that is parked, so one is left."""

    async def main() -> None:
        dying, other = machines(ack_wait=0.4), machines(ack_wait=0.4)
        await dying.queue.enqueue([delivery("a")])
        [lease] = await taken(dying.queue)
        dying.queue._answer = lambda held, answer: None  # type: ignore[method-assign]  # dies before it acknowledges
        await dying.queue.retry(lease, delay=600.0)
        dying.dies()
        [again] = await taken(other.queue)
        assert 1 == again.losses
        await other.queue.retry(again, delay=600.0)
        survey = other.link.wait(other.queue._parked.survey())
        assert 1 == sum(survey.slots.values())
        await emptied(other, 1)

    run(main())


def test_a_crash_between_the_stream_of_the_dead_and_the_end(machines: Callable[..., Machine]) -> None:
    """A worker dies after it has stored a dead delivery and before the queue lets go of it: whoever gets it next knows,
    so it is tried by nobody, and lies once among the dead."""

    async def main() -> None:
        dying, other = machines(ack_wait=0.4), machines(ack_wait=0.4)
        await dying.queue.enqueue([delivery("a")])
        [lease] = await taken(dying.queue)
        dying.queue._answer = lambda held, answer: None  # type: ignore[method-assign]  # dies before it terminates
        await dying.queue.dead(lease, "gave up")
        dying.dies()
        await other.queue.enqueue([delivery("b")])
        assert ["key-b"] == [lease.delivery.key for lease in await taken(other.queue)]
        while (await other.link.run(other.queue._parked.survey())).messages > 1:
            assert [] == list(await other.queue.take(5, lease=60.0))
        assert ["gave up"] == [one.reason for one in await other.queue.list_dead()]

    run(main())


def test_a_paused_lane_is_not_fetched(machines: Callable[..., Machine]) -> None:
    """While a lane has no room its consumer is not asked, so nothing of it leaves the stream."""

    async def main() -> None:
        machine = machines()
        await machine.queue.enqueue([delivery("a", "paused"), delivery("b", "open")])
        [lease] = await taken(machine.queue, 1, paused=0, open=5)
        assert "open" == lease.delivery.lane
        states = machine.link.wait(machine.queue._consumers.states())
        assert (1, 0) == (states["paused"].pending, states["paused"].in_hand)

    run(main())


# --- duplicates -------------------------------------------------------------------------------------------------------


def test_duplicates_are_known_and_the_journal_knows_longer(machines: Callable[..., Machine]) -> None:
    """Within two minutes the stream knows a delivery's key; after that it comes again, and its claim says done."""

    async def main() -> None:
        machine = machines()
        claims = NatsClaims(machine.link, machine.names, machine.time, ClaimTimes())
        assert [1, 0] == [await machine.queue.enqueue([delivery("a")]) for _ in range(2)]
        [lease] = await taken(machine.queue)
        answer = await claims.claim(ClaimRequest("k", lease.delivery.key, 0.0, "a"))
        assert answer.claim is not None
        assert await claims.mark_sent(answer.claim)
        await claims.confirm(answer.claim, {"sid": "FN1"})
        await machine.queue.ack(lease)
        await no_more_duplicates(machine)
        assert 1 == await machine.queue.enqueue([delivery("a")])
        [lease] = await taken(machine.queue)
        again = await claims.claim(ClaimRequest("k", lease.delivery.key, 0.0, "a"))
        assert (Verdict.ALREADY_DONE, {"sid": "FN1"}) == (again.verdict, again.data)

    run(main())


async def no_more_duplicates(machine: Machine) -> None:
    """As if the two minutes were over in which the stream knows a message's id."""
    config = (await machine.link.run(machine.link.wire.api(f"STREAM.INFO.{machine.names.queue}")))["config"]
    body = {**config, "duplicate_window": 100_000_000}
    await machine.link.run(machine.link.wire.api(f"STREAM.UPDATE.{machine.names.queue}", body))
    await asyncio.sleep(0.3)


def test_what_is_dead_stays_known(machines: Callable[..., Machine]) -> None:
    """A dead key is not taken in again, on whichever machine, however late; what was taken in while it was still tried
    is tried no more; and when it is forgotten, it is new."""

    async def main() -> None:
        one, other = machines(), machines()
        await other.queue.enqueue([delivery("known")])  # it has looked before anything is dead
        await one.queue.enqueue([delivery("a")])
        await no_more_duplicates(one)
        assert 1 == await other.queue.enqueue([delivery("a")])
        first, *rest = sorted(await taken(one.queue, 2), key=lambda lease: lease.delivery.key)
        assert ["key-a", "key-known"] == [first.delivery.key, *(lease.delivery.key for lease in rest)]
        await one.queue.dead(first, "gave up")
        assert [] == list(await one.queue.take(5, lease=60.0))
        await emptied(one, 1)
        other.queue._buried._look_at = 0.0  # as if some seconds had passed
        await other.queue.enqueue([])
        await other.queue.take(5, lease=60.0)
        await other.queue._buried._looking  # type: ignore[misc]
        assert [0, 0] == [await machine.queue.enqueue([delivery("a")]) for machine in (one, other)]
        assert 1 == await other.queue.forget_dead(["key-a"])
        await no_more_duplicates(other)
        assert 1 == await other.queue.enqueue([delivery("a")])

    run(main())


def test_many_machines_one_key(machines: Callable[..., Machine]) -> None:
    """However many machines claim one key at once, one gets it."""

    async def main() -> None:
        stores = [NatsClaims(one.link, one.names, one.time, ClaimTimes()) for one in (machines() for _ in range(4))]
        asked = [store.claim(ClaimRequest("k", f"d{n}", 60.0, f"m{n}")) for n, store in enumerate(stores * 10)]
        verdicts = [answer.verdict for answer in await asyncio.gather(*asked)]
        assert (1, 39) == (verdicts.count(Verdict.GRANTED), verdicts.count(Verdict.BUSY))

    run(main())


def test_machines_share_a_rate_and_tokens(machines: Callable[..., Machine]) -> None:
    """Permits are taken by compare-and-set: none is given twice; of writers of one token revision one is first."""

    async def main() -> None:
        clock = ManualClock()
        made = [machines(clock=clock) for _ in range(3)]
        rates = [NatsRates(one.link, one.names, one.time) for one in made]
        waits = sorted(await asyncio.gather(*(rate.take_rate("r", 1, per_second=10.0) for rate in rates * 10)))
        assert waits == pytest.approx([number / 10 for number in range(30)], abs=1e-4)
        await rates[0].pause("r", 60.0)
        assert 60.0 == pytest.approx(await rates[1].paused("r"))
        tokens = [NatsTokens(one.link, one.names) for one in made]
        written = await asyncio.gather(*(token.put("t", {"n": n}, revision=0) for n, token in enumerate(tokens * 5)))
        assert 1 == written.count(True)
        assert (1, {"n": written.index(True)}) == await tokens[0].get("t")
        assert await tokens[1].put("t", {"n": 9}, revision=1)
        assert (2, {"n": 9}) == await tokens[2].get("t")

    run(main())


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_clocks_that_differ_move_no_window(url: str, machines: Callable[..., Machine]) -> None:
    """Two machines whose wall clocks are two hours apart agree on leases, windows and pauses: time is the server's."""

    class Off(SystemClock):
        def __init__(self, by: float) -> None:
            self.by = by

        def now(self) -> float:
            return super().now() + self.by

    async def main() -> None:
        claims, rates = [], []
        for by in (-3600.0, 3600.0):
            one = machines(clock=Off(by))
            told = await one.link.run(server_time(one.link.wire, one.names.queue, one.clock))
            clock = StoreClock(one.clock, told)
            assert abs(clock.offset - by) < 0.5
            claims.append(NatsClaims(one.link, one.names, clock, ClaimTimes()))
            rates.append(NatsRates(one.link, one.names, clock))
        answer = await claims[0].claim(ClaimRequest("k", "a", 60.0, "a"))
        assert answer.claim is not None
        assert Verdict.BUSY is (await claims[1].claim(ClaimRequest("k", "b", 60.0, "b"))).verdict
        assert await claims[0].mark_sent(answer.claim)
        await claims[0].confirm(answer.claim)
        cooling = await claims[1].claim(ClaimRequest("k", "b", 60.0, "b"))
        assert Verdict.COOLING is cooling.verdict
        assert abs(cooling.until - (time.time() + 3600.0 + 60.0)) < 2.0  # type: ignore[operator]  # as its wall has it
        await rates[1].pause("r", 30.0)
        assert 28 < await rates[0].paused("r") <= 30

    run(main())


# --- streams and servers that are gone --------------------------------------------------------------------------------


def test_a_deleted_stream_is_told_and_made_again_by_setup(machines: Callable[..., Machine]) -> None:
    """Nothing is made silently: operations fail with what to do; after a setup the same workers go on."""

    async def main() -> None:
        machine = machines()
        machine.link.wire._patience = 0.3
        await machine.queue.enqueue([delivery("a")])
        await machine.link.run(machine.link.wire.api(f"STREAM.DELETE.{machine.names.queue}"))
        with pytest.raises(StoreError, match=r"nobody answers for .*: its stream does not exist"):
            await machine.queue.enqueue([delivery("b")])
        with pytest.raises(StoreError, match="stream not found"):
            await machine.queue.take(1, lease=60.0)
        with pytest.raises(StoreError, match="stream not found"):
            await machine.queue.next_due()
        await asyncio.to_thread(set_up, machine.link)
        assert 1 == await machine.queue.enqueue([delivery("b")])
        [lease] = await taken(machine.queue)
        assert "b" == lease.delivery.event["messageId"]

    run(main())


@pytest.fixture
def one_server(tmp_path: Path) -> Iterator[Server]:
    """A server of one's own, to do it harm."""
    one = Server(tmp_path).start()
    yield one
    one.end()


def test_a_server_that_is_killed_and_comes_back(one_server: Server) -> None:
    """What was acknowledged is there when the server is; a worker reconnects, and operations wait for that."""

    async def main() -> None:
        machine = Machine(f"{one_server.url}/x")
        await machine.queue.enqueue([delivery(str(n)) for n in range(50)])
        one_server.kill()
        waiting = asyncio.ensure_future(machine.queue.enqueue([delivery("late")]))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await asyncio.to_thread(one_server.start)
        assert 1 == await waiting
        leases = await taken(machine.queue, 51)
        assert 51 == len({lease.delivery.key for lease in leases})
        await asyncio.to_thread(machine.close)

    run(main())


def test_a_server_that_is_frozen(one_server: Server) -> None:
    """A server that is stopped and continued: requests are answered late or repeated, and each is stored once."""

    async def main() -> None:
        machine = Machine(f"{one_server.url}/x")
        claims = NatsClaims(machine.link, machine.names, machine.time, ClaimTimes())
        one_server.stop()
        stored = asyncio.ensure_future(machine.queue.enqueue([delivery("a")]))
        claimed = asyncio.ensure_future(claims.claim(ClaimRequest("k", "a", 60.0, "a")))
        await asyncio.sleep(0.5)
        assert not stored.done()
        assert not claimed.done()
        one_server.go_on()
        await stored
        assert Verdict.GRANTED is (await claimed).verdict
        assert 1 == len(await taken(machine.queue, 1))
        assert 0 == len(await machine.queue.take(5, lease=60.0))
        await asyncio.to_thread(machine.close)

    run(main())


def unanswered(machine: Machine, subject: str) -> list[str]:
    """Have the answer to the first request below a subject be lost; gives the subjects of which it was."""
    asked, lost = machine.link.wire._asked, []

    async def once(to: str, data: bytes, headers: Any) -> dict[str, Any]:
        answer = await asked(to, data, headers)
        if to.startswith(subject) and not lost:
            lost.append(to)
            raise OSError("the connection broke")
        return answer

    machine.link.wire._asked = once  # type: ignore[method-assign]
    return lost


def test_a_write_without_an_answer_is_recognised(machines: Callable[..., Machine]) -> None:
    """When the answer to a claim's write is lost, reading again shows that it was stored, and the claim is held."""

    async def main() -> None:
        machine = machines()
        claims = NatsClaims(machine.link, machine.names, machine.time, ClaimTimes())
        lost = unanswered(machine, "$KV.")
        answer = await claims.claim(ClaimRequest("k", "a", 60.0, "a"))
        assert (1, Verdict.GRANTED) == (len(lost), answer.verdict)
        assert answer.claim is not None
        assert await claims.mark_sent(answer.claim)

    run(main())


def test_a_record_without_an_answer_is_still_the_first(machines: Callable[..., Machine], tmp_path: Path) -> None:
    """When the answer to a terminal record is lost and it is sent again, it does not take itself for another's."""

    async def main() -> None:
        machine = machines()
        projection = Projection(machine.link, machine.names, machine.clock, tmp_path / "p.db")
        ledger = NatsLedger(machine.link, machine.names, projection)
        lost = unanswered(machine, f"{machine.names.name}.ledger.end")
        assert [True, False] == [await ledger.record(_entry("k1", ())), await ledger.record(_entry("k1", ()))]
        assert 1 == len(lost)
        assert 1 == len(await ledger.entries(_everything()))
        await projection.aclose()

    run(main())


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_a_person_is_forgotten_everywhere(machines: Callable[..., Machine], tmp_path: Path) -> None:
    """What waits, is parked or is dead goes from the streams; the ledger's entries go from the stream and from every
    projection, of other machines too when they read on."""

    async def main() -> None:
        machine = machines()
        wire, names = machine.link.wire, machine.names
        await machine.queue.enqueue([delivery("a"), delivery("b"), delivery("c", user="ravi")])
        await machine.queue.enqueue([delivery("d")], delay=500.0)
        first, *rest = await taken(machine.queue, 3)
        await machine.queue.dead(first, "why")
        desk = NatsDesk(machine.link, names, machine.time, machine.queue)
        waiting = await desk.waiting()
        assert [("hook", "all", 1)] == [(one.destination, one.subscription, one.tried) for one in waiting]
        jane = sum(lease.delivery.event["userId"] == "jane" for lease in rest)
        assert 2 + jane == await desk.forget("jane")
        assert 0 == await desk.forget("jane")
        ledgers = [
            NatsLedger(machine.link, names, Projection(machine.link, names, machine.clock, tmp_path / f"{n}.db"))
            for n in range(2)
        ]
        entry = _entry("k1", ("jane",))
        assert await ledgers[0].record(entry)
        assert ["k1"] == [one.key for one in await ledgers[1].entries(_everything())]
        assert 1 == await ledgers[0].forget(["jane"])
        assert [] == list(await ledgers[1].entries(_everything()))
        assert None is await machine.link.run(wire.message(names.ledger, last_by_subj=names.ended("k1")))
        for ledger in ledgers:
            await ledger._projection.aclose()

    run(main())


def _entry(key: str, people: tuple[str, ...]) -> Any:
    from destination_actions.protocols import LedgerEntry

    return LedgerEntry(
        key=key,
        state="delivered",
        reason="ok",
        destination="hook",
        subscription="all",
        action="send",
        message_id=key,
        at=1.0,
        accepted=1.0,
        people=people,
    )


def _everything() -> Any:
    from destination_actions.protocols import LedgerQuery

    return LedgerQuery()
