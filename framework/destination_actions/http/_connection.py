"""One connection of the direct engine: writes a request, reads its answer, and says whether it may carry another."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httptools

from destination_actions.http._answered import Lines, answered
from destination_actions.http._body import Body
from destination_actions.protocols import RawResponse
from destination_actions.values import maker

_LONGEST_HEAD: Final = 64 * 1024
"""Bytes up to the end of an answer's headers."""


_new_body: Final = maker(Body)
_CODING: Final = b"content-encoding"
_CODING_LENGTH: Final = len(_CODING)
"""By which the other names are passed over quickly."""


class BadAnswer(Exception):  # noqa: N818 - becomes a verdict before anybody sees it
    """What came back is no answer of HTTP/1.1."""


class Connection(asyncio.Protocol):
    """Carries one exchange at a time. `lost` is called once, when the connection is of no use any more."""

    def __init__(self, lost: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._lost = lost
        self._loop = loop  # asking for the running loop costs a system call each time
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._done: asyncio.Future[RawResponse] | None = None
        """Of the exchange under way."""
        self._status: int | None = None
        """None until the headers are complete; with `_headers` and `_body` what has come back so far."""
        self._headers: Lines = ()
        self._body = Body(0)
        self._lines: list[tuple[bytes, bytes]] = []
        self._bodiless = False
        self._read = 0
        self._deadline = self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.dead = False
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        """Whether another request may be written."""
        return not self.dead and self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, cap: int, deadline: float, *, bodiless: bool) -> asyncio.Future[RawResponse]:
        """Write a whole request; the future has the answer, complete or not, or what went wrong before the status.

        At `deadline`, by the loop's clock, what has come is the answer. `bodiless`: it has no body, whatever its
        headers say.
        """
        assert self._transport is not None  # noqa: S101 - it was usable
        self._status, self._body, self._bodiless, self._read = None, _new_body(cap), bodiless, 0
        self._lines.clear()
        self._deadline = deadline
        if self._timer is None or deadline < self._due:
            self._wait(deadline)
        self._done = done = self._loop.create_future()
        self._transport.write(request)
        return done

    def abort(self) -> None:
        """Close at once, and end what is under way."""
        self.dead = True
        if self._transport is not None:
            self._transport.abort()

    def abandon(self) -> None:
        """Close at once; nobody waits any more for what is under way."""
        if self._done is not None:
            self._done.cancel()
        self.abort()

    # --- the deadline ------------------------------------------------------------------------------------------------

    # One timer serves exchange after exchange: it goes off at the deadline of an early one, and is set again if a later
    # one is then under way. Making and cancelling a timer for each of them takes several times as long as this.

    def _wait(self, deadline: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due, self._timer = deadline, self._loop.call_at(deadline, self._rung)

    def _rung(self) -> None:
        self._timer = None
        if self._done is None:
            return
        if self._deadline > self._due:
            self._wait(self._deadline)
        else:
            self._end(TimeoutError())

    # --- asyncio.Protocol --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._done is None:
            self.abort()  # nobody asked: what an answer to the next request would look like
            return
        if self._status is None:
            self._read += len(data)
        try:
            self._parser.feed_data(data)
        except Exception as error:  # noqa: BLE001 - the parser's own, and what a callback raised
            self._end(error)
        else:
            if self._read > _LONGEST_HEAD and self._status is None:
                self._end(BadAnswer("the answer's headers are too long"))

    def eof_received(self) -> None:
        """The other side has said all; a body whose length nobody gave is complete now."""
        if self._status is not None and not _is_framed(self._headers):
            self._body.end()
        self._end(ConnectionError())

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
        self._end(error or ConnectionError())
        lost, self._lost = self._lost, None
        if lost is not None:
            lost(self)

    # --- httptools ---------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins; a second one in a row is nobody's."""
        if self._done is None:
            self.dead = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there."""
        self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        """All headers are there. An informational answer is none."""
        status, lines = self._parser.get_status_code(), self._lines
        if self._done is None or (100 <= status < 200 and status != 101):
            lines.clear()
            return
        self._headers = tuple(lines)
        for name, value in lines:
            if len(name) == _CODING_LENGTH and name.lower() == _CODING:
                self._body.begin(value.decode("latin-1"))
        self._status = status
        if self._bodiless:
            self.dead = True  # the parser still waits for a body
            self._body.end()
            self._end(None)

    def on_body(self, data: bytes) -> None:
        """A piece of the body is there; beyond the cap nobody reads on."""
        if self._done is None:
            return
        try:
            full = self._body.feed(data)
        except Exception as error:  # noqa: BLE001 - it cannot be decoded, which does not undo the status
            self._end(error)
        else:
            if full:
                self._end(BadAnswer("beyond the cap"))

    def on_message_complete(self) -> None:
        """The answer is complete."""
        done, status = self._done, self._status
        if done is None or status is None:
            return
        self._body.end()
        if status != 101 and self._parser.should_keep_alive():
            self._done = None
            if not done.done():
                done.set_result(answered(status, self._headers, self._body.content, self._body.complete))
        else:
            self._end(None)

    # --- the end -----------------------------------------------------------------------------------------------------

    def _end(self, error: BaseException | None) -> None:
        """End the exchange with what has come, or with the error when there is no status; the connection is spent."""
        self.dead = True
        done, self._done = self._done, None
        if done is None:
            return
        if not done.done():
            if self._status is not None:
                done.set_result(answered(self._status, self._headers, self._body.content, self._body.complete))
            else:
                done.set_exception(error or BadAnswer("no status"))
        if self._transport is not None:
            self._transport.abort()


def _is_framed(lines: Lines) -> bool:
    """Whether an answer says where its body ends."""
    return any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in lines)
