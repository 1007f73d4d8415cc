"""A small destination and its scripted API, for the tests of the runtime."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import httpx
from destination_actions import (
    Accepted,
    Action,
    Context,
    Cooldown,
    Destination,
    FieldSet,
    Origin,
    Secret,
    accepted,
)
from destination_actions import field as declare


class Settings(FieldSet):
    """Settings of the test destination."""

    account: str = declare("Account", "The account.")
    token: Secret = declare("Token", "The token.")


class Note(FieldSet):
    """A note to a person."""

    person: str = declare("Person", "Whom it is for.", mapping="userId")
    text: str = declare("Text", "What it says.", default="hello")
    period: int = declare("Period", "Seconds.", default=60, minimum=0)


URL = "https://notes.test/v1/notes"


async def perform(ctx: Context[Settings], note: Note) -> Accepted:
    """Send the note."""
    return accepted(await ctx.send("POST", URL, json={"to": note.person, "text": note.text, "key": ctx.delivery_key}))


def cooldown(settings: Settings, note: Note) -> Cooldown:
    """One note a person and period."""
    return Cooldown(settings.account, note.person, seconds=note.period)


def origins(settings: Settings) -> list[Origin]:
    """The one API."""
    return [Origin("https://notes.test", auth=(settings.account, settings.token.reveal()))]


def action(**changes: Any) -> Action[Settings, Note]:
    """The test action, changed."""
    parts: dict[str, Any] = {"slug": "note", "title": "Note", "payload": Note, "perform": perform, "cooldown": cooldown}
    return Action(**parts | changes)


def destination(*actions: Action[Settings, Any], **changes: Any) -> Destination[Settings]:
    """The test destination."""
    parts: dict[str, Any] = {"slug": "notes", "name": "Notes", "settings": Settings, "origins": origins}
    return Destination(**parts | {"actions": actions or (action(),)} | changes)


SETTINGS = {"account": "acme", "token": "s3cret-token"}
SUBSCRIPTION = {"name": "Notes", "subscribe": 'type = "track"', "action": "note", "mapping": {}}


@dataclass
class Api:
    """The other side: answers from a script, then 201; remembers the requests."""

    script: list[Any] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.requests.append(request)
        answer = self.script.pop(0) if self.script else httpx.Response(201, json={"id": len(self.requests)})
        if callable(answer):
            answer = await answer(request)
        if isinstance(answer, BaseException):
            raise answer
        return answer
