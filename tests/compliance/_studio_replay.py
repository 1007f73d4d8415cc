"""Play a recorded Twilio Studio case: what Segment's destination did, and what ours does over the same answers.

A verdict is `{outcome, at, requests, cooling}`: one word; the pointers of what is refused; each request with its
decoded credentials and form; and the seconds in which another event of the person is held back afterwards. None in
Segment's place of `at` or `cooling` means that the recording does not say.

The recorded account SID has no valid form, so a valid one stands for it everywhere. The recording was made at the time
of its events, and so is the replay.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import httpx
from _suite import UNDEFINED, Case, same, strip_undefined
from destination_actions import AsyncRuntime
from destination_actions.errors import ConfigurationError
from destination_actions.outcomes import Failed, Outcome, Suppressed
from destination_actions.protocols import ClaimTimes
from destination_actions.stores import open_stores
from destination_actions.testing import ManualClock

RECORDED_ACCOUNT, ACCOUNT = "AC0123456789", "AC" + "0123456789abcdef" * 2
NOW = 1_714_558_835.0
"""Five seconds after the timestamp of the recorded events."""

SETTINGS = {
    "accountSid": RECORDED_ACCOUNT,
    "authToken": "tok-secret",
    "spaceId": "spa_1",
    "profileApiAccessToken": "profile-token",
}
SUBSCRIBE = 'type = "identify"'
MAPPING = {
    "flowSid": "FW76e00a0d69a30e38e5cd25fdf887f62c",
    "from": "+17707624774",
    "userId": {"@path": "$.userId"},
    "anonymousId": {"@path": "$.anonymousId"},
    "eventType": {"@path": "$.type"},
}
NEWEST = "+15550002222"
PROFILE = {"status": 200, "json": {"data": [{"type": "phone", "id": NEWEST, "created_at": "2024-01-01T00:00:00Z"}]}}
STUDIO = {"status": 201, "json": {"sid": "FN" + "0" * 32}}
ABSENT = re.compile(r"missing the required field '(.*)'\.$")
WORDS = {
    "delivered": "done",
    "filtered": "not subscribed",
    "suppressed": "suppressed",
    "invalid": "refused",
    "rejected": "refused",
    "unknown": "unconfirmed",
}
REASONS = {"authentication": "credentials", "unconfirmed": "unconfirmed"}

Verdict = dict[str, Any]


def settings_of(case: Case) -> dict[str, Any]:
    """The settings, with the account SID that stands for the recorded one."""
    settings: dict[str, Any] = strip_undefined(case.input.get("settings", SETTINGS))
    known = settings.get("accountSid") == RECORDED_ACCOUNT
    return settings | ({"accountSid": ACCOUNT} if known else {})


def subscription_of(case: Case) -> dict[str, Any]:
    """The one subscription, complete; what the recording made undefined is left out."""
    given = {"subscribe": SUBSCRIBE, "mapping": MAPPING} | case.input.get("subscription", {})
    kept = {key: strip_undefined(value) for key, value in given.items() if value is not UNDEFINED}
    action = kept.pop("partnerAction", "triggerStudioFlow")
    return kept | {"name": "recorded", "action": action, "id": "recorded"}


def answer_of(case: Case, what: str) -> dict[str, Any]:
    """What the recorded API `profile` or `studio` answers."""
    given: dict[str, Any] | None = case.input.get("mock", {}).get(what)
    return given or (PROFILE if what == "profile" else STUDIO)


def preloaded(case: Case) -> bool:
    """Whether the person was contacted a moment before. An empty text in Segment's store means no."""
    return any((case.input.get("state") or {}).get("values", {}).values())


# --- Segment ---------------------------------------------------------------------------------------------------------


def segment(case: Case) -> Verdict:
    """Segment's verdict."""
    expect = case.expect
    outcome = _failed(expect["error"]) if "error" in expect else _returned(expect["result"])
    return {
        "outcome": outcome,
        "at": _places(expect.get("error", {}).get("errors")),
        "requests": [_recorded(one) for one in expect["requests"]],
        "cooling": next((one["ttl"]["second"] for one in expect.get("state", {}).get("set", ())), None),
    }


def _returned(result: list[dict[str, Any]]) -> str:
    last = result[-1]["output"] if result else "nothing to do"
    if "subscription" in last:
        return "refused"
    return "done" if last == "Action Executed" else str(last)


def _failed(error: Mapping[str, Any]) -> str:
    status = error.get("status")
    if not isinstance(status, int):
        return "unclassified"
    if status in {401, 403}:
        return "credentials"
    return "retry" if status == 429 or status >= 500 else "refused"


def _places(errors: list[dict[str, str]] | None) -> list[str] | None:
    return None if errors is None else sorted(map(_place, errors))


def _place(error: Mapping[str, str]) -> str:
    absent = ABSENT.search(error["message"])
    return f"{error['pointer']}/{absent[1]}" if absent else error["pointer"]


def _recorded(one: Mapping[str, Any]) -> dict[str, Any]:
    credentials = one["headers"].get("authorization", "")
    made = request(one["method"], f"https://{one['host']}{one['path']}", credentials, one["body"])
    return made | {"auth": made["auth"].replace(RECORDED_ACCOUNT, ACCOUNT)}


def request(method: str, url: str, authorization: str, body: str) -> dict[str, Any]:
    """One request in the form of a verdict; `parameters` is the decoded JSON of the form's Parameters."""
    path, _, query = url.partition("?")
    form = dict(parse_qsl(body, keep_blank_values=True))
    return {
        "method": method,
        "path": path,
        "query": dict(parse_qsl(query, keep_blank_values=True)),
        "auth": _decoded(authorization),
        "parameters": json.loads(form.pop("Parameters", "null")),
        "form": form,
    }


def masked(one: dict[str, Any]) -> dict[str, Any]:
    """The request with `*` for its delivery key, which only has to be there."""
    given = one["parameters"]
    return one | ({"parameters": given | {"deliveryKey": "*"}} if given and given.get("deliveryKey") else {})


def _decoded(authorization: str) -> str:
    return base64.b64decode(authorization.removeprefix("Basic ")).decode()


# --- ours ------------------------------------------------------------------------------------------------------------


class Api:
    """Answers as recorded once `case` is set, and as a healthy API before; keeps the requests."""

    def __init__(self) -> None:
        self.case = Case("", {}, {})
        self.requests: list[dict[str, Any]] = []

    def __call__(self, sent: httpx.Request) -> httpx.Response:
        """Answer one request."""
        url = f"{sent.url.scheme}://{sent.url.host}{sent.url.raw_path.decode()}"
        authorization = sent.headers.get("authorization", "")
        self.requests.append(masked(request(sent.method, url, authorization, sent.content.decode())))
        answer = answer_of(self.case, "profile" if sent.url.host.startswith("profiles.") else "studio")
        headers = answer.get("headers", {}) | {"content-type": answer.get("type", "application/json")}
        text = answer["body"] if "body" in answer else json.dumps(answer["json"])
        return httpx.Response(answer["status"], headers=headers, content=text.encode())


def ours(case: Case) -> Verdict:
    """Our verdict on the same case."""
    return asyncio.run(_replayed(case))


async def _replayed(case: Case) -> Verdict:
    api, clock = Api(), ManualClock(NOW, auto=True)
    stores = open_stores("memory:", clock=clock, times=ClaimTimes())
    subscriptions = case.input.get("subscriptions", [subscription_of(case)])
    parts: dict[str, Any] = {"settings": settings_of(case), "http": httpx.MockTransport(api), "clock": clock}
    try:
        runtime = AsyncRuntime("actions-twilio-studio", subscriptions=subscriptions, stores=stores, **parts)
    except ConfigurationError as error:
        return {"outcome": "refused", "at": sorted(_inside(one) for one in error.errors), "requests": [], "cooling": 0}
    async with runtime:
        if preloaded(case):
            await _contacted_before(case, parts | {"stores": stores})
        api.requests, api.case = [], case
        outcomes = await runtime.send(case.input["event"])
        requests, api.requests, api.case = api.requests, [], Case("", {}, {})
        cooling = await _cooling(runtime, case, clock) if "state" in case.expect else 0
    await stores.close()
    return _verdict(outcomes, requests, cooling)


async def _contacted_before(case: Case, parts: dict[str, Any]) -> None:
    subscription = subscription_of(case)
    subscription |= {"mapping": subscription["mapping"] | {"coolingOffPeriod": 60}}
    runtime = AsyncRuntime("actions-twilio-studio", subscriptions=[subscription], **parts)
    async with runtime:
        await runtime.send(case.input["event"] | {"messageId": "before"})


async def _cooling(runtime: AsyncRuntime, case: Case, clock: ManualClock) -> float:
    """For how long another event of the person is held back now."""
    (outcome,) = await runtime.send(case.input["event"] | {"messageId": "after"})
    if isinstance(outcome, Suppressed) and outcome.until is not None:
        return round(outcome.until - clock.now(), 3)
    return 0


def _inside(error: ConfigurationError) -> str:
    """A pointer into settings or mapping, as Segment would give it."""
    _, _, inside = re.sub("/(settings|mapping)(/|$)", r"@\2", error.pointer or "").partition("@")
    return inside


def _verdict(outcomes: list[Outcome], requests: list[dict[str, Any]], cooling: float) -> Verdict:
    if not outcomes:
        return {"outcome": "nothing to do", "at": [], "requests": requests, "cooling": cooling}
    (outcome,) = outcomes
    word = REASONS.get(outcome.reason, "retry") if isinstance(outcome, Failed) else WORDS[outcome.outcome]
    places = sorted(problem.pointer for problem in getattr(outcome, "problems", ()))
    return {"outcome": word, "at": places, "requests": requests, "cooling": cooling}


def agree(theirs: Verdict, mine: Verdict) -> bool:
    """Compare what is known of the left verdict."""
    return all(same(value, mine[key]) for key, value in theirs.items() if value is not None)
