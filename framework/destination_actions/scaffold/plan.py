"""What a new plugin is to be, as values; the rest of this room turns them into files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from destination_actions.fields import FieldSet, fieldset_from_json
from destination_actions.scaffold.names import camel, distribution_of, package_of, title, words_of

Scheme: TypeAlias = Literal["none", "basic", "key", "oauth2"]
Encoding: TypeAlias = Literal["json", "form", "none"]

SCHEMES: Final[tuple[Scheme, ...]] = ("none", "basic", "key", "oauth2")

PLACE: Final = "https://api.example.com"
"""The API's address until its author writes the real one."""

REFUSALS: Final = frozenset({401, 403})
"""Statuses that say that the credentials are at fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth:
    """How requests are authenticated. `header` and `prefix` are for a key, the token URL and `grant` for OAuth 2.0.

    `check_path` is an address below the API's that only reads; `secret` names what a key is called by people.
    """

    scheme: Scheme = "none"
    header: str = "Authorization"
    prefix: str = "Bearer "
    secret: str = "API Key"  # noqa: S105 - what people call it
    token_url: str = "https://login.example.com/oauth/token"  # noqa: S105 - an address
    scope: str = ""
    refresh: bool = False
    check_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What an API's document says of its answers.

    `meanings` has a sentence for each status, `later` the statuses after which the same request may be made again,
    `code` and `message` lead to these members of an error, and `result` has the members of a success that are kept.
    """

    meanings: Mapping[int, str] = field(default_factory=dict)
    later: frozenset[int] = frozenset()
    code: tuple[str, ...] = ()
    message: tuple[str, ...] = ()
    result: tuple[str, ...] = ()
    success: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlan:
    """One action: its fields, and the one request that it makes of them.

    `path` has the segments below the API's address; `{key}` in one stands for a field. `body`, `query` and `headers`
    lead from the API's names to the keys of fields; the header `idempotency` gets the delivery's key. `fixed` are
    fields that configurations give, not events. `address` is the API's where the settings of its plugin have none.
    """

    slug: str
    title: str
    description: str
    payload: type[FieldSet]
    method: str = "POST"
    path: tuple[str, ...] = ()
    encoding: Encoding = "json"
    body: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    idempotency: str = ""
    fixed: frozenset[str] = frozenset()
    answers: Answers | None = None
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginPlan:
    """A distribution with one destination. `notes` say what its author has to look at.

    `settings` and `package` are there for a plugin that exists, and else follow from the rest.
    """

    slug: str
    name: str
    description: str
    action: ActionPlan
    url: str = PLACE
    auth: Auth = Auth()
    notes: tuple[str, ...] = ()
    settings: type[FieldSet] | None = None
    package: str = ""

    def __post_init__(self) -> None:
        """Name the package."""
        if not self.package:
            object.__setattr__(self, "package", package_of(self.slug))

    @property
    def distribution(self) -> str:
        """The name of the distribution."""
        return distribution_of(self.slug)

    def named(self, slug: str, name: str, description: str | None) -> PluginPlan:
        """The same under another name."""
        return replace(self, slug=slug, name=name, description=description or self.description, package="")


def plain_action(slug: str) -> ActionPlan:
    """An action to start from: it posts a text about a person as JSON."""
    return ActionPlan(
        slug=slug,
        title=title(slug),
        description="Post a text about the person of an event.",
        payload=fieldset_from_json(_PLAIN_FIELDS, name=camel(slug)),
        path=("-".join(words_of(slug)),),
    )


_PLAIN_FIELDS: Final[Mapping[str, Any]] = {
    "userId": {
        "label": "User ID",
        "description": "Whom the text is about.",
        "type": "string",
        "required": True,
        "mapping": "userId",
    },
    "text": {
        "label": "Text",
        "description": "What is posted.",
        "type": "string",
        "required": True,
        "maximum": 1000,
        "mapping": {"@template": "{{userId}}: {{event}}"},
    },
}
