"""What a cluster of three does when one of its servers is cut off. Run by `make crash-nats`: elections take seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from destination_actions.protocols import ClaimRequest, ClaimTimes, Verdict
from destination_actions.stores.nats.claims import NatsClaims
from nats_servers import Cluster
from nats_stores import opened, run
from test_nats_faults import Machine, delivery, taken


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three servers."""
    three = Cluster(tmp_path)
    three.start()
    yield three
    three.end()


def test_a_partition_of_one_server(cluster: Cluster) -> None:
    """A server of three is frozen, the leader at that: claims and deliveries go on with the other two; when it is back
    it has no say of its own, and everything is there once."""

    async def main() -> None:
        link, names = await asyncio.to_thread(opened, cluster.url, "three", 3)
        await asyncio.to_thread(link.close)
        machine = await asyncio.to_thread(Machine, f"{cluster.url}/{names.name}")
        claims = NatsClaims(machine.link, names, machine.time, ClaimTimes())
        await machine.queue.enqueue([delivery(str(n)) for n in range(20)])
        frozen = await asyncio.to_thread(cluster.leader_of, names.queue)
        frozen.stop()
        assert 20 == await machine.queue.enqueue([delivery(str(n)) for n in range(20, 40)])
        answer = await claims.claim(ClaimRequest("k", "a", 60.0, "a"))
        assert Verdict.GRANTED is answer.verdict
        frozen.go_on()
        assert Verdict.BUSY is (await claims.claim(ClaimRequest("k", "b", 60.0, "b"))).verdict
        leases = await taken(machine.queue, 40)
        assert 40 == len({lease.delivery.key for lease in leases}) == len(leases)
        await asyncio.to_thread(machine.close)

    run(main())
