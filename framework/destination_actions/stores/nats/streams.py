"""The streams of a store: what they have to be like, what there is, and the steps from one to the other.

Their configuration has a version, kept in the streams' metadata. Limits that an operator has set (`max_bytes`,
placement, compression) are left as they are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.errors import StoreError
from destination_actions.stores.nats.wire import STREAM_MISSING, Refusal, Wire

VERSION: Final = 1
"""The version that this package reads and writes."""

OLDEST_SERVER: Final = (2, 11)
"""Older servers accept a message's time to live and ignore it."""

MARK: Final = "destination-actions.version"
DUPLICATES: Final = 120.0
"""Seconds for which a stream knows a message's id again."""

_DAY: Final = 24 * 3600.0
_NANO: Final = 1_000_000_000
_FIXED: Final = ("storage", "retention")
"""What the server does not change in a stream that exists."""


@dataclass(frozen=True, slots=True)
class Names:
    """The streams and subjects of one store; everything begins with its name."""

    name: str

    @property
    def queue(self) -> str:
        """The stream of deliveries that wait or are in hand."""
        return f"{self.name}-queue"

    @property
    def dead(self) -> str:
        """The stream of deliveries that were set aside."""
        return f"{self.name}-dead"

    @property
    def ledger(self) -> str:
        """The stream of what became of deliveries."""
        return f"{self.name}-ledger"

    @property
    def claims(self) -> str:
        """The key-value bucket of windows and journals, as a stream."""
        return f"KV_{self.name}-claims"

    @property
    def shared(self) -> str:
        """The key-value bucket of rates, tokens and the install secret, as a stream."""
        return f"KV_{self.name}-shared"

    def work(self, *tokens: str) -> str:
        """Where due deliveries wait: lane, destination, subscription."""
        return ".".join((self.name, "work", *tokens))

    def later(self, *tokens: str) -> str:
        """Where deliveries wait that are not due for long: second, lane, destination, subscription."""
        return ".".join((self.name, "later", *tokens))

    def buried(self, key: str) -> str:
        """Where a dead delivery lies."""
        return f"{self.name}.dead.{key}"

    def ended(self, key: str) -> str:
        """Where the ledger's entry of a delivery is."""
        return f"{self.name}.ledger.end.{key}"

    def entry(self, kind: str, key: str) -> str:
        """Where another record of the ledger is."""
        return f"{self.name}.ledger.{kind}.{key}"

    def claim(self, key: str) -> str:
        """Where the window and journal of a key are."""
        return f"$KV.{self.name}-claims.{key}"

    def share(self, kind: str, key: str) -> str:
        """Where a value is that workers share."""
        return f"$KV.{self.name}-shared.{kind}.{key}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a setup: what is done to a stream, and which values change from what to what."""

    stream: str
    action: str
    changes: tuple[tuple[str, Any, Any], ...] = ()
    config: Mapping[str, Any] | None = None


def wanted(names: Names, *, keep: float = 30 * _DAY) -> dict[str, dict[str, Any]]:
    """The configuration of each stream, as far as it matters. `keep` is for how many seconds a ledger is kept."""
    bucket = {"max_msgs_per_subject": 1, "allow_rollup_hdrs": True, "deny_delete": False, "allow_msg_ttl": True}
    each: dict[str, dict[str, Any]] = {
        names.queue: {
            "subjects": [names.work(">"), names.later(">")],
            "retention": "workqueue",
            "duplicate_window": int(DUPLICATES * _NANO),
        },
        names.dead: {"subjects": [names.buried(">")], "max_msgs_per_subject": 1, "max_age": int(keep * _NANO)},
        names.ledger: {"subjects": [f"{names.name}.ledger.>"], "max_age": int(keep * _NANO)},
        names.claims: {"subjects": [names.claim(">")], **bucket},
        names.shared: {"subjects": [f"$KV.{names.name}-shared.>"], **bucket},
    }
    # Direct reads come from any replica and may be behind: never where a value is compared and set.
    always = {"storage": "file", "discard": "new", "allow_direct": False, "metadata": {MARK: str(VERSION)}}
    for name, config in each.items():
        each[name] = {"name": name, "retention": "limits", **always, **config}
    each[names.ledger]["discard"] = each[names.dead]["discard"] = "old"
    return each


async def found(wire: Wire, names: Names) -> dict[str, dict[str, Any] | None]:
    """What the server has of these streams, with their state; None for one that is missing."""
    streams = list(wanted(names))
    infos = await asyncio.gather(*(_info(wire, stream) for stream in streams))
    return dict(zip(streams, infos, strict=True))


async def _info(wire: Wire, stream: str) -> dict[str, Any] | None:
    try:
        return await wire.api(f"STREAM.INFO.{stream}")
    except Refusal as error:
        if error.code == STREAM_MISSING:
            return None
        raise


def refuse_unready(infos: Mapping[str, Mapping[str, Any] | None], shown: str) -> None:
    """Raise `StoreError` when streams are missing, or of a version that this package does not read."""
    missing = [stream for stream, info in infos.items() if info is None]
    if missing:
        some = "" if len(missing) == len(infos) else f" (there are some, but not {', '.join(missing)})"
        raise StoreError(f"{shown} has no streams for deliveries{some}: make them with: destinations nats setup CONFIG")
    for stream, info in infos.items():
        version = _version(info)
        if version > VERSION:
            raise StoreError(_newer(stream, version))
        if version < VERSION:
            raise StoreError(
                f"{shown}: the stream {stream} has version {version} and this package needs {VERSION}: "
                "bring it up to date with: destinations nats setup CONFIG"
            )


def steps(
    infos: Mapping[str, Mapping[str, Any] | None], names: Names, *, replicas: int | None = None, keep: float = 30 * _DAY
) -> Sequence[Step]:
    """What a setup has to do, in order; a stream that is right has no step.

    Raises `StoreError` for a stream that is newer than this package, or whose storage or retention is another.
    """
    return list(_steps(infos, wanted(names, keep=keep), replicas))


def _steps(
    infos: Mapping[str, Mapping[str, Any] | None], each: Mapping[str, dict[str, Any]], replicas: int | None
) -> Iterator[Step]:
    for stream, config in each.items():
        info = infos[stream]
        if info is None:
            made = {**config, "num_replicas": replicas or 1}
            yield Step(stream, "create", tuple((key, None, made[key]) for key in _told(made)), made)
            continue
        if _version(info) > VERSION:
            raise StoreError(_newer(stream, _version(info)))
        now = info["config"]
        target = config if replicas is None else {**config, "num_replicas": replicas}
        changes = tuple((key, now.get(key), value) for key, value in target.items() if _differs(now.get(key), value))
        fixed = [key for key, _, _ in changes if key in _FIXED]
        if fixed:
            raise StoreError(
                f"the stream {stream} exists with another {' and '.join(fixed)}: it was not made by this package; "
                "choose another name in the URL, as in nats://host:4222/NAME; nothing was changed"
            )
        if changes:
            metadata = {**now.get("metadata", {}), **config["metadata"]}
            yield Step(stream, "update", changes, {**now, **target, "metadata": metadata})


def _differs(now: Any, value: Any) -> bool:
    if isinstance(value, Mapping):
        return any((now or {}).get(key) != one for key, one in value.items())
    return bool((now or type(value)()) != value)


def _told(config: Mapping[str, Any]) -> Iterator[str]:
    return (key for key in config if key not in ("name", "metadata", "deny_delete", "allow_rollup_hdrs"))


async def carry_out(wire: Wire, step: Step) -> None:
    """Make or change a stream. Making one that was made in the meantime is no error when it is the same."""
    assert step.config is not None  # noqa: S101 - every step has one
    await wire.api(f"STREAM.{step.action.upper()}.{step.stream}", step.config)


def _version(info: Mapping[str, Any] | None) -> int:
    text = ((info or {}).get("config", {}).get("metadata") or {}).get(MARK, "0")
    return int(text) if text.isdigit() else 0


def _newer(stream: str, version: int) -> str:
    return (
        f"the stream {stream} has version {version}, and this version of destination-actions reads up to {VERSION}: "
        "install the newer version that made it; nothing was changed"
    )


def server_version(text: str) -> tuple[int, ...]:
    """`2.11.4-preview.1` as numbers."""
    return tuple(int(part) for part in text.partition("-")[0].split(".") if part.isdigit())


def refuse_old_server(text: str, shown: str) -> None:
    """Raise `StoreError` for a server that does not do what is needed."""
    if server_version(text)[:2] < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        raise StoreError(
            f"{shown} runs nats-server {text}, and {oldest} or newer is needed: older servers accept a message's time "
            "to live and ignore it; upgrade the server"
        )
