"""A service in this process: readiness, reloads under load, and which destinations an event reaches."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest
from destination_actions.errors import ConfigurationError
from destination_actions.ingest import Limits, Options, Service
from destination_actions_twilio_studio.sandbox import DEMO
from ingest_process import configuration
from ingest_server import KEY, basic

SETTINGS = {
    "accountSid": DEMO.account_sid,
    "authToken": DEMO.auth_token,
    "spaceId": DEMO.space_id,
    "profileApiAccessToken": DEMO.profile_token,
}
ORDER = {"event": "Order Completed", "userId": "jane"}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration that delivers nowhere: the services here have no worker."""
    return configuration(tmp_path, SETTINGS)


def options(**changes: Any) -> Options:
    """A free port, and no worker."""
    return Options(**{"port": 0, "worker": False, "drain": 1.0, **changes})


async def posted(service: Service, message: str, key: str = KEY) -> int:
    """Send one order over a connection of its own; gives the status."""
    headers = {"Authorization": basic(key)}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{service.url}/v1/track", json={**ORDER, "messageId": message}, headers=headers) as response,
    ):
        return response.status


async def got(service: Service, path: str) -> int:
    """The status of a page."""
    async with aiohttp.ClientSession() as session, session.get(service.url + path) as response:
        return response.status


async def held(service: Service) -> list[tuple[str, str]]:
    """What the queue holds: destination and messageId."""
    leases = await service._opened.queue.take(10_000, lease=60)
    return sorted((lease.delivery.destination, lease.delivery.event["messageId"]) for lease in leases)


async def test_ready_or_not(config: Path) -> None:
    """Ready while the store answers and nobody stops the server; alive in any case."""
    async with Service(config, options()) as service:
        assert [200, 200] == [await got(service, "/readyz"), await got(service, "/healthz")]
        for file in config.parent.glob("s.db*"):
            file.unlink()
        assert [503, 200] == [await got(service, "/readyz"), await got(service, "/healthz")]
        assert 503 == await posted(service, "m-1")


async def test_a_queue_that_is_full(config: Path) -> None:
    """With so many deliveries waiting as are allowed, calls are refused for now, until some have ended."""
    async with Service(config, options(limits=Limits(waiting=2))) as service:
        assert [200, 200, 503] == [await posted(service, f"m-{n}") for n in range(3)]
        queue = service._opened.queue
        [first, _] = await queue.take(2, lease=60)
        assert 503 == await posted(service, "m-3")
        await queue.ack(first)
        assert [200, 503] == [await posted(service, f"m-{n}") for n in (3, 4)]


async def test_stopping(config: Path) -> None:
    """Calls are refused from the moment of stopping on."""
    async with Service(config, options()) as service:
        await service.stop()
        assert [503, 503] == [await posted(service, "m-1"), await got(service, "/readyz")]
        assert not await service.reload()
        assert [] == await held(service)


async def test_reloads_under_load(config: Path) -> None:
    """No call is lost or refused while the configuration is exchanged again and again."""
    async with Service(config, options()) as service:
        reloading = [asyncio.ensure_future(service.reload()) for _ in range(8)]
        statuses = await asyncio.gather(*(posted(service, f"m-{number}") for number in range(60)))
        assert [True] * 8 == await asyncio.gather(*reloading)
        assert [200] * 60 == statuses
        assert 60 == len(await held(service))


async def test_sources_reach_their_destinations(tmp_path: Path) -> None:
    """An event becomes deliveries for the destinations of its source alone."""
    config = configuration(tmp_path, SETTINGS)
    value = json.loads(config.read_text())
    value["destinations"]["crm"] = value["destinations"]["shop"]
    value["sources"] = {
        "all": {"writeKey": KEY},
        "shop": {"writeKey": "shop-key-0123456789", "destinations": ["shop"]},
        "none": {"writeKey": "none-key-0123456789", "destinations": []},
    }
    config.write_text(json.dumps(value))
    async with Service(config, options()) as service:
        for name, key in [("a", KEY), ("b", "shop-key-0123456789"), ("c", "none-key-0123456789")]:
            assert 200 == await posted(service, name, key)
        assert [("crm", "a"), ("shop", "a"), ("shop", "b")] == await held(service)


async def test_once_in_the_queue(config: Path) -> None:
    """The same messageId in one batch, in another call and from another process is one delivery."""
    async with Service(config, options()) as service, Service(config, options()) as other:
        assert [200] * 3 == [await posted(one, "m-1") for one in (service, service, other)]
        assert [("shop", "m-1")] == await held(service)


async def test_too_many_connections(config: Path) -> None:
    """A connection over the limit is told so and closed; the others go on, and make room when they end."""
    async with Service(config, options(limits=Limits(connections=2))) as service:
        address = urlsplit(service.url)
        pairs = [await asyncio.open_connection(address.hostname, address.port) for _ in range(2)]
        for _ in range(2):
            for reader, writer in pairs:
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
                await reader.readuntil(b"}")
            assert 503 == await got(service, "/healthz")
        for _, writer in pairs:
            writer.close()
            await writer.wait_closed()
        while await got(service, "/healthz") != 200:  # noqa: ASYNC110 - the other side sees the end when it sees it
            await asyncio.sleep(0)


async def test_nothing_to_serve(tmp_path: Path) -> None:
    """A service without sources does not start."""
    with pytest.raises(ConfigurationError, match="no source is configured"):
        async with Service(configuration(tmp_path, SETTINGS, sources={})):
            raise AssertionError


async def test_an_address_that_is_taken(config: Path) -> None:
    """It is an error that says what to do."""
    async with Service(config, options()) as service:
        port = urlsplit(service.url).port or 0
        with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1:{port}") as caught:
            async with Service(config, options(port=port)):
                raise AssertionError
    assert "choose another with --host and --port" == caught.value.hint


async def test_secrets_of_both_kinds_are_known(config: Path) -> None:
    """The redactor hides write keys and the settings' secrets, and follows a reload."""
    async with Service(config, options()) as service:
        text = f"{KEY} {DEMO.auth_token} {basic()}"
        shown = service.redactor().text(text)
        assert not [secret for secret in (KEY, DEMO.auth_token, basic().split()[1]) if secret in shown]
        configuration(config.parent, SETTINGS, sources={"web": {"writeKey": "next-key-0123456789"}})
        assert await service.reload()
        assert "next-key" not in service.redactor().text("next-key-0123456789")
        assert [401, 200] == [await posted(service, "m-1"), await posted(service, "m-1", "next-key-0123456789")]
