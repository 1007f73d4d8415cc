"""The connection to NATS: a loop and thread of its own, used from any other loop.

Leases have to be kept alive while a plugin keeps the caller's loop busy, and stores are opened where no loop runs yet;
so the connection has its own. The price is a step between threads for each operation.
"""

from __future__ import annotations

import asyncio
import contextvars
import errno
import logging
import os
import ssl
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any, Final, TypeVar

import nats
from nats.errors import AuthorizationError
from nats.errors import Error as NatsError

from destination_actions.errors import ConfigurationError, StoreError
from destination_actions.stores.nats.address import Address
from destination_actions.stores.nats.wire import Wire

T = TypeVar("T")

log = logging.getLogger("destination_actions")

CONNECT: Final = 5.0
"""Seconds for a first connection."""


class Link:
    """An open connection. Every operation of the stores goes through `run`."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._pid = os.getpid()
        self._open = True
        self._closing = False
        self._errors: list[BaseException] = []
        self._endings: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self.loop = _new_loop()
        self._thread = Thread(target=self._turn, name=f"store {address.name}", daemon=True)
        self._thread.start()
        try:
            self.wire = self.wait(self._connected())
        except BaseException:
            self._stop()
            raise

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run an operation on the link's loop and give its result. Cancelling the caller does not undo it."""
        return await asyncio.shield(asyncio.wrap_future(self.submit(work)))

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start an operation on the link's loop."""
        if not self._open or os.getpid() != self._pid:
            work.close()
            why = "is closed" if not self._open else "was opened before this process was forked: open it after the fork"
            raise StoreError(f"{self.address} {why}")
        return asyncio.run_coroutine_threadsafe(work, self.loop)

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Run an operation from a thread that may wait."""
        return self.submit(work).result()

    def soon(self, call: Callable[[], None]) -> None:
        """Make a call on the link's loop, without waiting for it; the order of such calls is kept."""
        if self._open and os.getpid() == self._pid:
            self.loop.call_soon_threadsafe(call, context=contextvars.Context())

    @property
    def connected(self) -> bool:
        """Whether a server is there at this moment."""
        return bool(self.wire.client.is_connected)

    def before_closing(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Have something done while the connection is still open."""
        self._endings.append(work)

    async def aclose(self) -> None:
        """Hand over what is still to be sent, and close. Closing twice does nothing."""
        if self._open and os.getpid() == self._pid:
            await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Close from a thread that may wait."""
        if not self._open:
            return
        try:
            self.wait(self._ended())
        finally:
            self._stop()

    async def _ended(self) -> None:
        for work in self._endings:
            try:
                await work()
            except (StoreError, NatsError) as error:
                log.warning("%s: what was still in hand comes again when its lease is over: %s", self.address, error)
        client = self.wire.client
        self._closing = True
        try:
            if client.is_connected:
                await client.flush(timeout=2)
        except (NatsError, OSError):
            pass
        finally:
            await client.close()

    def _stop(self) -> None:
        self._open = False
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()

    def _turn(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            left = asyncio.all_tasks(self.loop)
            for task in left:
                task.cancel()
            if left:
                self.loop.run_until_complete(asyncio.wait(left, timeout=1.0))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    # --- connecting --------------------------------------------------------------------------------------------------

    async def _connected(self) -> Wire:
        options = _options(self.address)
        # A finite number of attempts for the first connection, so that a wrong address or password is told at once.
        connecting = nats.connect(
            error_cb=self._error, reconnected_cb=self._back, disconnected_cb=self._gone, **options
        )
        try:
            client = await asyncio.wait_for(connecting, CONNECT)
        except (NatsError, OSError, ValueError, TimeoutError, ssl.SSLError) as error:
            raise StoreError(self._unreachable(error)) from None
        client.options["max_reconnect_attempts"] = -1
        return Wire(client, str(self.address))

    async def _error(self, error: Exception) -> None:
        self._errors = [*self._errors[-9:], error]
        log.debug("%s: %s", self.address, error)

    async def _gone(self) -> None:
        if not self._closing:
            log.warning("%s: the connection is lost; trying to get it back", self.address)

    async def _back(self) -> None:
        log.warning("%s: connected again", self.address)

    def _unreachable(self, error: BaseException) -> str:
        causes = [*self._errors, error]
        if any(isinstance(cause, AuthorizationError) or "authorization" in str(cause).lower() for cause in causes):
            return (
                f"{self.address} refused the credentials: check user, password, token, nkey or credentials of `stores`"
            )
        for cause in causes:
            if isinstance(cause, ssl.SSLError):
                return (
                    f"{self.address}: no TLS connection: {cause.reason or cause}; check `ca`, `certificate` and `key`"
                )
        if any(isinstance(cause, ConnectionError) and cause.errno != errno.ECONNREFUSED for cause in causes):
            return f"{self.address} closed the connection: check the credentials of `stores`, and whether it wants TLS"
        cause = causes[0]
        return f"{self.address} cannot be reached: {str(cause) or type(cause).__name__}: is nats-server running there?"


def _options(address: Address) -> dict[str, Any]:
    options: dict[str, Any] = {
        "servers": [f"nats://{server}" for server in address.servers],
        "name": "destination-actions",
        "connect_timeout": 2,
        "reconnect_time_wait": 0.25,
        "max_reconnect_attempts": 2,
        "ping_interval": 2,
        "max_outstanding_pings": 2,
        "pending_size": 16 * 1024 * 1024,
        "skip_subject_validation": True,
    }
    if address.user is not None:
        options |= {"user": address.user, "password": address.password or ""}
    if address.token is not None:
        options["token"] = address.token
    if address.nkey is not None:
        options["nkeys_seed_str"] = _seed(address.nkey)
    if address.credentials is not None:
        options["user_credentials"] = str(_readable(address.credentials, "credentials"))
    if address.tls:
        options["tls"] = _tls(address)
    return options


def _seed(text: str) -> str:
    import nkeys  # type: ignore[import-untyped]

    try:
        nkeys.from_seed(bytearray(text.encode()))
    except (nkeys.NkeysError, ValueError):
        raise ConfigurationError("the nkey of the NATS store is not the seed of an NKey, as SUA...") from None
    return text


def _tls(address: Address) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=_readable(address.ca, "ca") if address.ca else None)
    if address.certificate is not None:
        key = _readable(address.key, "key") if address.key else None
        try:
            context.load_cert_chain(_readable(address.certificate, "certificate"), key)
        except ssl.SSLError as error:
            raise ConfigurationError(f"the certificate of the NATS store cannot be used: {error.reason}") from None
    return context


def _readable(path: Path, option: str) -> Path:
    if not path.is_file():
        raise ConfigurationError(f'the file "{path}" of the NATS store\'s option "{option}" does not exist')
    return path


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
