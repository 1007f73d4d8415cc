"""Events that a tracking plan allows, and the examples that have one."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from destination_actions.testing._generate import value

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent for path in (ROOT / "examples").glob("*/destinations.yaml"))
CREDENTIALS = {
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
    "TWILIO_AUTH_TOKEN": "t",
    "SEGMENT_SPACE_ID": "s",
    "SEGMENT_PROFILE_API_TOKEN": "t",
}

HEAD = """\
# A good destination.
stores: "memory:"
destinations:
  shop:
    destination: twilio-studio
    settings:
      accountSid: ${env:TWILIO_ACCOUNT_SID}
      authToken: ${env:TWILIO_AUTH_TOKEN}
      spaceId: s
      profileApiAccessToken: ${env:TWILIO_AUTH_TOKEN}
    """
"""A configuration up to the keys of its one destination that are still to come."""


class Seeded:
    """Choices of a random generator with a seed."""

    tries = 40

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def begin(self, name: str) -> None:
        """Nothing depends on the name."""

    def integer(self, low: int, high: int) -> int:
        """A digit."""
        return self._random.randint(low, high)

    def length(self, low: int, high: int) -> int:
        """A length that is not too long."""
        return self._random.randint(low, min(high, low + 6))

    def branch(self, count: int) -> int:
        """One of several ways."""
        return self._random.randrange(count)

    def present(self, name: str) -> bool:
        """Half of what may be left out."""
        return self._random.random() < 0.5

    def text(self, name: str, low: int, high: int | None) -> str:
        """Some letters."""
        return "".join(self._random.choices("abc 123é", k=self._random.randint(low, min(high or 9, low + 8))))

    def number(self, low: float | None, high: float | None) -> float:
        """A number between the bounds."""
        return round(self._random.uniform(-100 if low is None else low, 200 if high is None else high), 2)

    def whole(self, low: int | None, high: int | None) -> int:
        """A whole number between the bounds."""
        return self._random.randint(-9 if low is None else low, 99 if high is None else high)

    def fresh(self, value: object) -> bool:
        """Values may come again."""
        return True

    def give_up(self, message: str) -> NoReturn:
        """Fail."""
        raise AssertionError(message)


def events_of(plan: Path, count: int, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Events of every rule of a tracking plan in the form that lists its rules."""
    for number, rule in enumerate(json.loads(plan.read_text())["rules"]):
        named = {"event": rule["key"]} if rule["type"] == "TRACK" else {"name": rule["key"]} if rule["key"] else {}
        for i in range(count):
            made = value(rule["jsonSchema"], Seeded(seed + 1_000 * number + i))
            yield {"type": rule["type"].lower(), "messageId": f"m-{number}-{i}", **named, **made}
