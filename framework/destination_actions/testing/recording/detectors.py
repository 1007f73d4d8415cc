"""Finding what is personal or secret in a text, by its form. They rather find too much than too little.

What pseudonyms look like is never found: numbers and addresses that are reserved for examples, and long runs of zeros.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final

ZEROS: Final = "0" * 10
"""A run that no secret has, and every made-up one."""


@dataclass(frozen=True, slots=True)
class Hit:
    """What was found in a text: of which kind, and where."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Detector:
    """A form, and a second look at what has it; `group` is the part of the match that is meant."""

    kind: str
    pattern: re.Pattern[str]
    sure: Callable[[str], bool] = bool
    group: int = 0


def hits(text: str) -> list[Hit]:
    """Everything that is found, from the left, without overlaps; the earlier detector wins."""
    found: list[Hit] = []
    for detector in DETECTORS:
        for match in detector.pattern.finditer(text):
            start, end = match.span(detector.group)
            if all(end <= hit.start or start >= hit.end for hit in found) and detector.sure(text[start:end]):
                found.append(Hit(detector.kind, start, end))
    return sorted(found, key=lambda hit: hit.start)


def _digits(text: str) -> str:
    return "".join(re.findall(r"\d", text))


def _not_zeros(text: str) -> bool:
    return ZEROS not in text


# --- people ----------------------------------------------------------------------------------------------------------

_EXAMPLE: Final = re.compile(
    r"(?:[\w-]+\.)*(?:example\.(?:com|org|net)|[\w-]+\.test|test|invalid|example)", re.IGNORECASE
)
_FICTIONAL: Final = re.compile(r"1?\d{3}55501\d\d")
_DATE: Final = re.compile(r"(?:19|20)\d\d-[01]\d-[0-3]\d")
_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")


def _real_email(text: str) -> bool:
    return not _EXAMPLE.fullmatch(text.rpartition("@")[2]) and _not_zeros(text)


def _phone(text: str) -> bool:
    digits = _digits(text)
    return 7 <= len(digits) <= 15 and not _FICTIONAL.fullmatch(digits) and not digits.startswith(ZEROS)


def _grouped_phone(text: str) -> bool:
    return len(_digits(text)) >= 9 and _phone(text) and not _DATE.match(text) and not _IPV4.fullmatch(text)


# --- networks --------------------------------------------------------------------------------------------------------

_EXAMPLE_NETWORKS: Final = [
    ip_network(name)
    for name in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "127.0.0.0/8", "0.0.0.0/32")
]
_EXAMPLE_NETWORKS_6: Final = [ip_network(name) for name in ("2001:db8::/32", "::/127")]


def _real_address(text: str) -> bool:
    try:
        address = ip_address(text)
    except ValueError:
        return False
    networks = _EXAMPLE_NETWORKS if address.version == 4 else _EXAMPLE_NETWORKS_6
    return not any(address in network for network in networks)


def _real_hardware(text: str) -> bool:
    return not text.lower().replace("-", ":").startswith(("00:00:5e:00:53", "02:00:00"))


# --- money -----------------------------------------------------------------------------------------------------------


def _luhn(text: str) -> bool:
    digits = [int(digit) for digit in reversed(_digits(text))]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _card(text: str) -> bool:
    return _not_zeros(_digits(text)) and _luhn(text)


def _iban(text: str) -> bool:
    plain = text.replace(" ", "").upper()
    turned = plain[4:] + plain[:4]
    return (
        15 <= len(plain) <= 34 and _not_zeros(plain) and int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
    )


# --- secrets ---------------------------------------------------------------------------------------------------------


_LONGEST_WORD: Final = 24
_CONSONANTS: Final = re.compile("[b-df-hj-np-tv-xzB-DF-HJ-NP-TV-XZ]{6}")


def _token(text: str) -> bool:
    return _not_zeros(text) and (_restless(text) or any(map(_random, re.split(r"[-_./:=+]", text))))


def _restless(text: str) -> bool:
    """Whether capitals, small letters and digits change places as often as they do by chance."""
    changes = len(re.findall("(?=[a-z][A-Z0-9]|[A-Z][a-z0-9]|[0-9][A-Za-z])", text))
    return changes * 10 >= len(text) * 3 and any(char.isdigit() for char in text)


def _random(part: str) -> bool:
    """Whether a run of letters and digits looks made by chance."""
    if len(part) < 16 or ZEROS in part:
        return False
    letters, digits = re.search("[A-Za-z]", part), re.search("[0-9]", part)
    humps = len(re.findall("(?=[a-z][A-Z]|[A-Z][a-z])", part))
    unspeakable = part.isupper() or (part.islower() and len(part) >= _LONGEST_WORD) or _CONSONANTS.search(part)
    return bool((letters and digits) or humps * 10 >= len(part) * 4 or unspeakable)


def _uuid(text: str) -> bool:
    return not text.startswith("00000000-0000-")


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(pattern, flags)


_PARAMETERS: Final = (
    "token|access_token|refresh_token|id_token|api_?key|key|secret|client_secret|password|passwd|pwd|signature|sig|auth|"
    "authorization|session|sessionid|code|otp|pin"
)

_KNOWN: Final = (
    r"(?<![A-Za-z0-9])(?:(?:AKIA|ASIA)[A-Z0-9]{16}|[spr]k_(?:live|test)_\w{8,}|gh[pousr]_\w{20,}|github_pat_\w{20,}"
    r"|glpat-[\w-]{16,}|npm_\w{20,}|xox[a-z]-[\w-]{10,}|SG\.[\w-]{10,}\.[\w-]{10,}|AIza[\w-]{30,}|ya29\.[\w-]{10,})"
)
"""Beginnings that services give their keys."""
_HEX: Final = "[0-9a-fA-F]"
_UUID: Final = rf"(?<!{_HEX})(?<!-){_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}(?!{_HEX})(?!-)"
_HARDWARE: Final = rf"(?<![0-9a-fA-F:-]){_HEX}{{2}}(?:[:-]{_HEX}{{2}}){{5}}(?![0-9a-fA-F:-])"
_IPV6: Final = rf"(?<![0-9a-zA-Z:])(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{0,4}}(?![0-9a-zA-Z:])"
_GROUPS: Final = r"(?<![\w.+])(?<!\d-)\(?\d{2,5}\)?(?:[ .\-/]{1,2}\(?\d{2,5}\)?){2,4}(?![\w-])"

DETECTORS: Final = (
    Detector("key", _compiled(r"-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|\Z)")),
    Detector("password", _compiled(r"://[^/\s:@]+:([^/\s@]+)@"), _not_zeros, 1),
    Detector("token", _compiled(rf"[?&;](?:{_PARAMETERS})=([^&#;\s]+)", re.IGNORECASE), _not_zeros, 1),
    Detector("token", _compiled(r"\b(?:Bearer|Basic|Token)\s+([A-Za-z0-9+/=._~-]{8,})"), _not_zeros, 1),
    Detector("token", _compiled(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"), _not_zeros),
    Detector("token", _compiled(_KNOWN), _not_zeros),
    Detector("email", _compiled(r"[\w.!$%'*+^`~-]+@[\w-]+(?:\.[\w-]+)+"), _real_email),
    Detector(
        "uuid",
        _compiled(r"(?<![0-9a-fA-F-])[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?![0-9a-fA-F-])"),
        _uuid,
    ),
    Detector(
        "hardware",
        _compiled(r"(?<![0-9a-fA-F:-])[0-9a-fA-F]{2}(?:[:-][0-9a-fA-F]{2}){5}(?![0-9a-fA-F:-])"),
        _real_hardware,
    ),
    Detector("iban", _compiled(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}(?![A-Za-z0-9])"), _iban),
    Detector("card", _compiled(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)"), _card),
    Detector("ip", _compiled(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)"), _real_address),
    Detector("ip", _compiled(_IPV6), _real_address),
    Detector("token", _compiled(r"[A-Za-z0-9_\-+/=.]{16,}"), _token),
    Detector("phone", _compiled(r"(?<!\w)\+ ?\(?\d(?:[ ().\-/]*\d){6,14}(?!\d)"), _phone),
    Detector("phone", _compiled(_GROUPS), _grouped_phone),
    Detector("phone", _compiled(r"(?<![\w.+])(?<!\d-)\(\d{2,5}\) ?\d{3,5}[ .-]?\d{3,5}(?!\w)"), _phone),
    Detector("phone", _compiled(r"(?<![\w.+])(?<!\d-)\d{3}[-. ]\d{4}(?![\w.-])"), _phone),
    Detector("phone", _compiled(r"(?<![\w.+])(?<!\d-)\d{10,15}(?![\w-]|\.\d)"), _phone),
)
"""In the order in which they look: what is certain comes before what only looks so."""


def found_in(text: str) -> Iterator[str]:
    """What detectors find, in words that show none of it: `a phone number of 12 characters`."""
    for hit in hits(text):
        yield f"{_NAMES.get(hit.kind, f'a {hit.kind}')} of {hit.end - hit.start} characters"


_NAMES: Final = {
    "phone": "a phone number",
    "email": "an e-mail address",
    "ip": "an IP address",
    "iban": "an account number",
    "card": "a card number",
    "uuid": "a UUID",
    "hardware": "a hardware address",
    "key": "a private key",
}
