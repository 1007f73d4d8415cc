"""Error bodies in the forms that come back: Twilio's JSON, problem+json, the Profile API's JSON, and a proxy's HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from destination_actions import Response

from destination_actions_twilio_studio.phones import masked

LONGEST_MESSAGE: Final = 200
LONGEST_BODY: Final = 64 * 1024
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error answer says: a code if it has one, and a short message without control characters and numbers."""

    code: int | str | None
    message: str


def problem_of(response: Response) -> Problem:
    """Read an error answer."""
    body = _object(response)
    nested = body.get("error")
    if isinstance(nested, Mapping):
        body = nested
    code = body.get("code")
    plain_code = code if isinstance(code, int | str) and not isinstance(code, bool) else None
    return Problem(plain_code, _short(_message(body)) or _without_json(response))


def _object(response: Response) -> Mapping[str, Any]:
    if len(response.content) > LONGEST_BODY:
        return {}
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _message(body: Mapping[str, Any]) -> str:
    texts = [body.get("message"), body.get("detail"), body.get("title"), *_details(body.get("errors"))]
    found = [text for text in texts if isinstance(text, str) and text]
    return found[0] if found else ""


def _details(errors: Any) -> list[Any]:
    return [one.get("detail") for one in errors if isinstance(one, Mapping)] if isinstance(errors, list) else []


def _without_json(response: Response) -> str:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not response.content:
        return "an empty answer"
    return "an HTML page, as proxies send" if "html" in kind else "an answer without a message"


def _short(text: str) -> str:
    clean = masked(_UNPRINTABLE.sub(" ", text)).strip()
    return clean if len(clean) <= LONGEST_MESSAGE else clean[:LONGEST_MESSAGE] + "..."
