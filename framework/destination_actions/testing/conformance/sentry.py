"""Notices code that goes round the framework: network connections, child processes, and calls that block the loop."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Final

_FORBIDDEN: Final = frozenset({"socket.connect", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.fork"})
_BLOCKING: Final[dict[Any, str]] = {
    time.sleep: "time.sleep",
    socket.getaddrinfo: "socket.getaddrinfo",
    threading.Event.wait: "threading.Event.wait",
}
_BLOCKING_METHODS: Final = frozenset({"connect", "recv", "recv_into", "sendall", "accept", "acquire"})
_LOOP: Final = ("asyncio", "selectors", "concurrent", "logging", "threading", "httpx", "queue", "weakref")

_watches: list[list[str]] = []
_installed: list[bool] = []


@contextmanager
def guarded() -> Iterator[list[str]]:
    """Refuse connections and child processes meanwhile; gives what was tried.

    An audit hook cannot be taken back, so there is one for the whole process, which does nothing while nobody watches.
    """
    if not _installed:
        _installed.append(True)
        sys.addaudithook(_heard)
    tried: list[str] = []
    _watches.append(tried)
    try:
        yield tried
    finally:
        _watches.remove(tried)


def _heard(event: str, arguments: tuple[Any, ...]) -> None:
    if _watches and event in _FORBIDDEN:
        where = arguments[-1] if event == "socket.connect" else arguments[0] if arguments else ""
        for watch in _watches:
            watch.append(f"{event} {where!r}")
        raise ConnectionRefusedError(f"{event} goes round ctx.http and ctx.send, and is refused here")


@contextmanager
def unblocked() -> Iterator[list[str]]:
    """Note calls that block this thread; gives what was called, and from where."""
    found: list[str] = []
    before = sys.getprofile()
    sys.setprofile(_noting(found))
    try:
        yield found
    finally:
        sys.setprofile(before)


def _noting(found: list[str]) -> Callable[[FrameType, str, Any], None]:
    def note(frame: FrameType, event: str, called: Any) -> None:
        if event != "c_call" or str(frame.f_globals.get("__name__", "")).partition(".")[0] in _LOOP:
            return
        name = _blocking(called)
        if name:
            found.append(f"{name}, called at {frame.f_code.co_filename}:{frame.f_lineno}")

    return note


def _blocking(called: Any) -> str | None:
    owner = getattr(called, "__self__", None)
    if isinstance(owner, socket.socket) and called.__name__ in _BLOCKING_METHODS and owner.getblocking():
        return f"socket.{called.__name__}"
    try:
        return _BLOCKING.get(called)
    except TypeError:
        return None
