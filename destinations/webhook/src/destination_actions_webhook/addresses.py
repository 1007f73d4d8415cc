"""Addresses that users type in."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from destination_actions import url_of

_PORTS = {"http": 80, "https": 443}


def complaint(url: str) -> str | None:
    """What is wrong with an address, or None: it must be absolute, http(s), and without user name and fragment."""
    if "#" in url:
        return 'contains "#": what follows it is never sent; percent-encode it as %23'
    try:
        url_of(url.partition("?")[0], "path")
    except ValueError as error:
        return str(error).removeprefix("url: ")
    return None


def origin_of(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a valid address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def is_private_enough(url: str) -> bool:
    """Whether credentials may travel to a valid address: over TLS, or to this machine itself."""
    scheme, host, _ = origin_of(url)
    if scheme == "https" or host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
