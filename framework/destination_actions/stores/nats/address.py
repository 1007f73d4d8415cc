"""Reading a store URL: which servers, which name, which credentials. What is secret in it is never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from destination_actions.errors import ConfigurationError

NAME: Final = "destinations"
"""What the streams are named after when the URL has no path."""

PORT: Final = 4222
"""Where NATS listens unless it is told otherwise."""

OPTIONS: Final = (
    "user",
    "password",
    "token",
    "credentials",
    "nkey",
    "ca",
    "certificate",
    "key",
    "monitor",
    "projection",
    "secret",
)
"""What may follow the question mark; the same words stand in a configuration's `stores`."""

_FORM: Final = "write nats://host:4222, or nats://one:4222,two:4222,three:4222/NAME for a cluster"
_HOST: Final = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?")
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a store is and how to get in. `credentials`, `ca`, `certificate` and `key` are paths of files."""

    servers: tuple[str, ...]
    name: str = NAME
    tls: bool = False
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    credentials: Path | None = None
    nkey: str | None = field(default=None, repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    monitor: str | None = None
    projection: Path | None = None
    secret: bytes | None = field(default=None, repr=False)

    def __str__(self) -> str:
        """Servers and name, without anything secret."""
        return f"nats://{','.join(self.servers)}/{self.name}"


def parse(url: str) -> Address:
    """Read `nats://[user:password@]host:port,.../NAME?option=value`; `tls://` asks for TLS.

    Raises `ConfigurationError` that quotes nothing of what may be secret.
    """
    scheme, mark, rest = url.partition("://")
    if scheme not in ("nats", "tls") or not mark:
        raise ConfigurationError("a NATS store's URL begins with nats:// or tls://", hint=_FORM)
    authority, path, query = _split(rest)
    login, at, hosts = authority.rpartition("@")
    options = dict(_options(query)) | (dict(_login(login)) if at else {})
    return Address(
        servers=tuple(_server(one) for one in hosts.split(",")),
        name=_name(path),
        tls=scheme == "tls" or "ca" in options or "certificate" in options,
        user=options.get("user"),
        password=options.get("password"),
        token=options.get("token"),
        nkey=options.get("nkey"),
        monitor=options.get("monitor"),
        secret=_secret(options.get("secret")),
        **_files(options),
    )


def _split(rest: str) -> tuple[str, str, str]:
    body, _, query = rest.partition("?")
    authority, _, path = body.partition("/")
    return authority, path, query


def _login(login: str) -> Iterator[tuple[str, str]]:
    """`user:password`, or a token alone, as NATS URLs have it."""
    user, colon, password = login.partition(":")
    if colon:
        yield from (("user", unquote(user)), ("password", unquote(password)))
    else:
        yield "token", unquote(user)


def _options(query: str) -> Iterator[tuple[str, str]]:
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in OPTIONS:
            raise ConfigurationError(f'a NATS store has no option "{name}"', hint=f"there are {', '.join(OPTIONS)}")
        if not value:
            raise ConfigurationError(f'the option "{name}" of the NATS store is empty', hint="leave it out")
        yield name, value


def _server(text: str) -> str:
    found = _HOST.fullmatch(text.strip())
    if found is None or int(found["port"] or PORT) > 65535:
        raise ConfigurationError(f'"{text}" is not a NATS server of the form host:port', hint=_FORM)
    return f"{found['host']}:{found['port'] or PORT}"


def _name(path: str) -> str:
    name = path.strip("/")
    if name and not _NAME.fullmatch(name):
        hint = "a name has up to 40 letters, digits, - and _"
        raise ConfigurationError(f'"{name}" is not a name for streams', hint=hint)
    return name or NAME


def _secret(text: str | None) -> bytes | None:
    if text is None:
        return None
    if not re.fullmatch(r"[0-9A-Fa-f]{64}", text):
        hint = 'make one with: python -c "import secrets; print(secrets.token_hex(32))"'
        raise ConfigurationError("the install secret of a NATS store is 64 hexadecimal digits", hint=hint)
    return bytes.fromhex(text)


def _files(options: Mapping[str, str]) -> dict[str, Path | None]:
    names = ("credentials", "ca", "certificate", "key", "projection")
    return {name: Path(options[name]).expanduser() if name in options else None for name in names}


def monitor_host(monitor: str) -> str:
    """The monitoring address without a login, for people."""
    return urlsplit(monitor).netloc.rpartition("@")[2]
