"""No connection to an address inside, and no redirect to one."""

from __future__ import annotations

import pytest
from aiohttp import web
from destination_actions import Delivered, Rejected

INSIDE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/",
    "http://100.100.100.200/",
    "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/",
    "http://127.0.0.1:{port}/",
    "http://localhost:{port}/",
    "http://10.0.0.1/",
    "http://0.0.0.0:{port}/",
]


@pytest.mark.parametrize("url", INSIDE)
async def test_an_address_inside_is_refused(make, receiver, event, url) -> None:
    """However it is written or resolved, it is not connected to unless its network is allowed."""
    assert receiver.server is not None
    [outcome] = await make({"allowNetworks": []}, url=url.format(port=receiver.server.port)).send(event())
    assert isinstance(outcome, Rejected), outcome
    assert "forbidden_address" == outcome.code
    assert "allowNetworks" in outcome.message
    assert [] == receiver.requests


async def test_only_the_allowed_network_is_open(make, receiver, event) -> None:
    """Allowing loopback does not allow the metadata address."""
    runtime = make(url={"@path": "$.properties.url"})
    [[inside], [metadata]] = await runtime.send_batch(
        [event("m1", url=receiver.url()), event("m2", url="http://169.254.169.254/")]
    )
    assert isinstance(inside, Delivered)
    assert isinstance(metadata, Rejected)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(make, receiver, event, status) -> None:
    """Wherever it points, the answer is a no and says so."""
    receiver.answers = {"/hook": web.Response(status=status, headers={"Location": receiver.url("/other")})}
    [outcome] = await make().send(event())
    assert isinstance(outcome, Rejected)
    assert ("redirect", status) == (outcome.code, outcome.status)
    assert ["/hook"] == [request.path for request in receiver.requests]
