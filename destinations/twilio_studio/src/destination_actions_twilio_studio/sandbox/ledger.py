"""What the sandbox saw and did, for tests and for other processes to compare with what was reported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from destination_actions_twilio_studio.sandbox.exchange import Call
from destination_actions_twilio_studio.sandbox.world import World


@dataclass(slots=True)
class Seen:
    """One request, and what was answered: `status` is None when no status line was sent.

    `credential` says whose it was (`auth-token`, `api-key`, `profile-token`, `other`, `none`) and never the secret.
    """

    number: int
    at: float
    call: Call
    operation: str
    credential: str
    fault: str | None = None
    status: int | None = None
    execution: str | None = None

    def to_json(self) -> dict[str, Any]:
        """One line of the ledger."""
        return {
            "number": self.number,
            "at": self.at,
            "api": self.call.api,
            "operation": self.operation,
            "method": self.call.method,
            "target": self.call.target,
            "form": [list(pair) for pair in self.call.form],
            "credential": self.credential,
            "fault": self.fault,
            "status": self.status,
            "execution": self.execution,
        }


class Ledger:
    """Every request in order of arrival."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: list[Seen] = []

    def __iter__(self) -> Iterator[Seen]:
        return iter(self._seen)

    def __len__(self) -> int:
        return len(self._seen)

    def enter(self, at: float, call: Call, operation: str) -> Seen:
        """Write down a request as it arrives."""
        seen = Seen(len(self._seen) + 1, at, call, operation, self._credential(call))
        self._seen.append(seen)
        return seen

    def of(self, operation: str) -> list[Seen]:
        """The requests of one operation."""
        return [seen for seen in self._seen if seen.operation == operation]

    def clear(self) -> None:
        """Forget everything."""
        self._seen.clear()

    def _credential(self, call: Call) -> str:
        if call.auth is None:
            return "none"
        user, password = call.auth
        if (user, password) == (self._world.account_sid, self._world.auth_token):
            return "auth-token"
        if self._world.keys.get(user) == password:
            return "api-key"
        return "profile-token" if (user, password) == (self._world.profile_token, "") else "other"
