"""What the action is given for one event, and what may travel in one request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from destination_actions import FieldProblem, FieldSet, field

from destination_actions_webhook.addresses import complaint
from destination_actions_webhook.settings import Settings

_SCALARS = (str, int, float, bool, type(None))
_OURS = frozenset({"x-signature", "x-signature-256", "x-delivery-keys"})


def _sound_address(send: Send) -> FieldProblem | None:
    wrong = complaint(send.url)
    return FieldProblem("url", wrong, code="format") if wrong else None


def _plain_headers(send: Send) -> Iterator[FieldProblem]:
    for name, value in (send.headers or {}).items():
        if not isinstance(value, _SCALARS):
            yield FieldProblem("headers", f'has "{name}", whose value is not a text, number, boolean or null')
        if name.lower() in _OURS:
            yield FieldProblem("headers", f'has "{name}", which the webhook writes itself')


def _fitting_body(send: Send) -> FieldProblem | None:
    if not send.has_body or send.encoding == "json":
        return None
    if send.encoding == "text":
        return None if isinstance(send.data, str) else FieldProblem("data", "must be a text to be sent as one")
    if isinstance(send.data, dict) and all(_is_form_value(value) for value in send.data.values()):
        return None
    return FieldProblem("data", "must be an object of plain values, or lists of them, to be sent as a form")


def _is_form_value(value: object) -> bool:
    return all(isinstance(one, _SCALARS) for one in (value if isinstance(value, list) else [value]))


def _batch_of_json(send: Send) -> FieldProblem | None:
    if not send.enable_batching or (send.encoding == "json" and send.has_body):
        return None
    return FieldProblem("enable_batching", "is for JSON bodies only: a batch is sent as a JSON list")


class Send(FieldSet):
    """One event's request."""

    url: str = field(
        "URL", "The address; http or https.", format="uri", maximum=2000, placeholder="https://example.com/hook"
    )
    method: Literal["POST", "PUT", "PATCH", "GET", "DELETE"] = field(
        "Method", "GET and DELETE have no body.", default="POST"
    )
    headers: dict[str, Any] | None = field("Headers", "Names and values; null leaves one out.", default=None)
    encoding: Literal["json", "form", "text"] = field(
        "Encoding", "json: any value. form: an object of plain values. text: a text as it is.", default="json"
    )
    data: Any = field("Body", "What to send; the whole event, if nothing else is mapped.", mapping="$.")
    enable_batching: bool = field(
        "Batch",
        "Send the events of a batch in one request, as a JSON list. One event is a list of one then.",
        key="enable_batching",
        default=False,
    )

    validators = (_sound_address, _plain_headers, _fitting_body, _batch_of_json)

    @property
    def has_body(self) -> bool:
        """Whether the method has one."""
        return self.method not in {"GET", "DELETE"}

    @property
    def lines(self) -> dict[str, str]:
        """The mapped headers as texts."""
        given = {name: _text(value) for name, value in (self.headers or {}).items()}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def has_credentials(self) -> bool:
        """Whether a mapped header takes the place of the credentials of the settings."""
        return any(name.lower() == "authorization" for name in self.lines)


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value)


def together(settings: Settings, send: Send) -> object:  # noqa: ARG001 - the framework's signature
    """What the events of one request have in common; None for an event that goes alone."""
    return (send.url, send.method, tuple(send.lines.items())) if send.enable_batching else None
