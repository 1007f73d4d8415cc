"""Where our Twilio Studio destination differs from Segment's, on purpose.

Each predicate looks at the recorded input and at Segment's verdict alone; what is right comes from `_studio_model`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from _studio_model import (
    E164,
    FIELDS,
    FLOW,
    SENDER,
    SETTINGS,
    Ended,
    _reserved,
    body_of,
    judge,
    period_of,
    phones,
    resolved,
)
from _studio_replay import Verdict, answer_of, preloaded, settings_of, subscription_of
from _suite import Case, Rule


def _right(case: Case, _: Any) -> Any:
    return judge(case)


def _value(case: Case, key: str) -> Any:
    return resolved(subscription_of(case).get("mapping", {}).get(key), case.input["event"])


def _made(theirs: Verdict, method: str) -> list[Mapping[str, Any]]:
    return [one for one in theirs["requests"] if one["method"] == method]


def _looks_up(case: Case, theirs: Verdict) -> bool:
    return bool(_made(theirs, "GET"))


def _executes(case: Case, theirs: Verdict) -> bool:
    return bool(_made(theirs, "POST"))


def _suppresses(case: Case, theirs: Verdict) -> bool:
    return preloaded(case) and theirs["outcome"] == "refused" and theirs["at"] is None


def _holds_back_undelivered(case: Case, theirs: Verdict) -> bool:
    return bool(theirs["cooling"]) and theirs["outcome"] != "done"


def _odd_period(case: Case, theirs: Verdict) -> bool:
    return theirs["at"] is None and not period_of(_value(case, "coolingOffPeriod"))


def _event_type(case: Case, theirs: Verdict) -> bool:
    mapped = "eventType" in subscription_of(case).get("mapping", {})
    return (
        theirs["outcome"] == "refused"
        and _value(case, "eventType") != "identify"
        and (mapped or "/eventType" in (theirs["at"] or ()))
    )


def _odd_id(case: Case, theirs: Verdict) -> bool:
    asked = _value(case, "userId") or _value(case, "anonymousId")
    return _looks_up(case, theirs) and bool(re.search(r"[A-Z\x21-\x2c/:-@\[-^`{|}]", str(asked)))


def _odd_form(case: Case, theirs: Verdict) -> bool:
    given = {key: str(_value(case, key) or "") for key in ("flowSid", "from")}
    return _executes(case, theirs) and not (
        re.fullmatch(FLOW, given["flowSid"]) and re.fullmatch(SENDER, given["from"])
    )


def _unknown_names(case: Case, theirs: Verdict) -> bool:
    subscription = subscription_of(case)
    keys = [key for key in subscription.get("mapping", {}) if not _reserved(key)]
    return subscription["action"] != "triggerStudioFlow" or not (
        FIELDS >= set(keys) and SETTINGS.keys() >= settings_of(case).keys()
    )


def _listed(case: Case) -> list[Any]:
    body = body_of(answer_of(case, "profile"))
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, list) else []


def _numbers(case: Case) -> list[Mapping[str, Any]]:
    answer = answer_of(case, "profile")
    try:
        return list(phones(answer)) if answer["status"] == 200 else []
    except Ended:
        return []


def _other_ids(case: Case, theirs: Verdict) -> bool:
    return _executes(case, theirs) and len(_numbers(case)) < len(_listed(case))


def _no_number(case: Case, theirs: Verdict) -> bool:
    dialled = [one["form"].get("To", "") for one in _made(theirs, "POST")]
    return any(not re.fullmatch(E164, text) for text in dialled)


def _odd_dates(case: Case, theirs: Verdict) -> bool:
    dates = [str(one.get("created_at")) for one in _numbers(case)]
    unreadable = [text for text in dates if not re.match(r"\d{4}-\d\d-\d\dT", text)]
    fine = [text for text in dates if re.search(r"\.\d{4,}", text)]
    return _executes(case, theirs) and len(dates) > 1 and bool(unreadable or fine)


def _tries_one_id(case: Case, theirs: Verdict) -> bool:
    nobody = answer_of(case, "profile")["status"] == 404 or (
        answer_of(case, "profile")["status"] == 200
        and body_of(answer_of(case, "profile")) is not None
        and not _numbers(case)
    )
    return _looks_up(case, theirs) and nobody and all(_value(case, key) for key in ("userId", "anonymousId"))


def _profile_refuses(case: Case, theirs: Verdict) -> bool:
    status = answer_of(case, "profile")["status"]
    return theirs["outcome"] == "retry" and 400 <= status < 500 and status not in {404, 408, 429}


def _unclassified(case: Case, theirs: Verdict) -> bool:
    return bool(theirs["outcome"] == "unclassified")


def _busy(case: Case, theirs: Verdict) -> bool:
    answer = answer_of(case, "studio")
    body = body_of(answer)
    code = body.get("code") if isinstance(body, dict) else None
    return _executes(case, theirs) and (answer["status"] == 409 or (answer["status"] < 500 and code == 20409))


def _perhaps_done(case: Case, theirs: Verdict) -> bool:
    status = answer_of(case, "studio")["status"]
    return _executes(case, theirs) and (status == 408 or status >= 500)


def _redirected(case: Case, theirs: Verdict) -> bool:
    return any(300 <= answer_of(case, what)["status"] < 400 for what in ("profile", "studio"))


def _odd_settings(case: Case, theirs: Verdict) -> bool:
    given = settings_of(case)
    return any(
        not isinstance(given.get(key), dict | list) and not re.fullmatch(form, str(given.get(key) or ""))
        for key, form in SETTINGS.items()
    )


def _odd_expression(case: Case, theirs: Verdict) -> bool:
    return re.fullmatch(r'type = "\w*"', str(subscription_of(case).get("subscribe", ""))) is None


def _rule(name: str, applies: Any, segment: str, here: str, why: str) -> Rule:
    return Rule(f"studio-{name}", segment, here, why, applies, _right)


RULES = (
    _rule(
        "pages",
        _looks_up,
        "reads the first page of phone numbers, ten of them",
        "pages of 100, up to 500 numbers",
        "the newest may be on a later page",
    ),
    _rule(
        "parameters",
        _executes,
        "`Parameters` is a constant",
        "userId, anonymousId, event, messageId, a delivery key, and an object of the user's own",
        "the documentation promises the ids; the key lets a lost answer be found again",
    ),
    _rule(
        "suppressed",
        _suppresses,
        "an event within the cooling-off period is a failed delivery",
        "it is suppressed: until when, and by which event",
        "nothing failed, and nothing is to be tried again",
    ),
    _rule(
        "cooldown-after-failure",
        _holds_back_undelivered,
        "the period starts before anything is sent, and stays when that fails",
        "a definite failure gives the period back, an unknown outcome keeps it for that event alone",
        "the retry of a failed event must not be held back by its own first try",
    ),
    _rule(
        "period",
        _odd_period,
        "0 means 60 seconds; negative periods and fractions are taken as they are",
        "0 turns the period off; whole seconds up to a year, else the event is invalid",
        "a mistake must not become a period that nobody chose",
    ),
    _rule(
        "any-event",
        _event_type,
        "`eventType` is required and must be `identify`",
        "any event that the trigger lets through; `eventType` is accepted and ignored",
        "the documented example is a track event",
    ),
    _rule(
        "ids",
        _odd_id,
        "ids are put into the Profile API's address as they are, so `?`, `#` and `/` lead elsewhere",
        "percent-encoded, and in lower case, as profiles are kept",
        "an id must not choose what the token reads",
    ),
    _rule(
        "forms",
        _odd_form,
        "`flowSid` and `from` are not checked; `FW/../x` posts the credentials to another address",
        "`FW` and 32 hexadecimal digits; an E.164 number, a messaging service or a channel address",
        "what cannot work is found before anything is sent",
    ),
    _rule(
        "unknown-names",
        _unknown_names,
        "fields, settings and actions that do not exist are passed over",
        "refused when the configuration is loaded, with the nearest name",
        "a misspelt field is a field that is missing",
    ),
    _rule(
        "types",
        _other_ids,
        "dials whatever id comes back, an e-mail address too",
        "only ids of type phone",
        "only they are phone numbers",
    ),
    _rule(
        "e164",
        _no_number,
        "dials a number in any form",
        "the newest must be in E.164 form",
        "a number in another form reaches nobody, or somebody else",
    ),
    _rule(
        "newest",
        _odd_dates,
        "compares to the millisecond, and takes the last one where a date cannot be read",
        "compares every decimal; no readable date is the oldest",
        "the newest number, whatever its place in the list",
    ),
    _rule(
        "anonymous-id",
        _tries_one_id,
        "asks for the anonymous id only where there is no user id; a profile without data is a TypeError",
        "asks for it too when the user's profile has no number, or there is none",
        "the number may still be there alone",
    ),
    _rule(
        "profile-errors",
        _profile_refuses,
        "every failure of the lookup is a 500, which is tried again",
        "401 and 403 are refused credentials, other 4xx definite; only the rest is tried again",
        "a wrong token does not get better by asking again",
    ),
    _rule(
        "no-verdict",
        _unclassified,
        "an answer that is not the expected JSON, and some expressions, end in an error without a status",
        "the HTTP status decides; what cannot be read is refused",
        "somebody must know whether to try again",
    ),
    _rule(
        "contact-busy",
        _busy,
        "a contact with an active execution is a definite failure",
        "tried again each minute, or dropped: a setting",
        "the contact will be free again",
    ),
    _rule(
        "unconfirmed",
        _perhaps_done,
        "a 5xx is tried again at once as if nothing had happened",
        "it may have been executed: Studio is asked before the same event is sent again",
        "nobody wants to be called twice",
    ),
    _rule(
        "redirects",
        _redirected,
        "follows redirects, and then reports success",
        "follows none; a redirect is refused",
        "the flow was not started",
    ),
    _rule(
        "settings",
        _odd_settings,
        "settings may be empty, null or of any form",
        "checked when loaded; the auth token may be left out where there is an API key",
        "a configuration that cannot work must not start",
    ),
    _rule(
        "expressions",
        _odd_expression,
        "a subscription that cannot be read is found by each event; a value alone cannot be read",
        "refused when loaded; a value alone holds where it is true",
        "the rules of subscriptions, above",
    ),
)
"""One row each in `docs/compatibility.md`, in this order."""
