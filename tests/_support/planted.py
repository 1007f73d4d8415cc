"""Events full of planted secrets and personal data, in the places and spellings in which real traffic has them."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import UUID

LETTERS = string.ascii_lowercase
MIXED = string.ascii_letters + string.digits


class Garden:
    """Plants values that occur nowhere else; `planted` has every one of them."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.planted: list[str] = []

    def event(self, number: int, count: int) -> dict[str, Any]:
        """An event of a shape of its own, with so many planted values."""
        event: dict[str, Any] = {"type": "track", "event": "Order Completed", "messageId": f"order-{number}"}
        event |= {"userId": self.plant(self.person), "timestamp": "2026-03-02T09:30:00Z"}
        event["properties"] = {f"field{number}": 1, "total": 42.5, "plan": "pro"}
        event["context"] = {"traits": {}}
        for at in range(count - 1):
            self.random.choice(PLACES)(self, event, at)
        return event

    def plant(self, make: Callable[[], str]) -> str:
        """A new value, remembered."""
        value = make()
        self.planted.append(value)
        return value

    def text(self, alphabet: str, length: int) -> str:
        """Letters by chance."""
        return "".join(self.random.choices(alphabet, k=length))

    # --- values ------------------------------------------------------------------------------------------------------

    def person(self) -> str:
        """An id of a user."""
        return self.random.choice([self.email, self.uuid, lambda: f"usr-{self.text(LETTERS, 9)}"])()

    def name(self) -> str:
        """A name that nobody has."""
        return self.text("bcdfgklmnprstvz", 1).upper() + self.text("aeioulnrstvz", 9)

    def email(self) -> str:
        """An address."""
        end = self.random.choice(["com", "io", "co.uk"])
        return f"{self.text(LETTERS, 8)}.{self.text(LETTERS, 3)}@{self.text(LETTERS, 7)}.{end}"

    def phone(self) -> str:
        """A number in one of the spellings that people use."""
        area, mid, last = (str(self.random.randint(low, high)) for low, high in ((210, 989), (210, 499), (1000, 9999)))
        spellings = [
            "+1{}{}{}",
            "+1 {} {} {}",
            "({}) {}-{}",
            "{}-{}-{}",
            "1{}{}{}",
            "+1 ({}) {}-{}",
            "{}.{}.{}",
            "001{}{}{}",
        ]
        return self.random.choice([*spellings, "+44 20 {} {}{}"]).format(area, mid, last)

    def ip(self) -> str:
        """An address of a machine."""
        if self.random.random() < 0.3:
            return ":".join(["2a02", *(f"{self.random.randint(4096, 65535):x}" for _ in range(7))])
        return ".".join(str(self.random.randint(20, 99)) for _ in range(4))

    def card(self) -> str:
        """A card number with its check digit, with or without blanks."""
        digits = [4, *(self.random.randint(0, 9) for _ in range(14))]
        doubled = [sum(divmod(2 * digit, 10)) if at % 2 == 0 else digit for at, digit in enumerate(digits)]
        text = "".join(map(str, [*digits, -sum(doubled) % 10]))
        return text if self.random.random() < 0.5 else " ".join(text[at : at + 4] for at in range(0, 16, 4))

    def iban(self) -> str:
        """An account number with its check digits."""
        body = "".join(str(self.random.randint(0, 9)) for _ in range(18))
        return f"DE{98 - int(body + '131400') % 97:02}{body}"

    def uuid(self) -> str:
        """A random id."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def token(self) -> str:
        """A secret, in a form that is one anywhere."""
        forms = [
            lambda: self.text(MIXED, 40),
            lambda: self.text("0123456789abcdef", 32),
            lambda: "AC" + self.text("0123456789abcdef", 32),
            lambda: "sk_live_" + self.text(MIXED, 24),
            lambda: "ghp_" + self.text(MIXED, 36),
            lambda: "AKIA" + self.text(string.ascii_uppercase + string.digits, 16),
            lambda: "AKIA" + self.text(string.ascii_uppercase, 16),
            lambda: self.text(LETTERS, 32),
            lambda: base64.b64encode(self.random.randbytes(24)).decode(),
            lambda: ".".join(["eyJ" + self.text(MIXED, 18), self.text(MIXED, 40), self.text(MIXED + "-_", 43)]),
        ]
        return self.random.choice(forms)()

    def anything(self) -> str:
        """A value whose form tells what it is."""
        forms = [self.email, self.phone, self.ip, self.card, self.iban, self.uuid, self.token]
        return self.random.choice(forms)()

    def password(self) -> str:
        """A short secret, which only its place tells."""
        return self.text(LETTERS, 4) + self.text("0123456789", 2) + self.text(LETTERS, 3)


Event = dict[str, Any]


def _trait(garden: Garden, event: Event, at: int) -> None:
    makers = {"firstName": garden.name, "last_name": garden.name, "email": garden.email, "phone": garden.phone}
    makers |= {"street": garden.name, "birthday": lambda: garden.text("0123456789", 8)}
    key = garden.random.choice(list(makers))
    event["context"]["traits"].setdefault(f"t{at}", {})[key] = garden.plant(makers[key])


def _tagged(garden: Garden, event: Event, at: int) -> None:
    key = garden.random.choice(["password", "apiKey", "auth_token", "clientSecret", "pin"])
    event["properties"][f"p{at}"] = {key: garden.plant(garden.password)}


def _bare(garden: Garden, event: Event, at: int) -> None:
    event["properties"][f"b{at}"] = garden.plant(garden.anything)


def _listed(garden: Garden, event: Event, at: int) -> None:
    event["properties"][f"l{at}"] = ["a", garden.plant(garden.anything)]


def _sentence(garden: Garden, event: Event, at: int) -> None:
    value = garden.plant(garden.anything)
    event["properties"][f"s{at}"] = garden.random.choice(["call {}", "from {} today", "{}, again", "x={};y"]).format(
        value
    )


def _long_text(garden: Garden, event: Event, at: int) -> None:
    value = garden.plant(garden.name)
    event["properties"][f"c{at}"] = f"please tell {value} that the parcel is on its way"


def _nested_json(garden: Garden, event: Event, at: int) -> None:
    value = {"email": garden.plant(garden.email), "n": [1, 2]}
    event["properties"][f"j{at}"] = json.dumps(value)


def _key(garden: Garden, event: Event, at: int) -> None:
    event["properties"][f"k{at}"] = {garden.plant(garden.email): True}


def _encoded(garden: Garden, event: Event, at: int) -> None:
    event["properties"][f"q{at}"] = f"mail={quote(garden.plant(garden.email), safe='')}&v=1"


def _url(garden: Garden, event: Event, at: int) -> None:
    form = garden.random.choice(
        ["https://u:{}@host.io/x", "https://host.io/x?token={}", "https://host.io/x?a=1&code={}"]
    )
    event["properties"][f"u{at}"] = form.format(garden.plant(garden.password))


def _digits(garden: Garden, event: Event, at: int) -> None:
    digits = f"1{garden.random.randint(2100000000, 9899999999)}"
    garden.planted.append(digits)
    event["properties"][f"d{at}"] = int(digits)


def _bearer(garden: Garden, event: Event, at: int) -> None:
    event["properties"][f"h{at}"] = f"Bearer {garden.plant(garden.password)}"


PLACES = [
    _trait,
    _tagged,
    _bare,
    _bare,
    _listed,
    _sentence,
    _long_text,
    _nested_json,
    _key,
    _encoded,
    _url,
    _digits,
    _bearer,
]


def left_in(text: str, planted: list[str]) -> list[str]:
    """The planted values that a text holds in any spelling: as they are, percent-encoded, in base64, digits alone."""
    digits = "".join(char for char in text if char.isdigit() or char == "\n")
    return [value for value in planted if _is_in(value, text, digits)]


def _is_in(value: str, text: str, digits: str) -> bool:
    encoded = base64.b64encode(value.encode()).decode().rstrip("=")
    bare = "".join(char for char in value if char.isdigit())
    numeric = len(bare) >= 10 and not any(char.isalpha() for char in value)
    return any(form in text for form in (value, quote(value, safe=""), encoded)) or (numeric and bare in digits)
