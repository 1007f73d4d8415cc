"""What `perform` is given: the settings, the event, reads through `http`, and the one effect through `send`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from logging import LoggerAdapter
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from destination_actions.events import Event
from destination_actions.protocols import Clock, Response
from destination_actions.values import light

S = TypeVar("S")

BasicAuth: TypeAlias = tuple[str, str]
Values: TypeAlias = "Mapping[str, str | Sequence[str]]"
"""Of a query or a form; a sequence repeats its name."""
Log: TypeAlias = "LoggerAdapter[Any]"


class Reads(Protocol):
    """Requests that change nothing at the other side. They may be repeated and use up no claim.

    Each gives a response whatever its status, and raises `NotSent` or `MaybeSent`, which are the same to a read.
    """

    async def get(
        self,
        url: str,
        *,
        params: Values | None = None,
        headers: Mapping[str, str] | None = None,
        auth: BasicAuth | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the whole exchange's deadline
    ) -> Response:
        """GET `url`; `timeout` is the total in seconds."""

    async def request(  # noqa: PLR0913 - httpx's vocabulary
        self,
        method: str,
        url: str,
        *,
        params: Values | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Values | None = None,
        content: bytes | str | None = None,
        auth: BasicAuth | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - the whole exchange's deadline
    ) -> Response:
        """Send any request that only reads, such as a search that is a POST."""


class Send(Protocol):
    """The one effect."""

    async def __call__(  # noqa: PLR0913 - httpx's vocabulary
        self,
        method: str,
        url: str,
        *,
        params: Values | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Values | None = None,
        content: bytes | str | None = None,
        auth: BasicAuth | None = None,
    ) -> Response:
        """Mark the claim as sent, check the deadline, and send.

        Gives the response when its status is a definite yes or no. Raises `NotSent` when nothing left, and `MaybeSent`
        when the outcome is unknown: no answer, 408, or any 5xx. Let both pass; the runtime knows what they mean.
        """


class BatchSend(Protocol):
    """The effect of a batch: one request for all of its payloads, or several for some of them each."""

    async def __call__(  # noqa: PLR0913 - httpx's vocabulary
        self,
        method: str,
        url: str,
        *,
        only: Iterable[int] | None = None,
        params: Values | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        data: Values | None = None,
        content: bytes | str | None = None,
        auth: BasicAuth | None = None,
    ) -> Response:
        """As `Send`, for the payloads at the indexes `only` (all of them, when it is left out).

        It marks the claims of these alone, and what becomes of the request says nothing about the others.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class _Common(Generic[S]):
    settings: S
    subscription: str
    clock: Clock
    log: Log


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class Context(_Common[S]):
    """For one delivery.

    `event` is a copy, made when it is first looked at: what is done to it reaches nobody else. `delivery_key` is the
    same at every attempt: hand it to the API if that can keep it, so that `reconcile` finds what was done. Earlier
    attempts may have been executed from `attempted` to `attempted_until` (wall-clock seconds of this machine); None
    where there was none, or nobody knows.
    """

    event: Event
    message_id: str
    delivery_key: str
    http: Reads
    send: Send
    attempted: float | None = None
    attempted_until: float | None = None
    sync_mode: str | None = None


@light
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchContext(_Common[S]):
    """For a batch: `events` and `delivery_keys` stand in the order of the payloads."""

    events: Sequence[Event]
    delivery_keys: Sequence[str]
    http: Reads
    send: BatchSend
    sync_mode: str | None = None


class BlockingReads(Protocol):
    """`Reads` for a synchronous `perform`."""

    def get(self, url: str, **options: Any) -> Response:
        """As `Reads.get`."""

    def request(self, method: str, url: str, **options: Any) -> Response:
        """As `Reads.request`."""


class BlockingSend(Protocol):
    """`Send` for a synchronous `perform`."""

    def __call__(self, method: str, url: str, **options: Any) -> Response:
        """As `Send`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockingContext(_Common[S]):
    """For one delivery whose `perform` is a plain function: it runs in a worker thread, over the same engine."""

    event: Event
    message_id: str
    delivery_key: str
    http: BlockingReads
    send: BlockingSend
    attempted: float | None = None
    attempted_until: float | None = None
    sync_mode: str | None = None
