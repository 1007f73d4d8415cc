"""No connection to an address inside, however it is written, resolved or re-resolved."""

import pytest
from destination_actions.errors import ConfigurationError, NotSent
from destination_actions.http import AddressGuard, AiohttpEngine, DirectEngine, HttpxEngine
from destination_actions.protocols import Request

pytestmark = pytest.mark.anyio

FORBIDDEN = [
    "0.0.0.0",
    "10.1.2.3",
    "100.100.100.200",
    "127.0.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2606:4700::5efe:7f00:1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
]
PUBLIC = ["1.1.1.1", "100.63.255.255", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1"]


def answering(*answers):
    """A resolver that gives one answer after another, and notes what it was asked."""
    left, asked = list(answers), []

    async def lookup(host, port):
        asked.append(host)
        return left.pop(0)

    lookup.asked = asked
    return lookup


@pytest.fixture(params=[DirectEngine, AiohttpEngine, HttpxEngine])
async def guarded(request, anyio_backend, trusting):
    """Make guarded engines of one kind."""
    made = []

    def make(guard):
        made.append(request.param(guard=guard, ssl_context=trusting))
        return made[-1]

    yield make
    for engine in made:
        await engine.aclose()


async def send(engine, url):
    """One POST."""
    return await engine.exchange(Request("POST", url, (), b"a"), timeout=3600, cap=1000)


@pytest.mark.parametrize("address", FORBIDDEN)
def test_addresses_inside_are_not_permitted(address):
    """Private, local, shared, reserved and documentation addresses, also wrapped in IPv6, are not public."""
    assert not AddressGuard().permits(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address):
    """Public addresses are, also through NAT64."""
    assert AddressGuard().permits(address)


def test_allowed_networks_are_permitted():
    """The allow list opens what it names and nothing else."""
    guard = AddressGuard(["10.1.0.0/16", "::1"])
    permitted = [guard.permits(address) for address in ("10.1.2.3", "::1", "10.2.0.1", "127.0.0.1", "1.1.1.1")]
    assert permitted == [True, True, False, False, True]


def test_a_network_that_is_none():
    """A mistake in the allow list is found when the guard is made."""
    with pytest.raises(ConfigurationError, match=r'guard: "10\.1\.2\.3/8" is not a network'):
        AddressGuard(["10.1.2.3/8"])


@pytest.mark.parametrize("host", [name for name in FORBIDDEN if "%" not in name])
async def test_written_addresses_are_refused(guarded, host):
    """An address written into the URL, is refused before any connection, without asking a resolver."""
    lookup = answering()
    literal = f"[{host}]" if ":" in host else host
    with pytest.raises(NotSent) as caught:
        await send(guarded(AddressGuard(lookup=lookup)), f"http://{literal}/")
    assert (caught.value.reason, lookup.asked) == ("forbidden", [])


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["1.1.1.1", "169.254.169.254"], ["::ffff:10.0.0.1"]])
async def test_resolved_addresses_are_refused(guarded, serve, answer):
    """A name with any address inside is refused as a whole, and the server sees no connection."""
    server = await serve()
    port = server.url.rpartition(":")[2]
    with pytest.raises(NotSent, match=r"api\.test: not sent: its address .* is not a public one") as caught:
        await send(guarded(AddressGuard(lookup=answering(answer))), f"http://api.test:{port}/")
    assert (caught.value.reason, server.connections) == ("forbidden", 0)


async def test_the_checked_address_is_the_one_dialled(guarded, serve):
    """One look-up a connection: an answer that would change afterwards is never asked for."""
    server = await serve()
    port = server.url.rpartition(":")[2]
    lookup = answering(["127.0.0.1"], ["10.0.0.1"])
    answer = await send(guarded(AddressGuard(["127.0.0.0/8"], lookup=lookup)), f"http://api.test:{port}/x")
    assert (answer.status, lookup.asked) == (200, ["api.test"])
    assert [f"api.test:{port}"] == server.seen[0].header("host")


async def test_tls_speaks_to_the_name(guarded, serve, authority):
    """Certificate and SNI are those of the name, although an address is dialled."""
    server = await serve(tls=authority.issue_cert("api.test"), host="api.test")
    answer = await send(guarded(AddressGuard(["127.0.0.1"], lookup=answering(["127.0.0.1"]))), server.url + "/x")
    assert (answer.status, server.seen[0].line) == (200, "POST /x HTTP/1.1")


async def test_tls_checks_the_name(guarded, serve, authority):
    """A certificate for the address alone, or for another name, does not do."""
    server = await serve(tls=authority.issue_cert("127.0.0.1", "other.test"), host="api.test")
    with pytest.raises(NotSent) as caught:
        await send(guarded(AddressGuard(["127.0.0.1"], lookup=answering(["127.0.0.1"]))), server.url + "/x")
    assert (caught.value.reason, server.seen) == ("certificate", [])


async def test_connections_are_not_shared_between_names(guarded, serve, authority):
    """A connection made for one name never carries a request for another at the same address."""
    server = await serve(tls=authority.issue_cert("a.test"), host="a.test")
    engine = guarded(AddressGuard(["127.0.0.1"], lookup=answering(["127.0.0.1"], ["127.0.0.1"])))
    await send(engine, server.url + "/x")
    with pytest.raises(NotSent) as caught:
        await send(engine, server.url.replace("a.test", "b.test") + "/x")
    assert (caught.value.reason, len(server.seen)) == ("certificate", 1)


async def test_the_next_address_is_tried(guarded, serve):
    """A name's second address is dialled when the first refuses."""
    server = await serve()
    port = server.url.rpartition(":")[2]
    guard = AddressGuard(["127.0.0.0/8"], lookup=answering(["127.0.0.2", "127.0.0.1"]))
    assert (await send(guarded(guard), f"http://api.test:{port}/")).status == 200


async def test_an_allowed_address_may_be_written(guarded, serve):
    """An allowed address needs no name."""
    server = await serve()
    assert (await send(guarded(AddressGuard(["127.0.0.1"])), server.url + "/")).status == 200


def test_a_guard_watches_own_connections_only():
    """A guard over somebody else's client would promise what it cannot keep."""
    import httpx

    with pytest.raises(ConfigurationError, match="cannot watch"):
        HttpxEngine(httpx.MockTransport(print), guard=AddressGuard())
