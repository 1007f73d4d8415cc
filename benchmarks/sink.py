"""An API on loopback for the benchmarks, as a process of its own: it answers 201 at once, and never on /silent.

It prints its port, then for every line that it reads one with what came; after `anew` it begins to count again.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Seen:
    """What came: requests that were answered, events in them, and when the first and the last did."""

    def __init__(self) -> None:
        self.requests = self.items = 0
        self.first: float | None = None
        self.last: float | None = None


class Connection(asyncio.Protocol):
    """One connection of the client."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._data += data
        while (end := self._data.find(b"\r\n\r\n")) >= 0:
            head = self._data[:end].lower()
            mark = head.find(b"content-length:")
            size = int(head[mark + 15 : (head + b"\r\n").index(b"\r\n", mark)]) if mark >= 0 else 0
            if len(self._data) < end + 4 + size:
                return
            body = self._data[end + 4 : end + 4 + size]
            self._data = self._data[end + 4 + size :]
            if b" /silent" not in head[: head.index(b"\r\n")]:
                self._answered(body)

    def _answered(self, body: bytes) -> None:
        seen = self._seen
        seen.requests += 1
        seen.items += len(json.loads(body)) if body[:1] == b"[" else 1  # a batch is a JSON list
        seen.last = time.time()
        seen.first = seen.first or seen.last
        self._transport.write(_ANSWER)


async def main() -> None:
    """Serve until standard input ends."""
    seen = Seen()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(seen), "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    while asked := await asyncio.to_thread(sys.stdin.readline):
        print(json.dumps(vars(seen)), flush=True)
        if asked.startswith("anew"):
            seen.requests = seen.items = 0
            seen.first = None


class Sink:
    """The process, and what it has seen."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self._process = process
        self.url = f"http://127.0.0.1:{port}"

    def seen(self, *, anew: bool = False) -> dict[str, Any]:
        """What came so far; with `anew`, counting begins again."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("anew\n" if anew else "so far\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found


@contextmanager
def sink() -> Iterator[Sink]:
    """Run it."""
    command = [sys.executable, str(Path(__file__))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield Sink(process, int(process.stdout.readline()))
        process.kill()


if __name__ == "__main__":
    asyncio.run(main())
