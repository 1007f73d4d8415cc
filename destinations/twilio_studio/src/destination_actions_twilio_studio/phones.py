"""Addresses of people: E.164 numbers as they stand, never guessed at, and masked wherever they are shown."""

from __future__ import annotations

import re
from typing import Final

E164_PATTERN: Final = r"^\+[1-9][0-9]{1,14}$"
"""As in JSON Schema, where `$` is the very end."""

CHANNEL_PATTERN: Final = r"[a-z][a-z0-9_-]{0,31}:[^\s:]{1,128}"
"""An address in another channel, such as `whatsapp:+15551234567`."""

ADDRESS_PATTERN: Final = rf"^(\+[1-9][0-9]{{1,14}}|{CHANNEL_PATTERN})$"
SENDER_PATTERN: Final = rf"^(\+[1-9][0-9]{{1,14}}|MG[0-9a-fA-F]{{32}}|{CHANNEL_PATTERN})$"

_E164: Final = re.compile(r"\+[1-9][0-9]{1,14}")
_ONE: Final = re.compile(r"\+[1-9][0-9]{5,14}")
_SHOWN: Final = re.compile(r"(\+[1-9])([0-9]{1,10})([0-9]{4})")


def is_e164(text: str) -> bool:
    """Tell whether the whole text is a plus sign and two to fifteen ASCII digits, the first not 0."""
    return _E164.fullmatch(text) is not None


def channel_of(address: str) -> str:
    """The channel of `whatsapp:+1555...` with its colon, or nothing for a plain number or a messaging service."""
    return address[: address.find(":") + 1]


def masked(text: str) -> str:
    """Give a text with the middle of every number in it hidden: `+1******4567`."""
    if _ONE.fullmatch(text):  # as it nearly always is, and in a third of the time
        return f"{text[:2]}{'*' * (len(text) - 6)}{text[-4:]}"
    return _SHOWN.sub(lambda match: f"{match[1]}{'*' * len(match[2])}{match[3]}", text)
