"""Taking secrets and phone numbers out of whatever is logged, recorded or shown."""

from __future__ import annotations

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

import orjson

from destination_actions.events import Json, json_copy

MASK: Final = "***"
SHORTEST: Final = 6
"""Secrets shorter than this many characters are not searched for: they would blank out ordinary text."""

_FLAT: Final = re.compile(r"[ !#-\[\]-~]+")

_NUMBER: Final = r"([1-9])([0-9]{2,10})([0-9]{4})(?![0-9])"
_PHONE: Final = re.compile(rf"(\+|%2[Bb]){_NUMBER}")
_PLUS: Final = re.compile(rf"\+{_NUMBER}")


class Redactor:
    """Replaces known secrets by `***`: as they are, percent-encoded, escaped for JSON, and inside base64.

    Base64 is found whatever precedes or follows the secret in it, so `user:secret` of basic authentication is covered
    for every user. With `phones`, numbers in E.164 form are masked too.
    """

    __slots__ = ("_forms", "_pattern", "_shortest", "flat", "phones")

    def __init__(self, secrets: Iterable[str], *, phones: bool = False) -> None:
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None
        self._forms = tuple(longest_first)
        self._shortest = min(map(len, forms), default=0)
        self.phones = phones
        """Whether it masks phone numbers."""
        self.flat = all(map(_FLAT.fullmatch, forms))
        """Whether JSON writes everything that is searched for as it is, so that it is found in JSON within JSON too."""

    def __repr__(self) -> str:
        return "Redactor(***)"

    def text(self, text: str) -> str:
        """Give `text` without the secrets."""
        clean = text if self._pattern is None or not self._holds_one(text) else self._pattern.sub(MASK, text)
        return mask_phones(clean) if self.phones else clean

    def _holds_one(self, text: str) -> bool:
        """Whether a secret is in a text, as in hardly any; a tenth of the time that the pattern takes to find none."""
        if len(text) < self._shortest:
            return False
        for form in self._forms:  # noqa: SIM110 - a generator takes as long again
            if form in text:
                return True
        return False

    def json(self, value: Json) -> Json:
        """Give a copy of a JSON value without the secrets, in keys too."""
        return json_copy(value) if untouched(self.text, value) else self._cleaned(value)

    def _cleaned(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self._cleaned(item) for key, item in value.items()}
        return [self._cleaned(item) for item in value] if isinstance(value, list) else value


def untouched(clean: Callable[[str], str], value: object) -> bool:
    """Whether there is certainly nothing to clean in a JSON value: its whole text is as clean as it is.

    One look at the text takes a fraction of one at each of its parts; secrets are searched for as JSON has them too.
    """
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        return False
    return clean(text) == text


def mask_phones(text: str) -> str:
    """Give `text` with every number in E.164 form masked, such as `+1******1234`; also where `+` stands as `%2B`."""
    if "%2" in text:
        return _PHONE.sub(lambda match: f"{match[1]}{match[2]}{'*' * len(match[3])}{match[4]}", text)
    if "+" not in text:
        return text
    return _PLUS.sub(lambda match: f"+{match[1]}{'*' * len(match[2])}{match[3]}", text)  # in half of the time


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield secret
    yield from _json_forms(secret)
    for percent in {quote(raw, safe=""), quote(raw), quote_plus(raw)}:
        yield percent
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), percent)
    for shift in range(3):
        yield from _base64_forms(raw, shift)


def _json_forms(secret: str) -> Iterator[str]:
    escaped = "".join(char if " " <= char <= "~" and char not in '"\\' else _escaped(char) for char in secret)
    yield escaped
    try:
        yield orjson.dumps(secret).decode()[1:-1]
    except orjson.JSONEncodeError:
        return


def _escaped(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    if char in '"\\':
        return "\\" + char
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _base64_forms(raw: bytes, shift: int) -> Iterator[str]:
    # The secret begins `shift` bytes into a group of three; only characters made of its bits alone are certain.
    first = -(-shift * 8 // 6)
    last = (shift + len(raw)) * 8 // 6
    padded = bytes(shift) + raw
    for encode in (b64encode, urlsafe_b64encode):
        yield encode(padded).decode("ascii")[first:last]
