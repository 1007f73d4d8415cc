"""Opening stores on NATS: what is there, what is refused, and what people are told."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from destination_actions.errors import ConfigurationError, StoreError
from destination_actions.protocols import ClaimStore, ClaimTimes, Desk, Ledger, Queue, RateStore, TokenStore
from destination_actions.stores import SystemClock, open_stores
from destination_actions.stores.nats.address import parse
from destination_actions.stores.nats.streams import MARK, Names, carry_out, found, refuse_old_server, steps, wanted
from nats_servers import Server, free_port
from nats_stores import opened, run


@pytest.fixture
def url(server: Server, fresh: Callable[[], str]) -> str:
    """The URL of a store that is set up."""
    name = fresh()
    link, _ = opened(server.url, name)
    link.close()
    return f"{server.url}/{name}"


def test_a_store_is_opened_by_url(url: str, tmp_path: Path) -> None:
    """A URL gives every part; two workers have one install secret, which is not printed."""
    one, two = (open_stores(f"{url}?projection={tmp_path / 'p.db'}") for _ in range(2))
    parts: list[tuple[Any, object]] = [
        (ClaimStore, one.claims),
        (Queue, one.queue),
        (RateStore, one.rates),
        (TokenStore, one.tokens),
        (Ledger, one.ledger),
        (Desk, one.desk),
    ]
    assert [] == [name for name, part in parts if not isinstance(part, name)]
    assert (32, True) == (len(one.secret), one.secret == two.secret)
    assert one.secret.hex() not in repr(one)
    for stores in (one, two):
        run(stores.close())
        run(stores.close())


def test_a_secret_of_ones_own(url: str) -> None:
    """An install secret in the configuration is used, and not put into the bucket."""
    secret = "ab" * 32
    stores = open_stores(f"{url}?secret={secret}")
    assert bytes.fromhex(secret) == stores.secret
    run(stores.close())
    other = open_stores(url)
    assert other.secret != stores.secret
    run(other.close())


def test_streams_that_are_missing(server: Server, fresh: Callable[[], str]) -> None:
    """Without streams nothing is made silently: the error says which command makes them."""
    with pytest.raises(
        StoreError, match=r"has no streams for deliveries: make them with: destinations nats setup CONF"
    ):
        open_stores(f"{server.url}/{fresh()}")


def test_nobody_is_there() -> None:
    """A server that is not reached is told as that, within seconds and without a password."""
    with pytest.raises(StoreError, match="cannot be reached") as told:
        open_stores(f"nats://jane:hush-hush@127.0.0.1:{free_port()}/x")
    assert "hush" not in str(told.value)


@pytest.mark.parametrize("version", ["2.9.10", "2.10.29", "1.4.1"])
def test_an_old_server_is_refused(version: str) -> None:
    """Servers before 2.11 are refused with what to do."""
    with pytest.raises(StoreError, match=f"runs nats-server {version}, and 2.11 or newer is needed"):
        refuse_old_server(version, "nats://host:4222")


@pytest.mark.parametrize("version", ["2.11.0", "2.15.1", "2.12.0-preview.2", "3.0.0"])
def test_a_new_server_is_not(version: str) -> None:
    """2.11 and newer are taken."""
    refuse_old_server(version, "nats://host:4222")


async def _proxied(server: Server, version: bytes) -> asyncio.Server:
    """Forward to the server, but let it greet with another version."""

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, greeting: bool) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data.replace(b'"version":"2.15.1"', b'"version":"%s"' % version) if greeting else data)
                greeting = False
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, there = await asyncio.open_connection("127.0.0.1", server.port)
        await asyncio.gather(forward(back, writer, True), forward(reader, there, False))

    return await asyncio.start_server(accepted, "127.0.0.1", 0)


def test_an_old_server_is_refused_when_the_store_is_opened(server: Server) -> None:
    """The refusal comes from the greeting of the server, before anything is asked of it."""

    async def main() -> str:
        proxy = await _proxied(server, b"2.10.29")
        port = proxy.sockets[0].getsockname()[1]
        try:
            with pytest.raises(StoreError) as told:
                await asyncio.to_thread(open_stores, f"nats://127.0.0.1:{port}/x")
            return str(told.value)
        finally:
            proxy.close()

    assert "runs nats-server 2.10.29, and 2.11 or newer is needed" in run(main())


def test_a_server_without_jetstream(tmp_path: Path) -> None:
    """A server that keeps nothing is refused with what to do."""
    plain = Server(tmp_path, "plain", {"jetstream": False}).start()
    try:
        with pytest.raises(StoreError, match="has no JetStream: start nats-server with -js"):
            open_stores(f"{plain.url}/x")
    finally:
        plain.end()


def test_newer_streams_are_refused(server: Server, fresh: Callable[[], str]) -> None:
    """Streams of a newer version are left alone, by the workers and by the setup."""
    link, names = opened(server.url, fresh())
    config = {**wanted(names)[names.queue], "metadata": {MARK: "7"}}
    link.wait(link.wire.api(f"STREAM.UPDATE.{names.queue}", config))
    with pytest.raises(
        StoreError, match=r"-queue has version 7, and this version of destination-actions reads up to 1"
    ):
        open_stores(f"{server.url}/{names.name}")
    with pytest.raises(StoreError, match="nothing was changed"):
        steps(link.wait(found(link.wire, names)), names)
    link.close()


def test_older_streams_are_brought_up_to_date(server: Server, fresh: Callable[[], str]) -> None:
    """A setup changes what differs, says from what to what, and keeps what an operator has set."""
    link, names = opened(server.url, fresh())
    now = link.wait(found(link.wire, names))[names.queue]
    assert now is not None
    old = {**now["config"], "duplicate_window": 10**9, "max_bytes": 10**8, "metadata": {}}
    link.wait(link.wire.api(f"STREAM.UPDATE.{names.queue}", old))
    with pytest.raises(StoreError, match="has version 0 and this package needs 1"):
        open_stores(f"{server.url}/{names.name}")
    [step] = steps(link.wait(found(link.wire, names)), names)
    assert ("update", names.queue) == (step.action, step.stream)
    assert ("duplicate_window", 10**9, 120 * 10**9) in step.changes
    link.wait(carry_out(link.wire, step))
    after = link.wait(found(link.wire, names))
    assert ([], 10**8) == (list(steps(after, names)), (after[names.queue] or {})["config"]["max_bytes"])
    link.close()


def test_a_stream_of_somebody_else_is_left_alone(server: Server, fresh: Callable[[], str]) -> None:
    """A stream of this name with another retention was not made here: nothing is changed."""
    link, names = opened(server.url, fresh())
    link.wait(link.wire.api(f"STREAM.DELETE.{names.queue}"))
    other = {"name": names.queue, "subjects": [names.work(">")], "retention": "limits", "storage": "memory"}
    link.wait(link.wire.api(f"STREAM.CREATE.{names.queue}", other))
    with pytest.raises(StoreError, match="exists with another retention and storage"):
        steps(link.wait(found(link.wire, names)), names)
    link.close()


def test_names_of_streams() -> None:
    """Everything of a store begins with its name, so that several live on one server."""
    one = Names("shop")
    assert ["shop-queue", "shop-dead", "shop-ledger", "KV_shop-claims", "KV_shop-shared"] == list(wanted(one))


WITHOUT = """
import sys
sys.modules["nats"] = None
from destination_actions.stores import open_stores
from destination_actions.errors import ConfigurationError
try:
    open_stores("nats://127.0.0.1:4222/x")
except ConfigurationError as error:
    print(error)
print(sorted(name for name in sys.modules if name == "nats" or name.startswith(("nats.", "nkeys"))))
"""


def test_without_the_extra() -> None:
    """Without nats-py the error names the extra; importing the framework does not import it."""
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=True)
    assert "nats-py, which is not installed" in done.stdout
    assert "pip install 'destination-actions[nats]'" in done.stdout
    assert "['nats']" == done.stdout.splitlines()[-1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nats://host", ("host:4222",)),
        ("nats://one:1,two:2,three", ("one:1", "two:2", "three:4222")),
        ("nats://[::1]:5000/shop", ("[::1]:5000",)),
    ],
)
def test_servers_of_a_url(text: str, expected: tuple[str, ...]) -> None:
    """Hosts with and without ports, several of them, and IPv6."""
    assert expected == parse(text).servers


def test_logins_of_a_url() -> None:
    """User and password, or a token, before the hosts or as options; percent signs are resolved."""
    assert ("jane", "a:b@c") == (parse("nats://jane:a%3Ab%40c@h/").user, parse("nats://jane:a%3Ab%40c@h/").password)
    assert "t0ken" == parse("nats://t0ken@h").token == parse("nats://h?token=t0ken").token
    address = parse("nats://h/shop?user=u&password=p&nkey=SU&credentials=/a.creds&ca=/ca.pem")
    assert ("u", "p", "SU", True, "shop") == (
        address.user,
        address.password,
        address.nkey,
        address.tls,
        address.name,
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nats://", "not a NATS server"),
        ("nats:host", "begins with nats://"),
        ("nats://host:99999", "not a NATS server"),
        ("nats://host/a.b", "not a name for streams"),
        ("nats://host?pasword=x", 'has no option "pasword"'),
        ("nats://host?token=", "is empty"),
        ("nats://host?secret=beef", "64 hexadecimal digits"),
    ],
)
def test_wrong_urls(text: str, told: str) -> None:
    """What cannot be read is said, with what to write."""
    with pytest.raises(ConfigurationError, match=told):
        parse(text)


def test_nothing_secret_is_shown() -> None:
    """Neither the text nor the repr of an address has a credential in it."""
    address = parse(f"nats://jane:hush1@h/?token=hush2&nkey=hush3&secret={'beef' * 16}")
    for text in (str(address), repr(address), str(replace(address, name="x"))):
        assert not any(secret in text for secret in ("jane", "hush", "beef"))
    with pytest.raises(ConfigurationError) as told:
        open_stores("natz://jane:hush@h?token=hush")
    assert "hush" not in str(told.value)


def test_a_clock_that_is_off_is_told(url: str, caplog: pytest.LogCaptureFixture) -> None:
    """A machine whose wall clock differs from the server's by more than a second is told so when it opens the store."""

    class Late(SystemClock):
        def now(self) -> float:
            return super().now() - 90.0

    stores = open_stores(url, clock=Late(), times=ClaimTimes())
    run(stores.close())
    assert "this machine's clock is 90.0 s behind that of nats://" in caplog.text
