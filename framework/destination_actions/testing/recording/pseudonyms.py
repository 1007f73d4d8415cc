"""Made-up values in the place of real ones: the same for the same, of the same kind and form, and never a real one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

_AREAS: Final = 800
_FIRST: Final = 0x1000
"""Made-up tokens are not the small numbers that examples have."""


def phone(number: int, original: str) -> str:
    """A number of the block 555-01xx, which is nobody's; with a plus if the original has one."""
    digits = f"1{200 + number // 100 % _AREAS}55501{number % 100:02}"
    return f"+{digits}" if original.startswith("+") else digits


def token(number: int, original: str) -> str:
    """A text of the same length with the same beginning, and zeros; at least as long as it has to be.

    What is no hexadecimal number begins with `made-up-`, so that it stands inside nothing else.
    """
    match = re.match(r"[A-Z]{2}(?=[0-9a-fA-F]{32}\Z)", original) or re.match(r"(?:[A-Za-z]{1,10}[_-]){1,2}", original)
    prefix = match[0] if match and len(match[0]) + 16 <= len(original) else ""
    if not prefix and not re.fullmatch("[0-9a-fA-F]+", original):
        prefix = "made-up-"
    return prefix + f"{_FIRST + number:x}".rjust(max(16, len(original) - len(prefix)), "0")


def uuid(number: int, original: str) -> str:  # noqa: ARG001 - a maker takes both
    """A UUID of version 4 that is plainly made up."""
    return f"00000000-0000-4000-8000-{number:012x}"


def address(number: int, original: str) -> str:
    """An address of the networks for documentation and benchmarks."""
    if ":" in original:
        return f"2001:db8::{number:x}"
    return f"198.{18 + number // 65536 % 2}.{number // 256 % 256}.{number % 256}"


def card(number: int, original: str) -> str:  # noqa: ARG001 - a maker takes both
    """Sixteen digits with a wrong check digit."""
    return f"{number:016}"


def hardware(number: int, original: str) -> str:  # noqa: ARG001 - a maker takes both
    """A locally administered hardware address."""
    return f"02:00:00:{number // 65536 % 256:02x}:{number // 256 % 256:02x}:{number % 256:02x}"


def birth(number: int, original: str) -> str:  # noqa: ARG001 - a maker takes both
    """A date."""
    return f"19{number // 336 % 100:02}-{number // 28 % 12 + 1:02}-{number % 28 + 1:02}"


MAKERS: Final[dict[str, Callable[[int, str], str]]] = {
    "phone": phone,
    "email": lambda number, _: f"user-{number}@example.com",
    "ip": address,
    "token": token,
    "secret": token,
    "password": token,
    "device": token,
    "key": token,
    "number": token,
    "iban": lambda number, _: f"XX00{number:018}",
    "uuid": uuid,
    "card": card,
    "hardware": hardware,
    "birth": birth,
}
"""By kind; every other kind gives `kind-7`."""

_ALIKE: Final = {"secret": "token", "password": "token", "key": "token", "device": "token", "number": "token"}
"""Kinds whose values are found by the form of another, so that one value has one pseudonym."""


class Pseudonyms:
    """Gives each value of a kind its pseudonym. `taken` are texts that no pseudonym may be."""

    def __init__(self) -> None:
        self._given: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self.taken: set[str] = set()

    def of(self, kind: str, original: str) -> str:
        """The pseudonym of a text."""
        kind = _ALIKE.get(kind, kind)
        key = (kind, _normal(kind, original))
        made = self._given.get(key)
        while made is None or (made in self.taken and key not in self._given):
            number = self._counts[kind] = self._counts.get(kind, 0) + 1
            made = MAKERS[kind](number, original) if kind in MAKERS else f"{kind}-{number}"
        self._given[key] = made
        return _in_form(kind, made, original)

    def number(self, kind: str, original: Any) -> Any:
        """The pseudonym of a number: a number."""
        digits = re.sub(r"\D", "", self.of("phone" if kind == "phone" else f"{kind}#", str(original)))
        return type(original)(int(digits or 0) if kind == "phone" else 9000 + int(digits or 0))


def _normal(kind: str, original: str) -> str:
    """One spelling for what is one value: a phone number's digits, an address's small letters."""
    if kind == "phone":
        return re.sub(r"\D", "", original).removeprefix("00")
    return original.lower() if kind in {"email", "uuid", "hardware"} else original


def _in_form(kind: str, made: str, original: str) -> str:
    if kind != "phone":
        return made
    return f"+{made.removeprefix('+')}" if original.startswith("+") else made.removeprefix("+")
