"""The scripted network of a trial: it knows which request is the effect and which are reads."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Final

import httpx

from destination_actions.http import HttpxEngine
from destination_actions.protocols import RawResponse, Request
from destination_actions.testing.conformance.spy import calling
from destination_actions.testing.scripted import Reply, ScriptedApi, SentRequest

_effect: ContextVar[bool] = ContextVar("destination_actions_effect", default=False)

ANSWER: Final = {"id": "conformance-1", "ok": True, "status": "ok"}
"""The body of the kit's own 200."""


def effect(status: int = 200, **options: Any) -> Reply:
    """A reply to the effect, and to nothing else; as often as asked unless `times` says otherwise."""
    return Reply(on=lambda _: _effect.get(), status=status, **({"times": None} | options))


def read(status: int = 200, **options: Any) -> Reply:
    """A reply to reads, and to nothing else; as often as asked unless `times` says otherwise."""
    return Reply(on=lambda _: not _effect.get(), status=status, **({"times": None} | options))


def reading_back(status: int = 200, **options: Any) -> Reply:
    """A reply to what `reconcile` asks, and to nothing else; as often as asked."""
    return Reply(on=lambda _: calling.get() == "reconcile", status=status, times=None, **options)


class Wire:
    """An engine on a scripted transport: `effects` and `reads` are the requests that went out, in order."""

    def __init__(self, replies: Iterable[Reply], standing: Iterable[Reply], now: Callable[[], float]) -> None:
        always = [dataclasses.replace(reply, times=None) for reply in standing]
        self._api = ScriptedApi(*replies, *always, Reply(status=200, json=ANSWER, times=None), now=now)
        self._engine = HttpxEngine(httpx.MockTransport(self._answered))
        self._now = now
        self.effects: list[SentRequest] = []
        self.reads: list[SentRequest] = []

    def script(self, *replies: Reply) -> None:
        """Put replies before those that are there."""
        self._api.script(replies)

    @property
    def requests(self) -> list[SentRequest]:
        """Everything that went out, in order."""
        return self._api.requests

    async def exchange(
        self,
        request: Request,
        *,
        timeout: float,  # noqa: ASYNC109 - the port's word
        cap: int,
        on_sent: Callable[[], None] | None = None,
    ) -> RawResponse:
        """Only the effect wants to know when it leaves."""
        token = _effect.set(on_sent is not None)
        try:
            return await self._engine.exchange(request, timeout=timeout, cap=cap, on_sent=on_sent)
        finally:
            _effect.reset(token)

    async def aclose(self) -> None:
        """Close the engine."""
        await self._engine.aclose()

    async def _answered(self, request: httpx.Request) -> httpx.Response:
        sent = SentRequest(request.method, str(request.url), dict(request.headers), request.content, self._now())
        (self.effects if _effect.get() else self.reads).append(sent)
        return await self._api.handle_async_request(request)
