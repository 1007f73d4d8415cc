"""The sandbox's own addresses, under `/_sandbox/`, for other processes.

`GET ledger`, `DELETE ledger` (forgets everything), `GET settings`, `POST faults` (adds rules), `DELETE faults`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import web

from destination_actions_twilio_studio.sandbox.faults import Faults


class Controlled(Protocol):
    """What is controlled."""

    faults: Faults

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that point to it."""

    def to_json(self) -> dict[str, Any]:
        """Requests and executions."""

    def clear(self) -> None:
        """Forget everything."""


class Control:
    """Answers what is asked of the sandbox itself."""

    def __init__(self, sandbox: Controlled) -> None:
        self._sandbox = sandbox
        self._operations: Mapping[tuple[str, str], Callable[[bytes], Any]] = {
            ("GET", "/_sandbox/ledger"): lambda _: sandbox.to_json(),
            ("DELETE", "/_sandbox/ledger"): lambda _: sandbox.clear(),
            ("GET", "/_sandbox/settings"): lambda _: sandbox.settings,
            ("POST", "/_sandbox/faults"): lambda content: sandbox.faults.load(json.loads(content)),
            ("DELETE", "/_sandbox/faults"): lambda _: sandbox.faults.clear(),
        }

    def respond(self, method: str, path: str, content: bytes) -> web.Response:
        """Do it, or say what is wrong with it."""
        operation = self._operations.get((method, path))
        if operation is None:
            known = ", ".join(f"{verb} {address}" for verb, address in self._operations)
            return _json({"error": f"there are only {known}"}, 404)
        try:
            return _json(operation(content))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return _json({"error": str(error)}, 400)


def _json(body: Any, status: int = 200) -> web.Response:
    return web.Response(status=status, body=json.dumps(body).encode(), content_type="application/json")
