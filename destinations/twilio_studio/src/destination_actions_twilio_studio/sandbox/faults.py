"""Faults on demand: by rule, for the next so many requests, or by chance from a seed."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from destination_actions_twilio_studio.sandbox.exchange import JSON, Call, Reply, twilio_error

How = Literal["answer", "reset", "hang", "drip", "truncate"]
"""What becomes of the answer: it is sent, the connection is reset instead, nothing ever comes, it comes byte by byte,
or it breaks off in the middle of the body."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong. With `accepts` the request takes effect first, and only its answer suffers.

    `reply` replaces the API's own answer. A request that the API refuses anyway gets that refusal.
    """

    name: str
    accepts: bool = False
    how: How = "answer"
    reply: Reply | None = None


def replying(status: int, body: str = "", *, content_type: str = JSON, accepts: bool = False, **headers: str) -> Fault:
    """Make a fault that answers with this; `retry_after="7"` becomes a Retry-After header."""
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fault(f"answer-{status}", accepts, "answer", Reply(status, body.encode(), lines, content_type))


def _twilio(name: str, status: int, code: int, message: str, **headers: str) -> Fault:
    lines = {key.replace("_", "-"): value for key, value in headers.items()}
    return Fault(name, reply=twilio_error(status, code, message, lines))


_HTML = "<html><head><title>Bad gateway</title></head><body>oops</body></html>"
_PROBLEM = {
    "type": "https://www.twilio.com/docs/api/errors/20001",
    "title": "Invalid parameter",
    "status": 400,
    "code": 20001,
    "detail": "Parameters is not valid",
    "errors": [{"detail": "it must be an object", "pointer": "#/Parameters"}],
}

FAULTS: Mapping[str, Fault] = {
    fault.name: fault
    for fault in (
        _twilio("too-many", 429, 20429, "Too Many Requests", Retry_After="1"),
        _twilio("unauthorized", 401, 20003, "Authenticate"),
        _twilio("forbidden", 403, 70051, "Authorization Error - access was refused"),
        _twilio("busy", 409, 20409, "The contact already has an active execution"),
        _twilio("unavailable", 503, 20503, "Service Unavailable"),
        Fault("problem", reply=Reply(400, json.dumps(_PROBLEM).encode(), {}, "application/problem+json")),
        Fault("html", reply=Reply(502, _HTML.encode(), {}, "text/html")),
        Fault("redirect", reply=Reply(302, b"", {"Location": "http://127.0.0.1:9/elsewhere"}, "text/html")),
        Fault("reset", how="reset"),
        Fault("hang", how="hang"),
        Fault("accept-then-reset", accepts=True, how="reset"),
        Fault("accept-then-hang", accepts=True, how="hang"),
        Fault("accept-then-500", accepts=True, reply=twilio_error(500, 20500, "Internal Server Error")),
        Fault("accept-then-drip", accepts=True, how="drip"),
        Fault("accept-then-truncate", accepts=True, how="truncate"),
        Fault("accept-then-garbage", accepts=True, reply=Reply(201, b"{bad", {})),
    )
}
"""The faults that have a name. Those without `accept` in it leave no execution behind."""


@dataclass(slots=True)
class Rule:
    """When a fault strikes: on which operation (`any` is all), how often, for which contact, by which chance."""

    fault: Fault
    on: str = "create"
    times: int | None = 1
    to: str | None = None
    chance: float = 1.0
    random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - reproducible on purpose

    def strikes(self, operation: str, call: Call) -> bool:
        """Decide, and count."""
        if self.times == 0 or self.on not in {operation, "any"} or self.to not in {None, call.value("To")}:
            return False
        if self.chance < 1.0 and self.random.random() >= self.chance:
            return False
        self.times = None if self.times is None else self.times - 1
        return True


class Faults:
    """The rules in force. The first that strikes decides."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def next(self, fault: Fault | str, *, on: str = "create", times: int | None = 1, to: str | None = None) -> None:
        """Let the next requests fail; `times=None` is all of them until `clear`."""
        self._rules.append(Rule(named(fault), on, times, to))

    def by_chance(self, chances: Mapping[str, float], *, seed: int = 0, on: str = "create") -> None:
        """Let each request fail with these probabilities, reproducibly for one order of requests."""
        dice = random.Random(seed)  # noqa: S311 - reproducible on purpose
        left = 1.0
        for name, chance in chances.items():
            self._rules.append(Rule(named(name), on, None, None, chance / left if left > chance else 1.0, dice))
            left -= chance

    def clear(self) -> None:
        """Let everything work again."""
        self._rules.clear()

    def pick(self, operation: str, call: Call) -> Fault | None:
        """The fault that strikes this request."""
        return next((rule.fault for rule in self._rules if rule.strikes(operation, call)), None)

    def load(self, document: Any) -> None:
        """Add rules from JSON: `[{"fault": "too-many", "on": "create", "times": 3, "to": "+1555..."}]`, or
        `[{"chances": {"unavailable": 0.03}, "seed": 7}]`."""
        for item in document:
            options = {key: value for key, value in item.items() if key not in {"fault", "chances"}}
            if "chances" in item:
                self.by_chance(item["chances"], **options)
            else:
                self.next(item["fault"], **options)


def named(fault: Fault | str) -> Fault:
    """The fault of that name; raises `ValueError` with the names there are."""
    if isinstance(fault, Fault):
        return fault
    if fault not in FAULTS:
        raise ValueError(f'no fault is named "{fault}"; there are {", ".join(FAULTS)}')
    return FAULTS[fault]
