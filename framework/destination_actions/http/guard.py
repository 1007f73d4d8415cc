"""For addresses that users type in: connect to public addresses only, and decide at the moment of dialling.

A check of the URL alone is no check: a name can resolve to anything, and to something else a moment later. So the
guard resolves the name itself, checks every address that comes back, and the engine connects to one of exactly these,
with the original name in `Host` and in the TLS handshake.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias

from destination_actions.errors import ConfigurationError, NotSent

Address: TypeAlias = "IPv4Address | IPv6Address"
Lookup: TypeAlias = "Callable[[str, int], Awaitable[Sequence[str]]]"
"""From host name and port to addresses; raises `OSError` when there are none."""

_NOT_PUBLIC: Final = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, where one cloud keeps its metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a cloud's own services, at an address that looks public
        "169.254.0.0/16",  # link-local, where most clouds keep their metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NOT_UNICAST: Final = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo tunnels among them
        "2001:db8::/32",
        "2002::/16",  # 6to4 tunnels
        "3fff::/20",
    )
)
_HOLD_IPV4: Final = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))
"""Addresses whose last 32 bits are the IPv4 address that will be reached: mapped ones, and NAT64's."""
_ISATAP: Final = (0x00005EFE, 0x02005EFE)


class AddressGuard:
    """Lets connections go to public addresses, and to the networks of `allow` (such as `10.1.0.0/16`), nowhere else.

    A name with one forbidden address among its addresses is refused as a whole. `lookup` replaces the system's
    resolver.
    """

    def __init__(self, allow: Iterable[str] = (), *, lookup: Lookup | None = None) -> None:
        self._allowed = tuple(_network(text) for text in allow)
        self._lookup = lookup or _system_lookup

    def permits(self, address: str) -> bool:
        """Whether a connection may go to this IP address."""
        found = ip_address(address)
        return any(found in network for network in self._allowed) or _is_public(found)

    async def addresses(self, host: str, port: int) -> list[str]:
        """Resolve `host` and give its addresses. Raises `NotSent` (reason `forbidden`) unless all are permitted."""
        literal = self.literal(host)
        found = [literal] if literal is not None else list(await self._lookup(host, port))
        for address in found:
            self._check(host, address)
        return found

    def literal(self, host: str) -> str | None:
        """Give the address that `host` itself is, or None for a name; raises `NotSent` when it is not permitted."""
        try:
            address = str(ip_address(host.removeprefix("[").removesuffix("]")))
        except ValueError:
            return None
        self._check(host, address)
        return address

    def _check(self, host: str, address: str) -> None:
        if not self.permits(address):
            raise NotSent(f"{host}: not sent: its address {address} is not a public one", reason="forbidden")


def _network(text: str) -> IPv4Network | IPv6Network:
    try:
        return ip_network(text)
    except ValueError as error:
        raise ConfigurationError(
            f'guard: "{text}" is not a network: {error}', hint="write an address with a prefix length: 10.1.0.0/16"
        ) from None


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _NOT_PUBLIC)
    if any(address in network for network in _HOLD_IPV4):
        return _is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if address not in _GLOBAL_UNICAST or any(address in network for network in _NOT_UNICAST):
        return False
    return (int(address) >> 32) & 0xFFFFFFFF not in _ISATAP


async def _system_lookup(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
