"""One connection of the direct engine: writes a request, reads its answer, and says whether it may carry another."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import httptools

from destination_actions.http._body import Body
from destination_actions.http.headers import HeaderPairs

_LONGEST_HEAD: Final = 64 * 1024
"""Bytes up to the end of an answer's headers."""


class BadAnswer(Exception):  # noqa: N818 - becomes a verdict before anybody sees it
    """What came back is no answer of HTTP/1.1."""


class Answer:
    """What has come back so far; `status` is None until the headers are complete."""

    __slots__ = ("body", "cap", "headers", "status")

    def __init__(self, cap: int) -> None:
        self.cap = cap
        self.status: int | None = None
        self.headers: HeaderPairs = ()
        self.body = Body(cap)


class Connection(asyncio.Protocol):
    """Carries one exchange at a time. `lost` is called once, when the connection is of no use any more."""

    def __init__(self, lost: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._lost = lost
        self._loop = loop  # asking for the running loop costs a system call each time
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._answer: Answer | None = None
        self._done: asyncio.Future[Answer] | None = None
        self._lines: list[tuple[bytes, bytes]] = []
        self._bodiless = False
        self._read = 0
        self._to_the_end = False
        self._dead = False
        self.idle_since = 0.0

    @property
    def usable(self) -> bool:
        """Whether another request may be written."""
        return not self._dead and self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes, cap: int, *, bodiless: bool) -> asyncio.Future[Answer]:
        """Write a whole request; the future has the answer, complete or not, or what went wrong before the status.

        `bodiless`: the answer has no body, whatever its headers say.
        """
        assert self._transport is not None  # noqa: S101 - it was usable
        self._answer, self._bodiless, self._read = Answer(cap), bodiless, 0
        self._lines.clear()
        self._done = done = self._loop.create_future()
        self._transport.write(request)
        return done

    def abort(self) -> None:
        """Close at once, and end what is under way."""
        self._dead = True
        if self._transport is not None:
            self._transport.abort()

    def late(self) -> None:
        """The deadline is over: what has come is the answer, if there is one."""
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
        if self._answer is not None and self._answer.status is None:
            self._read += len(data)
        try:
            self._parser.feed_data(data)
        except Exception as error:  # noqa: BLE001 - the parser's own, and what a callback raised
            self._end(error)
        else:
            if self._read > _LONGEST_HEAD and self._answer is not None and self._answer.status is None:
                self._end(BadAnswer("the answer's headers are too long"))

    def eof_received(self) -> None:
        """The other side has said all; a body whose length nobody gave is complete now."""
        if self._to_the_end and self._answer is not None and self._answer.status is not None:
            self._answer.body.end()
        self._end(ConnectionError())

    def connection_lost(self, error: Exception | None) -> None:
        """The connection is gone."""
        self._dead = True
        self._end(error or ConnectionError())
        lost, self._lost = self._lost, None
        if lost is not None:
            lost(self)

    # --- httptools ---------------------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """An answer begins; a second one in a row is nobody's."""
        if self._done is None:
            self._dead = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header is there."""
        self._lines.append((name, value))

    def on_headers_complete(self) -> None:
        """All headers are there. An informational answer is none."""
        answer, status = self._answer, self._parser.get_status_code()
        if answer is None or (100 <= status < 200 and status != 101):
            self._lines.clear()
            return
        answer.headers = tuple([(k.decode("latin-1"), v.decode("utf-8", "surrogateescape")) for k, v in self._lines])
        coding, framed = "", False
        for name, value in answer.headers:
            if len(name) in _FRAMING:
                low = name.lower()
                coding = value if low == "content-encoding" else coding
                framed = framed or low in ("content-length", "transfer-encoding")
        self._to_the_end = not framed
        answer.body.begin(coding)
        answer.status = status
        if self._bodiless:
            self._dead = True  # the parser still waits for a body
            answer.body.end()
            self._end(None)

    def on_body(self, data: bytes) -> None:
        """A piece of the body is there; beyond the cap nobody reads on."""
        answer = self._answer
        if answer is None:
            return
        try:
            full = answer.body.feed(data)
        except Exception as error:  # noqa: BLE001 - it cannot be decoded, which does not undo the status
            self._end(error)
        else:
            if full:
                self._end(BadAnswer("beyond the cap"))

    def on_message_complete(self) -> None:
        """The answer is complete."""
        if self._answer is None or self._answer.status is None:
            return
        self._answer.body.end()
        if self._parser.should_keep_alive() and self._answer.status != 101 and not self._to_the_end_of_connection():
            answer, done, self._answer, self._done = self._answer, self._done, None, None
            if done is not None and not done.done():
                done.set_result(answer)
        else:
            self._end(None)

    def _to_the_end_of_connection(self) -> bool:
        return self._to_the_end and self._answer is not None and self._answer.status not in (204, 304)

    # --- the end -----------------------------------------------------------------------------------------------------

    def _end(self, error: BaseException | None) -> None:
        """End the exchange with what has come, or with the error when there is no status; the connection is spent."""
        self._dead = True
        answer, done, self._answer, self._done = self._answer, self._done, None, None
        if done is None:
            return
        if not done.done():
            if answer is not None and answer.status is not None:
                done.set_result(answer)
            else:
                done.set_exception(error or BadAnswer("no status"))
        if self._transport is not None:
            self._transport.abort()


_FRAMING: Final = frozenset(map(len, ("content-encoding", "content-length", "transfer-encoding")))
"""Lengths of the names that are looked at, so that the others are passed over quickly."""
