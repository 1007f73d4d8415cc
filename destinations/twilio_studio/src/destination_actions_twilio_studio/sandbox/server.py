"""The sandbox as a server: two loopback ports, one for each API, so that each has an origin of its own."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiohttp import web

from destination_actions_twilio_studio.sandbox.control import Control
from destination_actions_twilio_studio.sandbox.exchange import Reply, call
from destination_actions_twilio_studio.sandbox.executions import Execution
from destination_actions_twilio_studio.sandbox.faults import Fault, Faults
from destination_actions_twilio_studio.sandbox.ledger import Ledger, Seen
from destination_actions_twilio_studio.sandbox.profiles import Profiles
from destination_actions_twilio_studio.sandbox.studio import Studio
from destination_actions_twilio_studio.sandbox.world import DEMO, World

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, for no time: closing the socket resets the connection."""


class Sandbox:
    """A stand-in for Twilio Studio and the Profile API, on loopback, as an async context manager.

    `settings` points the destination to it. `faults` makes things go wrong. `ledger` and `executions` tell what came
    and what was done; `GET /_sandbox/ledger` on either port gives both as JSON. `clock` is wall-clock seconds; limits
    and the life of executions run on it.
    """

    def __init__(
        self,
        world: World = DEMO,
        *,
        clock: Callable[[], float] = time.time,
        port: int = 0,
        profile_port: int = 0,
        drip: float = 0.05,
    ) -> None:
        self.world = world
        self.faults = Faults()
        self.ledger = Ledger(world)
        self._clock = clock
        self._ports = (port, profile_port)
        self._drip = drip
        self._studio = Studio(world, clock)
        self._profiles = Profiles(world, clock)
        self._control = Control(self)
        self._closing = asyncio.Event()
        self._runners: list[web.ServerRunner] = []
        self._in_flight = 0

    @property
    def executions(self) -> list[Execution]:
        """Every execution that was created, in order."""
        return list(self._studio.executions)

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of a destination that talks to this sandbox."""
        return {
            "accountSid": self.world.account_sid,
            "authToken": self.world.auth_token,
            "spaceId": self.world.space_id,
            "profileApiAccessToken": self.world.profile_token,
            "baseUrl": self._studio.base,
            "profileBaseUrl": self._profiles.base,
        }

    async def __aenter__(self) -> Sandbox:
        self._closing.clear()
        self._studio.base = await self._listen(self._studio, "studio", self._ports[0])
        self._profiles.base = await self._listen(self._profiles, "profiles", self._ports[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        runners, self._runners = self._runners, []
        for runner in runners:
            await runner.cleanup()

    def clear(self) -> None:
        """Forget requests, executions and faults."""
        self.ledger.clear()
        self.faults.clear()
        self._studio.executions.clear()

    def to_json(self) -> dict[str, Any]:
        """Requests and executions, for a verifier in another process."""
        executions = [
            {
                "sid": one.sid,
                "flowSid": one.flow_sid,
                "to": one.to,
                "from": one.from_,
                "data": one.data,
                "created": one.created,
                "status": one.status(self._clock()),
            }
            for one in self._studio.executions
        ]
        return {"requests": [seen.to_json() for seen in self.ledger], "executions": executions}

    async def _listen(self, api: Studio | Profiles, name: str, port: int) -> str:
        server = web.Server(self._handler(api, name), handler_cancellation=True)
        runner = web.ServerRunner(server, access_log=None, shutdown_timeout=0.2)
        self._runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        return f"http://127.0.0.1:{runner.addresses[0][1]}"

    def _handler(self, api: Studio | Profiles, name: str) -> Handler:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            self._in_flight += 1
            try:
                return await self._handle(api, name, request)
            finally:
                self._in_flight -= 1

        return handle

    async def _handle(self, api: Studio | Profiles, name: str, request: web.BaseRequest) -> web.StreamResponse:
        content = await request.read() if request.body_exists else b""
        if request.raw_path.startswith("/_sandbox/"):
            return self._control.respond(request.method, request.raw_path, content)
        seen_call = call(name, request.method, request.raw_path, request.headers.get("Authorization"), content)
        operation = api.operation(seen_call)
        seen = self.ledger.enter(self._clock(), seen_call, operation)
        fault = self.faults.pick(operation, seen_call)
        return await self._respond(request, _decide(api, seen, fault), seen, fault)

    async def _respond(
        self, request: web.BaseRequest, reply: Reply, seen: Seen, fault: Fault | None
    ) -> web.StreamResponse:
        refused = fault is not None and fault.accepts and reply.status >= 300
        how = "answer" if fault is None or refused else fault.how
        if how == "hang":
            await self._closing.wait()
        if how in {"hang", "reset"}:
            return _reset(request)
        seen.status = reply.status
        if how == "answer":
            return self._response(reply, seen.call.api)
        return await self._slowly(request, reply, cut=how == "truncate")

    def _response(self, reply: Reply, api: str) -> web.Response:
        headers = {**reply.headers, "Content-Type": reply.content_type}
        if api == "studio":
            headers["Twilio-Concurrent-Requests"] = str(self._in_flight)
        return web.Response(status=reply.status, body=reply.content, headers=headers)

    async def _slowly(self, request: web.BaseRequest, reply: Reply, *, cut: bool) -> web.StreamResponse:
        response = web.StreamResponse(
            status=reply.status, headers={**reply.headers, "Content-Type": reply.content_type}
        )
        response.content_length = len(reply.content)
        await response.prepare(request)
        if cut:
            await response.write(reply.content[: len(reply.content) // 2])
            if request.transport is not None:
                request.transport.close()
            return response
        for byte in reply.content:
            await response.write(bytes([byte]))
            await asyncio.sleep(self._drip)
        return response


def _decide(api: Studio | Profiles, seen: Seen, fault: Fault | None) -> Reply:
    """Let the API act unless the fault comes first, and put the fault's own reply in place of an acceptance."""
    if fault is None:
        reply = api.reply(seen.operation, seen.call)
    else:
        seen.fault = fault.name
        reply = _faulty(api, seen, fault)
    seen.execution = reply.execution
    return reply


def _faulty(api: Studio | Profiles, seen: Seen, fault: Fault) -> Reply:
    if not fault.accepts:
        return fault.reply or Reply(500, b"")
    real = api.reply(seen.operation, seen.call)
    if fault.reply is None or real.status >= 300:
        return real
    return Reply(fault.reply.status, fault.reply.content, fault.reply.headers, fault.reply.content_type, real.execution)


def _reset(request: web.BaseRequest) -> web.Response:
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    return web.Response()
