"""The names of a new plugin, all made from what its author calls it; what cannot be a name is refused here."""

from __future__ import annotations

import keyword
import re
import unicodedata
from typing import Final

from destination_actions.errors import ConfigurationError
from destination_actions.fields import FieldSet, attribute_name

_CLASSES: Final = frozenset({"Accepted", "Action", "Any", "Context", "FieldSet", "Final", "Settings", "Timestamp"})
_FUNCTIONS: Final = frozenset(
    {"accepted", "answered", "authentication", "destination", "field", "lines", "members", "origins"}
    | {"perform", "texts", "url_of"}
)

LONGEST: Final = 60
"""Characters of a slug; folders and distributions are named after it."""

MODULES: Final = frozenset({"settings", "destination", "credentials", "answers", "wire", "conformance"})
"""Modules of a plugin besides those of its actions."""

_SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ACTION: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9_-]*")
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def slug_of(name: str) -> str:
    """The slug for a name that people read: `Acme Chat` is `acme-chat`. Raises `ConfigurationError` for odd ones."""
    slug = re.sub(r"[^a-z0-9]+", "-", _ascii(name).lower()).strip("-")
    if not slug:
        hint = "give one with --slug, such as --slug acme-chat"
        raise ConfigurationError(f'the name "{name}" has no letters or digits that a slug can be made of', hint=hint)
    return slug


def checked_slug(slug: str) -> str:
    """The slug, if it can be one."""
    if not _SLUG.fullmatch(slug):
        message = f'the slug "{slug}" must be lower-case letters, digits and single hyphens, such as acme-chat'
        raise ConfigurationError(message, hint=_suggested(slug))
    if slug.startswith("actions-"):
        hint = f'name it "{slug.removeprefix("actions-")}"; configurations of Segment can still say "{slug}"'
        raise ConfigurationError(f'the slug "{slug}" begins with "actions-", which marks aliases', hint=hint)
    if len(slug) > LONGEST:
        raise ConfigurationError(f'the slug "{slug[:20]}..." has {len(slug)} characters; {LONGEST} are enough')
    return slug


def checked_action(slug: str) -> str:
    """The slug of an action, if it can be one."""
    if not _ACTION.fullmatch(slug):
        message = f'the action "{slug}" must begin with a letter and go on with letters, digits, _ and -'
        raise ConfigurationError(message, hint="write it as sendMessage")
    if len(slug) > LONGEST:
        raise ConfigurationError(f'the action "{slug[:20]}..." has {len(slug)} characters; {LONGEST} are enough')
    return slug


def words_of(text: str) -> list[str]:
    """The words of a name in any spelling, in lower case: `FlowSid`, `flow-sid` and `flow_sid` are the same."""
    return [word.lower() for word in _WORDS.findall(_ascii(text))]


def camel(text: str) -> str:
    """A name as a wire key: `Flow-Sid` is `flowSid`."""
    first, *more = words_of(text) or ["field"]
    joined = first + "".join(word.title() for word in more)
    return joined if joined[0].isalpha() else f"field{joined}"


def pascal(text: str) -> str:
    """A name as that of a class: `send_message` is `SendMessage`."""
    words = "".join(word[:1].upper() + word[1:] for word in re.split(r"[^0-9A-Za-z]+", text))
    return words if words[:1].isalpha() else f"Action{words}"


def snake(text: str) -> str:
    """A name as that of a function; no keyword of Python, and no method that fields have."""
    name = attribute_name(camel(text))
    return f"{name}_" if hasattr(FieldSet, name) else name


def class_name(action: str) -> str:
    """The class of an action's fields: `sendMessage` is `SendMessage`."""
    name = pascal(action)
    return f"{name}Fields" if name in _CLASSES or keyword.iskeyword(name) else name


def function_name(action: str) -> str:
    """The variable that holds an action: `sendMessage` is `send_message`."""
    name = snake(action)
    return f"{name}_action" if name in _FUNCTIONS else name


def module_name(action: str) -> str:
    """The module of an action: `sendMessage` is `send_message`."""
    name = snake(action).rstrip("_")
    return f"{name}_action" if name in MODULES or snake(action).endswith("_") else name


def title(text: str) -> str:
    """A name as a person reads it: `flowSid` is `Flow SID`."""
    words = [word.upper() if word in {"id", "sid", "url", "api", "sms", "ip"} else word for word in words_of(text)]
    joined = " ".join(words) or text
    return joined[:1].upper() + joined[1:]


def package_of(slug: str) -> str:
    """The import name."""
    return f"destination_actions_{slug.replace('-', '_')}"


def distribution_of(slug: str) -> str:
    """The name of the distribution, and of its folder where no other is given."""
    return f"destination-actions-{slug}"


def display_name(name: str) -> str:
    """What people read: a slug becomes words, anything else stays."""
    return " ".join(word.title() for word in name.split("-")) if _SLUG.fullmatch(name) else name.strip()


def _suggested(slug: str) -> str | None:
    made = re.sub(r"[^a-z0-9]+", "-", _ascii(slug).lower()).strip("-")
    return f'did you mean "{made}"?' if made else None


def _ascii(text: str) -> str:
    """Letters without their accents; what is not ASCII then is left out."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
