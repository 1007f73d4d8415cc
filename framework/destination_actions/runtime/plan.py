"""The plan: a configuration compiled against its destinations. Whatever can be wrong is found while it is made.

Sending an event only walks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from destination_actions.config import Config, DestinationConfig, SubscriptionConfig
from destination_actions.definitions import SYNC_MODES, Action, Destination, Preset
from destination_actions.errors import (
    ConfigurationError,
    MappingError,
    SettingsError,
    nearest,
)
from destination_actions.events import Event
from destination_actions.fields import FieldSet, is_reserved, payload_from, secret_values, write_quick
from destination_actions.http import Redactor
from destination_actions.mapping import Directive, compile_mapping
from destination_actions.mapping import Mapping as CompiledMapping
from destination_actions.plugins import Registry
from destination_actions.runtime.breaker import BreakerRule
from destination_actions.runtime.declared import check_functions, tried
from destination_actions.runtime.findings import Faults, Findings
from destination_actions.runtime.retry import RetryRule
from destination_actions.subscriptions import Expression, compile_subscription

_SETTING_CODES = {"required": "setting-missing", "unknown": "setting-unknown"}

UNKNOWN_POLICIES = ("reconcile", "suppress", "retry")


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A configured destination: what its subscriptions share."""

    name: str
    destination: Destination[Any]
    settings: FieldSet
    redactor: Redactor
    on_unknown: str
    retry: RetryRule = field(default_factory=RetryRule)
    breaker: BreakerRule = field(default_factory=BreakerRule)
    concurrency: int | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A compiled subscription."""

    id: str
    name: str
    lane: Lane
    action: Action[Any, Any]
    expression: Expression
    mapping: CompiledMapping
    sync_mode: str | None = None
    straight: Callable[[Any], FieldSet | None] | None = field(init=False, repr=False, compare=False)
    """From an event, a dict, straight to the payload, without the document between them. It gives None for all but
    what is right, may raise what mapping and validators raise, and says nothing by either; None where it cannot be."""

    matches: Callable[[Any], bool] = field(init=False, repr=False, compare=False)
    """Whether an event, a dict, matches."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "matches", self.expression.matcher)
        filling = self.mapping.filling()
        straight = None if filling is None else payload_from(self.action.payload, filling)
        object.__setattr__(self, "straight", straight)


@dataclass(frozen=True, slots=True)
class Plan:
    """All enabled subscriptions in the order of the configuration, indexed by event type and name.

    `idle` names those that are switched off, or whose destination is, each with the seconds for which what they had
    accepted is kept.
    """

    lanes: tuple[Lane, ...]
    subscriptions: tuple[Subscription, ...]
    _index: Index = field(repr=False)
    _by_id: Mapping[tuple[str, str], Subscription] = field(repr=False)
    idle: Mapping[tuple[str, str], float] = field(default_factory=dict, repr=False)

    def candidates(self, event: Event) -> Candidates:
        """Positions of the subscriptions that may match; the others cannot."""
        return self._index.candidates(event)

    def subscription(self, destination: str, subscription: str) -> Subscription | None:
        """Find a subscription by the configured name of its destination and its id."""
        return self._by_id.get((destination, subscription))

    def with_subscriptions(self, subscriptions: Iterable[Subscription]) -> Plan:
        """The same lanes with other subscriptions."""
        return _plan(self.lanes, subscriptions, self.idle)


class Candidates(frozenset[int]):
    """Positions of subscriptions; `in_order` has them in the order of the configuration."""

    in_order: tuple[int, ...] = ()


class Index:
    """Positions by the `type` and `event` that an expression needs to match at all."""

    def __init__(self, expressions: Iterable[Expression]) -> None:
        self._needs = [(expression.event_types(), expression.event_names()) for expression in expressions]
        self._types = frozenset(name for types, _ in self._needs for name in types or ())
        self._names = frozenset(name for _, names in self._needs for name in names or ())
        self._found: dict[tuple[object, object], Candidates] = {}

    def candidates(self, event: Event) -> Candidates:
        """Give the positions; remembered for each combination of values that some expression names."""
        kind, name = event.get("type"), event.get("event")
        try:
            key = (kind if kind in self._types else None, name if name in self._names else None)
        except TypeError:  # one is not hashable, and so no text
            key = (_known(kind, self._types), _known(name, self._names))
        found = self._found.get(key)
        return self._remembered(key) if found is None else found

    def _remembered(self, key: tuple[str | None, str | None]) -> Candidates:
        found = self._found[key] = Candidates(
            at
            for at, (types, names) in enumerate(self._needs)
            if (types is None or key[0] in types) and (names is None or key[1] in names)
        )
        found.in_order = tuple(sorted(found))
        return found


def _known(value: object, names: frozenset[str]) -> str | None:
    return value if isinstance(value, str) and value in names else None


def compile_plan(config: Config, registry: Registry, directives: Mapping[str, Directive]) -> Plan:
    """Compile everything, or raise one `ConfigurationError` with every finding, each with its place in the file."""
    findings = Findings(config)
    lanes: list[Lane] = []
    subscriptions: list[Subscription] = []
    for part in config.destinations:
        if not part.enabled:
            continue
        destination = findings.attempt(f"{part.pointer}/destination", partial(registry.destination, part.destination))
        if destination is None:
            continue
        lane = findings.attempt(part.pointer, partial(_lane, part, destination))
        lanes += [lane] if lane else []
        for item in part.subscriptions:
            if item.enabled:
                build = partial(_subscription, item, destination, lane, directives)
                built = findings.attempt(item.pointer, build)
                subscriptions += [built] if built else []
    findings.raise_if_any()
    return _plan(lanes, subscriptions, dict(_idle(config)))


def _idle(config: Config) -> Iterator[tuple[tuple[str, str], float]]:
    for part in config.destinations:
        horizon = RetryRule(**part.retry).horizon
        for item in part.subscriptions:
            if not (part.enabled and item.enabled):
                yield (part.name, item.id or item.name), horizon


def _plan(lanes: Iterable[Lane], subscriptions: Iterable[Subscription], idle: Mapping[tuple[str, str], float]) -> Plan:
    listed = tuple(subscriptions)
    by_id = {(item.lane.name, item.id): item for item in listed}
    return Plan(tuple(lanes), listed, Index(item.expression for item in listed), by_id, idle)


def _lane(part: DestinationConfig, destination: Destination[Any]) -> Lane:
    if part.on_unknown not in UNKNOWN_POLICIES:
        message = f'onUnknown must be one of {", ".join(UNKNOWN_POLICIES)}, not "{part.on_unknown}"'
        hint = nearest(part.on_unknown, UNKNOWN_POLICIES)
        raise ConfigurationError(message, pointer="/onUnknown", hint=hint, code="bad-choice")
    check = partial(destination.settings.check, part.settings, unknown="refuse")
    checked = tried(f"{destination.slug}: a validator of its settings", check)
    if checked.value is None:
        raise _settings_error(part.name, checked.errors)
    redactor = Redactor(secret_values(checked.value), phones=True)
    check_functions(destination, checked.value, redactor)
    return Lane(
        name=part.name,
        destination=destination,
        settings=checked.value,
        redactor=redactor,
        on_unknown=part.on_unknown,
        retry=RetryRule(**part.retry),
        breaker=BreakerRule(**part.breaker),
        concurrency=part.concurrency,
        timeout=part.timeout,
    )


def _settings_error(name: str, errors: Iterable[Any]) -> SettingsError:
    findings = [
        SettingsError(
            f"{name}: settings{error.pointer.replace('/', '.')}: {error.message}",
            pointer=f"/settings{error.pointer}",
            code=_SETTING_CODES.get(error.code),
        )
        for error in errors
    ]
    text = "\n".join(finding.message for finding in findings)
    return SettingsError(text, pointer=findings[0].pointer, errors=findings)


def _subscription(
    item: SubscriptionConfig, destination: Destination[Any], lane: Lane | None, directives: Mapping[str, Directive]
) -> Subscription | None:
    """Compile a subscription, or raise everything that is wrong with it. None where its lane could not be made."""
    faults = Faults()
    preset = faults.attempt(partial(_preset, item, destination))
    action = faults.attempt(partial(_action, item, preset, destination))
    own = dict(preset.mapping if preset else {}) | dict(item.mapping)
    expression = faults.attempt(partial(_expression, item, preset, action))
    faults.attempt(partial(_check_keys, action, own))
    mapping = faults.attempt(partial(_compiled, _whole(action, own), directives))
    sync_mode = faults.attempt(partial(_sync_mode, item, own))
    faults.raise_if_any()
    if lane is None or action is None or expression is None or mapping is None:
        return None
    write_quick(action.payload)
    return Subscription(
        id=item.id or item.name,
        name=item.name,
        lane=lane,
        action=action,
        expression=expression,
        mapping=mapping,
        sync_mode=sync_mode,
    )


def _preset(item: SubscriptionConfig, destination: Destination[Any]) -> Preset | None:
    preset: Preset | None = (
        _at("/preset", "unknown-preset", lambda: destination.preset(item.preset or "")) if item.preset else None
    )
    return preset


def _action(item: SubscriptionConfig, preset: Preset | None, destination: Destination[Any]) -> Action[Any, Any] | None:
    """Find the action; None where only a preset that is not known could say which it is."""
    slug = item.action or (preset.action if preset else None)
    if slug is not None:
        action: Action[Any, Any] = _at("/action", "unknown-action", lambda: destination.action(slug))
        return action
    if item.preset:
        return None
    raise ConfigurationError(
        f'subscription "{item.name}" names no action', hint='add "action" or "preset"', code="missing-key"
    )


def _expression(item: SubscriptionConfig, preset: Preset | None, action: Action[Any, Any] | None) -> Expression | None:
    """Compile the expression; None where only a preset or an action that is not known could have one."""
    text = item.subscribe or (preset.subscribe if preset else None) or (action.default_subscription if action else None)
    if text is not None:
        return compile_subscription(text)
    if action is None or (item.preset and preset is None):
        return None
    raise ConfigurationError(
        f'subscription "{item.name}" has no expression', hint='add "subscribe"', code="missing-key"
    )


def _at(pointer: str, code: str, find: Any) -> Any:
    try:
        return find()
    except ConfigurationError as error:
        error.pointer, error.code = pointer, code
        raise


def _compiled(mapping: Mapping[str, Any], directives: Mapping[str, Directive]) -> CompiledMapping:
    try:
        return tried("compiling a directive", lambda: compile_mapping(mapping, directives=directives))
    except MappingError as error:
        found = [MappingError(e.message, pointer=f"/mapping{e.pointer}", hint=e.hint) for e in error.errors]
        raise MappingError(error.message, pointer=found[0].pointer, hint=error.hint, errors=found) from error


def _check_keys(action: Action[Any, Any] | None, mapping: Mapping[str, Any]) -> None:
    if action is None:
        return
    fields = {spec.key for spec in action.payload.fields()}
    findings = [
        MappingError(
            f'action "{action.slug}" has no field "{key}"',
            pointer=f"/mapping/{_escaped(key)}",
            hint=nearest(key, fields) or f"its fields are {', '.join(sorted(fields))}",
            code="unknown-field",
        )
        for key in mapping
        if key not in fields and not is_reserved(key)
    ]
    if findings:
        text = "\n".join(finding.message for finding in findings)
        raise MappingError(text, pointer=findings[0].pointer, hint=findings[0].hint, errors=findings)


def _whole(action: Action[Any, Any] | None, own: Mapping[str, Any]) -> Mapping[str, Any]:
    """The mapping with the action's defaults; as it stands where the action is not known."""
    return own if action is None else action.payload.default_mapping() | _own_fields(action, own)


def _own_fields(action: Action[Any, Any], mapping: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what Segment's platform added; a field of that name and the root directive stay."""
    kept = {spec.key for spec in action.payload.fields()} | {"__segment_internal_directive"}
    return {key: value for key, value in mapping.items() if key in kept or not is_reserved(key)}


def _sync_mode(item: SubscriptionConfig, mapping: Mapping[str, Any]) -> str | None:
    mode = item.sync_mode or mapping.get("__segment_internal_sync_mode")
    if mode is not None and mode not in SYNC_MODES:
        raise ConfigurationError(
            f'subscription "{item.name}": syncMode must be one of {", ".join(SYNC_MODES)}, not {mode!r}',
            pointer="/syncMode",
            hint=nearest(str(mode), SYNC_MODES),
            code="bad-choice",
        )
    return mode


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
