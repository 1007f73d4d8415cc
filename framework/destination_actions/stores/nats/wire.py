"""JetStream in requests and answers: what is asked, what comes back, which refusals mean what.

Everything here runs on the link's own loop. A request that got no answer is asked again for a while, because a cluster
that elects a new leader is silent for some seconds; only requests that may be repeated come here.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, NamedTuple, TypeVar

import orjson
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from destination_actions.errors import StoreError

T = TypeVar("T")

PATIENCE: Final = 30.0
"""Seconds for which a request is repeated; electing a leader takes a cluster up to ten."""

ANSWER: Final = 4.0
"""Seconds that one request waits for its answer."""

STREAM_MISSING: Final = 10059
CONSUMER_MISSING: Final = 10014
NO_MESSAGE: Final = 10037
NOT_UNIQUE: Final = frozenset({10099, 10100})
"""Another consumer of a work queue reads these subjects."""

CAS_LOST: Final = frozenset({10071, 10164})
"""Somebody else wrote first. Servers from 2.12 on have the second code for the same thing."""

_PASSING: Final = frozenset({10004, 10005, 10006, 10007, 10008, 10009, 10023, 10118, 10119, 10158})
"""The cluster is busy with itself: incomplete, without a leader, out of resources for the moment, offline, or still
storing a message of this id."""


class Refusal(StoreError):  # noqa: N818 - a fact about the request
    """The server said no. `code` is its error code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Receipt(NamedTuple):
    """A message is stored: its sequence, and whether it was there before."""

    seq: int
    duplicate: bool


class Stored(NamedTuple):
    """A message as the stream holds it."""

    seq: int
    subject: str
    data: bytes
    headers: Mapping[str, str]


class Wire:
    """JetStream's requests on one connection."""

    def __init__(self, client: Client, shown: str, patience: float = PATIENCE) -> None:
        self.client = client
        self._shown = shown
        self._patience = patience

    async def api(
        self, subject: str, body: Mapping[str, Any] | None = None, *, absent: float | None = None
    ) -> dict[str, Any]:
        """Ask the JetStream API. Raises `Refusal` for a no and `StoreError` when nobody answers.

        `absent` is for how many seconds it is asked again when there is nobody who could answer.
        """
        data = b"" if body is None else orjson.dumps(body)
        return await self._repeated(lambda: self._asked(f"$JS.API.{subject}", data, None), subject, absent)

    async def publish(self, subject: str, data: bytes, headers: Mapping[str, str] | None = None) -> Receipt:
        """Store a message. It has to carry a `Nats-Msg-Id`, or an expectation, that makes repeating harmless."""
        answer = await self._repeated(lambda: self._asked(subject, data, headers), subject)
        return Receipt(answer["seq"], answer.get("duplicate", False))

    async def publish_once(self, subject: str, data: bytes, headers: Mapping[str, str]) -> Receipt:
        """Store a message with one request: the caller has to know what no answer means.

        Raises `TimeoutError` when nobody answered: it may have been stored.
        """
        try:
            answer = await self._asked(subject, data, headers)
        except NoRespondersError:
            raise StoreError(self._silent(subject)) from None
        except (NatsError, OSError) as error:
            raise TimeoutError(str(error)) from error
        return Receipt(answer["seq"], answer.get("duplicate", False))

    async def message(self, stream: str, **which: Any) -> Stored | None:
        """Read a message by `seq`, `last_by_subj` or `next_by_subj`, from the stream's leader; None where none is."""
        try:
            answer = (await self.api(f"STREAM.MSG.GET.{stream}", which))["message"]
        except Refusal as error:
            if error.code == NO_MESSAGE:
                return None
            raise
        return Stored(answer["seq"], answer["subject"], _bytes(answer.get("data")), _headers(answer.get("hdrs")))

    async def _asked(self, subject: str, data: bytes, headers: Mapping[str, str] | None) -> dict[str, Any]:
        known = None if headers is None else dict(headers)
        message = await self.client.request(subject, data, timeout=ANSWER, headers=known)
        answer: dict[str, Any] = json.loads(message.data)
        if error := answer.get("error"):
            code = error.get("err_code", error.get("code", 0))
            raise Refusal(f"{self._shown} refused {_short(subject)}: {error.get('description')} ({code})", code)
        return answer

    async def _repeated(self, ask: Callable[[], Awaitable[T]], subject: str, absent: float | None = None) -> T:
        began, pause = time.monotonic(), 0.05
        while True:
            took = time.monotonic() - began
            try:
                return await ask()
            except Refusal as error:
                if error.code not in _PASSING or took > self._patience:
                    raise
            except NoRespondersError as error:
                if took > (self._patience if absent is None else absent):
                    raise StoreError(self._silent(subject, error)) from error
            except (NatsError, OSError) as error:
                if self.client.is_closed or took > self._patience:
                    raise StoreError(self._silent(subject, error)) from error
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads clients, guards nothing
            pause = min(2 * pause, 1.0)

    def _silent(self, subject: str, error: BaseException | None = None) -> str:
        if error is None or isinstance(error, NoRespondersError):
            return (
                f"{self._shown}: nobody answers for {_short(subject)}: its stream does not exist, or has no leader "
                "now; see: destinations nats setup CONFIG --dry-run"
            )
        if self.client.is_closed:
            return f"{self._shown} is closed"
        return f"{self._shown} did not answer within {self._patience:g} s: {str(error) or type(error).__name__}"


def _short(subject: str) -> str:
    """A subject without the names of deliveries."""
    return subject.removeprefix("$JS.API.").partition("?")[0][:80]


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text) if text else b""


def _headers(text: str | None) -> dict[str, str]:
    lines = _bytes(text).decode("utf-8", "replace").splitlines()[1:]
    pairs = (line.partition(":") for line in lines if ":" in line)
    return {name: value.strip() for name, _, value in pairs}
