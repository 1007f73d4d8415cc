"""CPU microseconds for one request of each engine, against a bare server in a process of its own on loopback.

    python benchmarks/http_engines.py [REQUESTS]

One request is what a destination sends: a form POST with basic authentication through the request client, and an
answer of 760 bytes read as JSON. Counted is the CPU time of the client's process alone.
"""

import asyncio
import multiprocessing
import sys
import time
from multiprocessing.connection import Connection

from destination_actions.http import AiohttpEngine, Credentials, DirectEngine, HttpxEngine, OriginClients
from destination_actions.protocols import HttpEngine, Request

BODY = b'{"sid": "FN00000000000000000000000000000000", "filler": "' + b"x" * 701 + b'"}'
ANSWER = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
FORM = {"To": "+15551231234", "From": "+15557654321", "Parameters": '{"userId": "u1", "event": "Order Completed"}'}


class Bare(asyncio.Protocol):
    """Answers every request that arrives in one or several pieces."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin a connection."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.pending = b""

    def data_received(self, data: bytes) -> None:
        """Answer once head and body are there."""
        self.pending += data
        head, end, body = self.pending.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        if end and len(body) >= length:
            self.pending = b""
            self.transport.write(ANSWER)


def serve(pipe: Connection) -> None:
    """Serve until the process is ended, and say on which port."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(main())


async def drive(engine: HttpEngine, base: str, requests: int, concurrency: int, *, bare: bool) -> float:
    """CPU microseconds a request."""
    http = OriginClients(engine, {base: Credentials.basic("AC0", "token")})
    wire = Request("POST", f"{base}/v2/x", (("Content-Type", "text/plain"),), b"x" * 120)

    async def worker(count: int) -> None:
        for _ in range(count):
            if bare:
                answer = await engine.exchange(wire, timeout=10, cap=65536)
                assert answer.status == 201
            else:
                response = await http.post(f"{base}/v2/Flows/FW0/Executions", data=FORM)
                assert response.json()["sid"].startswith("FN")

    async def workers(count: int) -> None:
        await asyncio.gather(*(worker(count // concurrency) for _ in range(concurrency)))

    await workers(concurrency * 5)
    started = time.process_time()
    await workers(requests)
    spent = time.process_time() - started
    await engine.aclose()
    return spent / (requests // concurrency * concurrency) * 1e6


def main() -> None:
    """Print one line for each engine, loop and concurrency."""
    requests = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    base = f"http://127.0.0.1:{ours.recv()}"
    print(f"{'engine':8} {'loop':8} {'concurrency':>11} {'client us/request':>18} {'engine us/request':>18}")
    for name, engine in (("direct", DirectEngine), ("aiohttp", AiohttpEngine), ("httpx", HttpxEngine)):
        for loop in ("asyncio", "uvloop"):
            for concurrency in (1, 16, 64):
                figures = [measured(engine(), base, requests, concurrency, loop, bare=bare) for bare in (False, True)]
                print(f"{name:8} {loop:8} {concurrency:11} {figures[0]:18.0f} {figures[1]:18.0f}", flush=True)
    server.terminate()


def measured(engine: HttpEngine, base: str, requests: int, concurrency: int, loop: str, *, bare: bool) -> float:
    """Run `drive` on the named loop."""
    factory = None
    if loop == "uvloop":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(drive(engine, base, requests, concurrency, bare=bare))


if __name__ == "__main__":
    main()
