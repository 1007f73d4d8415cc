"""What the machine could do at best: reading the event's JSON, and two requests through forty lines of asyncio."""

from __future__ import annotations

import asyncio
from collections import deque

import orjson

from sidebyside.job import Job, Work

HEAD = "{} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic QUMwOnRva2Vu\r\nContent-Length: {}\r\n\r\n{}"
PROFILE = HEAD.format("GET /v1/spaces/spa/collections/users/profiles/user_id:u/external_ids?include=phone", 0, "")
FORM = "To=%2B15550002222&From=%2B17707624774&Parameters=" + "x" * 200
FLOW = HEAD.format("POST /v2/Flows/FW0/Executions", len(FORM), FORM)


def parse(job: Job) -> Work:
    """Only parse the event."""
    text = orjson.dumps(job.inputs["event"])
    return Work(once=lambda: orjson.loads(text), check=lambda: orjson.loads(text))


class Line(asyncio.Protocol):
    """One connection that knows its requests by heart and takes the answer's length for granted."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.pending, self.answer = transport, b"", asyncio.get_running_loop().create_future()

    def ask(self, request: bytes) -> asyncio.Future[bytes]:
        self.transport.write(request)  # type: ignore[attr-defined]
        self.pending, self.answer = b"", asyncio.get_running_loop().create_future()
        return self.answer

    def data_received(self, data: bytes) -> None:
        self.pending += data
        head, end, body = self.pending.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.rpartition(b"Content-Length: ")[2].split(b"\r\n")[0]):
            self.answer.set_result(body)


async def http(job: Job) -> Work:
    """Two requests and their JSON, on connections that are open."""
    loop, free = asyncio.get_running_loop(), deque[Line]()
    for _ in range(job.options.get("concurrency", 64)):
        free.append((await loop.create_connection(Line, "127.0.0.1", job["port"]))[1])
    requests = (PROFILE.encode(), FLOW.encode())

    async def once() -> None:
        line = free.popleft()
        for request in requests:
            orjson.loads(await line.ask(request))
        free.append(line)

    async def check() -> str:
        await once()
        return "sent"

    return Work(once=once, check=check)
