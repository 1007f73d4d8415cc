"""Destinations and actions, as frozen values. Nothing is registered by making one."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

from destination_actions.answers import Accepted
from destination_actions.context import BasicAuth, BatchContext, BlockingContext, Context
from destination_actions.errors import DefinitionError, SubscriptionError, nearest
from destination_actions.fields import FieldSet
from destination_actions.subscriptions import compile_subscription

S = TypeVar("S", bound=FieldSet)
P = TypeVar("P", bound=FieldSet)

LONGEST_COOLDOWN = 366 * 24 * 3600
"""Seconds: a year, and a day for leap years."""

LONGEST_LINGER = 10.0
"""Seconds that a delivery may wait for company while it is in hand."""

ACTION_SLUG = r"[a-zA-Z][a-zA-Z0-9_-]*"
"""The form of an action's slug."""

SYNC_MODES = ("add", "update", "upsert", "delete", "mirror")

BatchAnswers: TypeAlias = "Sequence[Accepted | BaseException] | Mapping[str, Accepted | BaseException]"
"""One answer a payload, in their order or by delivery key. An exception means what it does when `perform` raises it."""


class Cooldown:
    """At most one delivery on the same parts within `seconds`.

    The parts say what is to be left in peace: account, flow, person. They are compared by type and value and kept as a
    keyed digest only. With 0 seconds there is no window, and each event still acts once.
    """

    __slots__ = ("parts", "seconds")

    def __init__(self, *parts: object, seconds: float) -> None:
        if isinstance(seconds, bool) or not 0 <= seconds <= LONGEST_COOLDOWN:
            raise ValueError(f"a cooldown lasts from 0 to {LONGEST_COOLDOWN} seconds, not {seconds!r}")
        self.parts = parts
        self.seconds = float(seconds)

    def __eq__(self, other: object) -> bool:
        """Compare by value."""
        return isinstance(other, Cooldown) and (self.parts, self.seconds) == (other.parts, other.seconds)

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash((self.parts, self.seconds))

    def __repr__(self) -> str:
        """Print without the parts, which are personal data."""
        return f"Cooldown({len(self.parts)} parts, seconds={self.seconds:g})"


@dataclass(frozen=True, slots=True)
class Found:
    """What `reconcile` found: the delivery was executed, with this data. None instead of it means: it was not."""

    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a service is asked to forget: at least one id is there."""

    user_id: str | None = None
    anonymous_id: str | None = None


@dataclass(frozen=True, slots=True)
class DynamicChoice:
    """A value that an API offers for a field."""

    value: str | int
    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ChoiceQuery:
    """What to offer: the text typed so far, the page (as the last answer gave it), the values of the other fields."""

    query: str = ""
    page: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """One page of choices; `next_page` is None on the last one."""

    choices: Sequence[DynamicChoice]
    next_page: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """An API of a destination: its base URL, and the credentials and headers that go there and nowhere else."""

    url: str
    auth: BasicAuth | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Preset:
    """A ready-made subscription: a name, an expression, and a mapping that adds to the default mapping."""

    name: str
    action: str
    subscribe: str
    mapping: Mapping[str, Any] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing to know: a few words, and what there is to say."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Guide:
    """What people read about a destination besides its definition; its documentation page is made of both.

    `steps` is how to begin, `settings` says by key where a setting's value is found, and `example` is a whole
    configuration, introduced by `example_text`. All texts are plain text.
    """

    use_cases: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)
    example_text: str = ""
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that `test` found: what was tried, whether it worked, and what to do if not."""

    name: str
    ok: bool
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OAuth2(Generic[S]):
    """OAuth 2.0 with client credentials, or with a refresh token (RFC 6749, 4.4 and 6).

    Requests to `origins` carry the access token, and nothing else does. The runtime fetches it, keeps it in the token
    store that all workers share, and renews it once for however many requests were refused with 401 at the same time.
    `refresh_token` gives the first refresh token; without it the grant is client credentials. `parameters` go into the
    token request besides, such as an audience.
    """

    token_url: Callable[[S], str]
    client: Callable[[S], tuple[str, str]]
    origins: Callable[[S], Sequence[str]]
    refresh_token: Callable[[S], str | None] | None = None
    scope: str | None = None
    parameters: Mapping[str, str] | Callable[[S], Mapping[str, str]] = field(default_factory=dict)
    client_in_body: bool = False


@dataclass(frozen=True, slots=True)
class Authentication(Generic[S]):
    """How a destination authenticates. `test` only reads; it gives one `Check` for each API."""

    scheme: str = "custom"
    test: Callable[[Context[S]], Awaitable[Sequence[Check]]] | None = None
    oauth: OAuth2[S] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Generic[S, P]):
    """One thing that a destination can do.

    `perform` is `async def` or `def` (then it runs in a worker thread). `cooldown` declares what the runtime claims
    before it performs. `reconcile` finds out whether an attempt whose outcome is unknown was executed after all. `rate`
    is how many effects a second the API takes from one account (None: any); all workers together stay below it.
    `choices` asks the API for the values of a field, by the field's key.

    Where only one of `perform` and `perform_batch` is there, it serves for both. A call of `perform_batch` gets at most
    `batch_size` payloads, all with the same `batch_key` (a hashable value; None: this payload goes alone). From a queue
    it gets what arrives within `batch_linger` seconds, up to about `batch_bytes` of payloads as JSON.
    """

    slug: str
    title: str
    payload: type[P]
    perform: Callable[[Context[S], P], Awaitable[Accepted]] | Callable[[BlockingContext[S], P], Accepted] | None = None
    description: str = ""
    perform_batch: Callable[[BatchContext[S], Sequence[P]], Awaitable[BatchAnswers]] | None = None
    batch_key: Callable[[S, P], object] | None = None
    batch_size: int = 1000
    batch_bytes: int = 1_000_000
    batch_linger: float = 0.5
    cooldown: Callable[[S, P], Cooldown | None] | None = None
    reconcile: Callable[[Context[S], P], Awaitable[Found | None]] | None = None
    default_subscription: str | None = None
    choices: Mapping[str, Callable[[Context[S], ChoiceQuery], Awaitable[ChoicePage]]] = field(default_factory=dict)
    hidden: bool = False
    rate: float | Callable[[S], float | None] | None = None

    def __post_init__(self) -> None:
        """Refuse what can be seen to be wrong."""
        _check_slug("action", self.slug, ACTION_SLUG)
        if self.perform is None and self.perform_batch is None:
            raise DefinitionError(f'action "{self.slug}": give it a perform or a perform_batch')
        _check_functions(f'action "{self.slug}"', self, _ACTION_FUNCTIONS)
        if self.batch_size < 1:
            raise DefinitionError(f'action "{self.slug}": batch_size must be at least 1, not {self.batch_size!r}')
        if self.batch_bytes < 1:
            raise DefinitionError(f'action "{self.slug}": batch_bytes must be at least 1, not {self.batch_bytes!r}')
        if not 0 <= self.batch_linger <= LONGEST_LINGER:
            text = f"batch_linger must be from 0 to {LONGEST_LINGER:g} seconds, not {self.batch_linger!r}"
            raise DefinitionError(f'action "{self.slug}": {text}')
        if not _is_fieldset(self.payload):
            raise DefinitionError(f'action "{self.slug}": payload must be a FieldSet class, not {self.payload!r}')
        fields = {spec.key for spec in self.payload.fields()}
        for key in self.choices:
            if key not in fields:
                raise DefinitionError(f'action "{self.slug}": choices for no field "{key}"', hint=nearest(key, fields))
        if self.default_subscription is not None:
            _check_expression(f'action "{self.slug}": default_subscription', self.default_subscription)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination(Generic[S]):
    """A third-party service: its settings and its actions.

    `origins` names the APIs and their credentials for given settings, `account` whose limits they count against (the
    configured name, when it is not given). With `allowed_addresses`, for URLs that users choose, connections go to
    public addresses and to these networks only, checked after the name is resolved. `on_delete` has the service forget
    a person. `sandbox` opens a local stand-in for the APIs and gives the settings that point to it; demos and tests use
    it. `guide` is what its documentation page says besides.
    """

    slug: str
    name: str
    settings: type[S]
    actions: tuple[Action[S, Any], ...]
    description: str = ""
    aliases: tuple[str, ...] = ()
    presets: tuple[Preset, ...] = ()
    authentication: Authentication[S] | None = None
    origins: Callable[[S], Sequence[Origin]] | None = None
    account: Callable[[S], str] | None = None
    allowed_addresses: Callable[[S], Sequence[str]] | None = None
    on_delete: Callable[[Context[S], Person], Awaitable[Accepted]] | None = None
    sandbox: Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]] | None = None
    guide: Guide | None = None

    def __post_init__(self) -> None:
        """Refuse what can be seen to be wrong."""
        for slug in (self.slug, *self.aliases):
            _check_slug("destination", slug, r"[a-z0-9][a-z0-9-]*")
        if not _is_fieldset(self.settings):
            raise DefinitionError(f'destination "{self.slug}": settings must be a FieldSet class')
        _check_functions(f'destination "{self.slug}"', self, _DESTINATION_FUNCTIONS)
        object.__setattr__(self, "actions", tuple(self.actions))
        _check_unique(self.slug, "action", [action.slug for action in self.actions])
        _check_unique(self.slug, "preset", [preset.name for preset in self.presets])
        for preset in self.presets:
            self._check_preset(preset)
        self._check_guide()

    def action(self, slug: str) -> Action[S, Any]:
        """Find an action; raises `DefinitionError` with the nearest name."""
        for action in self.actions:
            if action.slug == slug:
                return action
        known = [action.slug for action in self.actions]
        message = f'destination "{self.slug}" has no action "{slug}"; it has {", ".join(known) or "none"}'
        raise DefinitionError(message, hint=nearest(slug, known))

    def preset(self, name: str) -> Preset:
        """Find a preset by its name; raises `DefinitionError` with the nearest name."""
        for preset in self.presets:
            if preset.name == name:
                return preset
        known = [preset.name for preset in self.presets]
        message = f'destination "{self.slug}" has no preset "{name}"; it has {", ".join(known) or "none"}'
        raise DefinitionError(message, hint=nearest(name, known))

    def _check_guide(self) -> None:
        known = {spec.key for spec in self.settings.fields()}
        for key in self.guide.settings if self.guide else ():
            if key not in known:
                message = f'destination "{self.slug}": guide for no setting "{key}"'
                raise DefinitionError(message, hint=nearest(key, known))

    def _check_preset(self, preset: Preset) -> None:
        where = f'destination "{self.slug}": preset "{preset.name}"'
        fields = {spec.key for spec in self.action(preset.action).payload.fields()}
        for key in preset.mapping:
            if key not in fields:
                raise DefinitionError(f'{where}: "{preset.action}" has no field "{key}"', hint=nearest(key, fields))
        _check_expression(where, preset.subscribe)


def _is_fieldset(thing: object) -> bool:
    return isinstance(thing, type) and issubclass(thing, FieldSet)


_ACTION_FUNCTIONS = ("perform", "perform_batch", "batch_key", "cooldown", "reconcile")
_DESTINATION_FUNCTIONS = ("origins", "account", "allowed_addresses", "on_delete", "sandbox")


def _check_functions(where: str, owner: object, names: Iterable[str]) -> None:
    for name in names:
        given = getattr(owner, name)
        if given is not None and not callable(given):
            raise DefinitionError(f"{where}: {name} must be a function, not {given!r}")


def _check_slug(what: str, slug: str, pattern: str) -> None:
    if not re.fullmatch(pattern, slug):
        raise DefinitionError(f"{what} slug {slug!r} does not have the form {pattern}")


def _check_unique(destination: str, what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DefinitionError(f'destination "{destination}" has two {what}s named "{name}"')
        seen.add(name)


def _check_expression(where: str, text: str) -> None:
    try:
        compile_subscription(text)
    except SubscriptionError as error:
        raise DefinitionError(f"{where}: {error}") from error
