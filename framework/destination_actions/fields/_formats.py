"""The formats of texts: those that jsonschema-rs knows well, and ours where the standard one is not what is meant."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from types import MappingProxyType
from typing import Final

from destination_actions.fields._dates import USUAL_MOMENT, Usual, is_moment

_E164 = re.compile(r"\+[1-9][0-9]{1,14}")
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")
_WORD = r"[A-Za-z0-9_+-]++(?:\.[A-Za-z0-9_+-]++)*+"
_NAME = r"[A-Za-z0-9]++(?:-[A-Za-z0-9]++)*+\.[A-Za-z0-9]++(?:[.-][A-Za-z0-9]++)*+"
USUAL_EMAIL: Final = Usual(re.compile(rf"{_WORD}@{_NAME}").fullmatch, 64)
"""The pattern never goes back, which takes half the time. No label of so short a text is too long."""
_HOSTNAME = re.compile(rf"(?=.{{1,253}}\.?\Z){_LABEL}(?:\.{_LABEL})*\.?")
_UUID = re.compile(r"(?:urn:uuid:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TIME = re.compile(
    r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:(?:[0-5][0-9]|60)(?:\.[0-9]+)?(?:[Zz]|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?"
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DATE_LENGTH: Final = 10
_EMAIL_LENGTH: Final = 254


def is_e164(text: str) -> bool:
    """Tell whether a text is a phone number in E.164 form: a plus sign and two to fifteen digits, the first not 0."""
    return _E164.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """Tell whether a text is an e-mail address at a domain with a dot in it; ASCII only."""
    if USUAL_EMAIL.takes(text):
        return True
    return len(text) <= _EMAIL_LENGTH and _EMAIL.fullmatch(text) is not None


def is_hostname(text: str) -> bool:
    """Tell whether a text is a host name of ASCII letters, digits and inner hyphens; a dot may end it."""
    return _HOSTNAME.fullmatch(text) is not None


def is_uuid(text: str) -> bool:
    """Tell whether a text is a UUID, with or without `urn:uuid:` in front."""
    return _UUID.fullmatch(text) is not None


def is_time(text: str) -> bool:
    """Tell whether a text is a time of day with seconds; the offset may be left out."""
    return _TIME.fullmatch(text) is not None


def is_date_time(text: str) -> bool:
    """Tell whether a text is an ISO date and time, joined by `T` or a space; the offset may be left out."""
    head, joint, tail = text[:_DATE_LENGTH], text[_DATE_LENGTH : _DATE_LENGTH + 1], text[_DATE_LENGTH + 1 :]
    return joint in ("T", "t", " ") and is_date(head) and is_time(tail)


def is_date(text: str) -> bool:
    """Tell whether a text is a date of the calendar, as `2024-05-07`."""
    if _DATE.fullmatch(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


OWN_FORMATS: Final[MappingProxyType[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "date": is_date,
        "date-like": is_moment,
        "date-time": is_date_time,
        "e164": is_e164,
        "email": is_email,
        "hostname": is_hostname,
        "time": is_time,
        "uuid": is_uuid,
    }
)
"""Checked by this package; everything else that is checked is left to jsonschema-rs."""

USUAL: Final[MappingProxyType[str, Usual]] = MappingProxyType({"date-like": USUAL_MOMENT, "email": USUAL_EMAIL})
"""By format, where there is a quick judgement."""

FORMATS: Final[MappingProxyType[str, str]] = MappingProxyType(
    {
        "date": "a date such as 2024-05-07",
        "date-like": "a date or a number of seconds or milliseconds",
        "date-time": "a date and time such as 2024-05-07T16:40:00Z",
        "duration": "an ISO 8601 duration such as PT5M",
        "e164": "a phone number in E.164 form, such as +15551234567",
        "email": "an email address",
        "hostname": "a host name",
        "ipv4": "an IPv4 address",
        "ipv6": "an IPv6 address",
        "json-pointer": "a JSON pointer",
        "password": "a text",
        "regex": "a regular expression",
        "text": "a text",
        "time": "a time such as 16:40:00Z",
        "uri": "an absolute URI",
        "uri-reference": "a URI or a relative reference",
        "uri-template": "a URI template",
        "uuid": "a UUID",
    }
)
"""Every format that a field may declare, with the words that messages use. `password` and `text` check nothing."""
