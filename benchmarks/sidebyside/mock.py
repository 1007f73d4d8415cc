"""A stand-in for Twilio Studio and the Profile API, in a process of its own: two canned answers, and counts.

It answers from the bytes that it finds, which makes it several times as fast as what is measured. `GET /counts` gives
how many requests of each kind came; the connection that asks is not counted.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

import uvloop

PHONE = {"type": "phone", "source_id": "s", "collection": "users", "encoding": "none"}
PHONES = [
    PHONE | {"id": "+15550001111", "created_at": "2023-01-04T06:26:39.586351454Z"},
    PHONE | {"id": "+15550002222", "created_at": "2023-01-05T15:01:00.367201348Z"},
]
PROFILE = {"data": PHONES, "cursor": {"url": "", "has_more": False, "next": "", "limit": 10}}
EXECUTION = {
    "sid": "FN0123456789abcdef0123456789abcdef",
    "account_sid": "AC00000000000000000000000000000000",
    "flow_sid": "FW76e00a0d69a30e38e5cd25fdf887f62c",
    "contact_channel_address": "+15550002222",
    "status": "active",
    "context": {},
    "date_created": "2024-05-07T16:40:01Z",
    "date_updated": "2024-05-07T16:40:01Z",
    "url": "https://studio.twilio.com/v2/Flows/FW/Executions/FN",
    "links": {},
}


def answer(status: str, body: object) -> bytes:
    """One whole answer."""
    text = json.dumps(body, separators=(",", ":")).encode()
    head = f"HTTP/1.1 {status}\r\nServer: mock\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    return head.encode() + text


ANSWERS = {b"GET": answer("200 OK", PROFILE), b"POS": answer("201 Created", EXECUTION)}
COUNTS = {b"GET": 0, b"POS": 0}


class Mock(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport, self.pending = transport, b""  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        data = self.pending + data if self.pending else data
        end = data.find(b"\r\n\r\n")
        length = _length(data, end) if data.startswith(b"POS") else 0
        if end < 0 or len(data) < end + 4 + length:
            self.pending = data
            return
        self.pending = b""
        kind = data[:3]
        if data.startswith(b"GET /counts "):
            counts = {"profiles": COUNTS[b"GET"], "executions": COUNTS[b"POS"], "cpu": sum(os.times()[:2])}
            self.transport.write(answer("200 OK", counts))
            return
        COUNTS[kind] += 1
        self.transport.write(ANSWERS[kind])
        if b"onnection: close\r\n" in data[:end]:
            self.transport.close()


def _length(data: bytes, end: int) -> int:
    at = max(data.find(b"Content-Length: ", 0, end), data.find(b"content-length: ", 0, end))
    return int(data[at + 16 : data.find(b"\r", at)]) if at >= 0 else 0


async def main() -> None:
    """Serve on a free port, which is the first line printed, until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Mock, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    uvloop.run(main())
