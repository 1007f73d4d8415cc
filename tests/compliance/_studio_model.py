"""What is right for a recorded Twilio Studio case: a small model of its own, made of the documented behaviour.

It knows the forms that the recordings use: literal values, `@path` and `@template` over dotted paths, and expressions
that compare the type. Periods are in seconds.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote

from _studio_replay import Verdict, answer_of, preloaded, settings_of, subscription_of
from _suite import Case

TEXTS: Final = ("flowSid", "from", "userId", "anonymousId", "to", "eventName", "messageId", "eventType")
FIELDS: Final = frozenset(TEXTS) | {"coolingOffPeriod", "parameters"}
SETTINGS: Final = {
    "accountSid": r"AC[0-9a-fA-F]{32}",
    "authToken": ".+",
    "spaceId": ".+",
    "profileApiAccessToken": ".+",
}
FLOW: Final = r"FW[0-9a-fA-F]{32}"
E164: Final = r"\+[1-9][0-9]{1,14}"
SENDER: Final = rf"{E164}|MG[0-9a-fA-F]{{32}}|[a-z][a-z0-9_-]{{0,31}}:[^\s:]{{1,128}}"
YEAR: Final = 365 * 24 * 3600

Document = dict[str, Any]


class Ended(Exception):  # noqa: N818 - the word that ends an event's way
    """The way of the event ends here with one outcome, pointing to these places."""

    def __init__(self, outcome: str, *at: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome
        self.at = sorted(at)


def judge(case: Case) -> Verdict:
    """Give the right verdict."""
    requests: list[dict[str, Any]] = []
    cooling: int | None = 0
    try:
        _check_settings(case)
        cooling = _performed(case, requests)
        outcome, at = "done", []
    except Ended as end:
        outcome, at = end.outcome, end.at
        cooling = None if outcome == "suppressed" else 0
    return {"outcome": outcome, "at": at, "requests": requests, "cooling": cooling}


def _performed(case: Case, requests: list[dict[str, Any]]) -> int:
    if case.input.get("subscriptions") == []:
        raise Ended("nothing to do")
    _check_mapping(case)
    _check_trigger(case)
    document = document_of(case)
    if document["coolingOffPeriod"] and preloaded(case):
        raise Ended("suppressed")
    number = _looked_up(case, document, requests)
    requests.append(_execution(case, document, number))
    _check_answer(answer_of(case, "studio"))
    return int(document["coolingOffPeriod"]) if "state" in case.expect else 0


# --- before anything is sent -----------------------------------------------------------------------------------------


def _check_settings(case: Case) -> None:
    settings = settings_of(case)
    bad = [f"/{key}" for key in settings if key not in SETTINGS]
    for key, form in SETTINGS.items():
        value = settings.get(key)
        text = "" if value is None else _text(value)
        if text is None or (not re.fullmatch(form, text, re.DOTALL) and not _later(key, text)):
            bad.append(f"/{key}")
    if bad or not settings.get("authToken"):
        raise Ended("refused", *(bad or ["/authToken"]))


def _later(key: str, text: str) -> bool:
    """A missing auth token may have an API key in its place: looked at when the rest is there."""
    return key == "authToken" and not text


def _check_mapping(case: Case) -> None:
    subscription = subscription_of(case)
    if subscription["action"] != "triggerStudioFlow":
        raise Ended("refused", "")
    unknown = [f"/{key}" for key in subscription.get("mapping", {}) if key not in FIELDS and not _reserved(key)]
    if unknown:
        raise Ended("refused", *unknown)


def _reserved(key: str) -> bool:
    return key.startswith(("__segment_internal_", "batch_")) or key == "enable_batching"


def _check_trigger(case: Case) -> None:
    text = subscription_of(case).get("subscribe")
    wanted = re.fullmatch(r'type = "(\w+)"', text) if isinstance(text, str) else None
    if wanted is None and text != "type":
        raise Ended("refused", "")
    if wanted is None or wanted[1] != case.input["event"].get("type"):
        raise Ended("not subscribed")


def document_of(case: Case) -> Document:
    """The values of the fields, checked."""
    event = case.input["event"]
    defaults = {"userId": {"@path": "$.userId"}, "anonymousId": {"@path": "$.anonymousId"}}
    mapping = defaults | subscription_of(case).get("mapping", {})
    given = {key: _single(resolved(value, event)) for key, value in mapping.items()}
    document: Document = {key: _text(value) for key, value in given.items() if key in TEXTS and value not in (None, "")}
    bad = [key for key, value in document.items() if value is None]
    bad += [
        key for key, form in (("flowSid", FLOW), ("from", SENDER)) if not re.fullmatch(form, document.get(key) or "")
    ]
    period = period_of(given.get("coolingOffPeriod"))
    bad += ["coolingOffPeriod"] if period is None else []
    if bad:
        raise Ended("refused", *(f"/{key}" for key in set(bad)))
    if not document.keys() & {"userId", "anonymousId"}:
        raise Ended("refused", "/userId")
    return document | {"coolingOffPeriod": period}


def resolved(value: Any, event: Any) -> Any:
    """The value of a mapping's field."""
    if isinstance(value, dict) and "@path" in value:
        return _at(event, value["@path"].removeprefix("$."))
    if isinstance(value, dict) and "@template" in value:
        return re.sub(r"{{\s*(.*?)\s*}}", lambda found: str(_at(event, found[1]) or ""), value["@template"])
    return value


def _at(event: Any, path: str) -> Any:
    for key in path.split("."):
        event = event.get(key) if isinstance(event, dict) else None
    return event


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else None


def period_of(value: Any) -> int | None:
    """Whole seconds of at most a year; None for anything else."""
    try:
        number = Decimal(60 if value in (None, "") else int(value) if isinstance(value, bool) else str(value))
    except InvalidOperation:
        return None
    return int(number) if number.is_finite() and number == number.to_integral_value() and 0 <= number <= YEAR else None


# --- requests --------------------------------------------------------------------------------------------------------


def _looked_up(case: Case, document: Document, requests: list[dict[str, Any]]) -> str:
    answer = answer_of(case, "profile")
    found: list[Mapping[str, Any]] = []
    for kind, key in (("user_id", "userId"), ("anonymous_id", "anonymousId")):
        if key in document and not found:
            requests.append(lookup(settings_of(case), kind, document[key]))
            found = _answered(answer)
    if not found:
        raise Ended("retry" if answer["status"] == 404 else "refused")
    # Of two at the same moment the later in the list, as Segment's destination has it.
    _, _, number = max((_moment(one.get("created_at")), at, one["id"]) for at, one in enumerate(found))
    if not re.fullmatch(E164, number) or number == document["from"]:
        raise Ended("refused")
    return str(number)


def lookup(settings: Mapping[str, Any], kind: str, value: str) -> dict[str, Any]:
    """The request for the phone numbers of one id."""
    space, one = quote(str(settings["spaceId"]), safe=""), quote(value.lower(), safe="")
    path = f"https://profiles.segment.com/v1/spaces/{space}/collections/users/profiles/{kind}:{one}/external_ids"
    query = {"include": "phone", "limit": "100"}
    auth = f"{settings['profileApiAccessToken']}:"
    return {"method": "GET", "path": path, "query": query, "auth": auth, "parameters": None, "form": {}}


def _answered(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    status = answer["status"]
    if status in {401, 403}:
        raise Ended("credentials")
    if status in {408, 429} or status >= 500:
        raise Ended("retry")
    if status not in {200, 404}:
        raise Ended("refused")
    return list(phones(answer)) if status == 200 else []


def phones(answer: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The phone numbers of an answer 200."""
    body = body_of(answer)
    if not isinstance(body, dict):
        raise Ended("retry")
    for one in body["data"] if isinstance(body.get("data"), list) else ():
        if isinstance(one, dict) and one.get("type") == "phone" and one.get("id") and isinstance(one["id"], str):
            yield one


def body_of(answer: Mapping[str, Any]) -> Any:
    """The JSON of an answer, or None."""
    try:
        return json.loads(answer["body"]) if "body" in answer else answer["json"]
    except ValueError:
        return None


def _moment(text: Any) -> Decimal:
    """Seconds since 1970 with every decimal; long ago, when there is no readable date."""
    parts = re.fullmatch(r"(.*?)(\.\d+)?(Z|[+-]\d\d:\d\d)", text) if isinstance(text, str) else None
    try:
        whole = datetime.fromisoformat(parts[1] + parts[3]) if parts else datetime.fromtimestamp(0, UTC)
    except ValueError:
        return Decimal(0)
    return Decimal(int(whole.timestamp())) + Decimal((parts and parts[2]) or "0")


def _execution(case: Case, document: Document, number: str) -> dict[str, Any]:
    settings, event = settings_of(case), case.input["event"]
    given = {key: document.get(key) for key in ("userId", "anonymousId")}
    named = {"event": event.get("event"), "messageId": event.get("messageId"), "deliveryKey": "*"}
    return {
        "method": "POST",
        "path": f"https://studio.twilio.com/v2/Flows/{document['flowSid']}/Executions",
        "query": {},
        "auth": f"{settings['accountSid']}:{settings['authToken']}",
        "parameters": {key: value for key, value in (given | named).items() if value is not None},
        "form": {"From": document["from"], "To": number},
    }


def _check_answer(answer: Mapping[str, Any]) -> None:
    status, body = answer["status"], body_of(answer)
    busy = isinstance(body, dict) and body.get("code") == 20409 and 400 <= status < 500
    if 200 <= status < 300:
        return
    if status == 408 or status >= 500:
        raise Ended("unconfirmed")
    if status in {401, 403}:
        raise Ended("credentials")
    raise Ended("retry" if busy or status in {409, 429} else "refused")
