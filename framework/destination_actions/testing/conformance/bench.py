"""Where a destination is tried: the real runtime on virtual time, a scripted API, and somebody who watches."""

from __future__ import annotations

import copy
import io
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from destination_actions.definitions import Action, Destination
from destination_actions.errors import ConfigurationError
from destination_actions.events import MISSING
from destination_actions.fields import FieldSet, secret_values
from destination_actions.outcomes import Outcome
from destination_actions.testing.conformance.profile import ConformanceProfile
from destination_actions.testing.conformance.sentry import guarded
from destination_actions.testing.conformance.spy import Spy
from destination_actions.testing.conformance.wire import Wire
from destination_actions.testing.examples import example_document
from destination_actions.testing.harness import Harness
from destination_actions.testing.scripted import Reply, SentRequest

OTHER: Final = 200
"""Where the numbers of a second example start."""


@dataclass(frozen=True)
class Subject:
    """A destination, and how to have it work. `slug` is there when it was found among the installed ones."""

    destination: Destination[Any]
    profile: ConformanceProfile
    slug: str | None = None
    _made: dict[tuple[type[FieldSet], int], dict[str, Any]] = field(default_factory=dict, repr=False, compare=False)

    def example(self, fields: type[FieldSet], overlay: Mapping[str, Any], start: int) -> dict[str, Any]:
        """An example with what the profile says of it; made once."""
        known = self._made.get((fields, start))
        if known is None:
            known = self._made[fields, start] = _overlaid(fields, overlay, start)
        return copy.deepcopy(known)

    def settings(self, start: int = 0) -> dict[str, Any]:
        """Valid settings; every secret in them is a text that stands nowhere else."""
        made = self.example(self.destination.settings, self.profile.settings, start)
        for spec in self.destination.settings.fields():
            free = spec.secret and not (spec.pattern or spec.format or spec.choices or spec.multiple)
            if free and isinstance(made.get(spec.key), str):
                made[spec.key] = f"canary-{start}-{spec.key}".ljust(int(spec.minimum or 0), "x")
        return _valid(self.destination.settings, made)

    def secrets(self, start: int = 0) -> tuple[str, ...]:
        """The secret texts of these settings."""
        built = self.destination.settings.check(self.settings(start)).value
        return secret_values(built) if built is not None else ()

    def benches(self) -> list[Bench]:
        """One for each action."""
        return [Bench(self, action) for action in self.destination.actions]


@dataclass(frozen=True)
class Bench:
    """One action of a destination."""

    subject: Subject
    action: Action[Any, Any]

    def document(self, start: int = 0, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A valid document for the payload; another `start` gives other values. A change to None leaves a value out."""
        sample = self.subject.profile.samples.get(self.action.slug, {})
        return _changed(self.subject.example(self.action.payload, sample, start), changes or {})

    def payload(self, document: Mapping[str, Any]) -> Any:
        """The typed payload of a document, or None when it is not valid."""
        return self.action.payload.check(document).value

    def texts(self) -> list[str]:
        """The keys of the sample's values that are free texts."""
        specs = {spec.key: spec for spec in self.action.payload.fields()}
        plain = {key for key, value in self.document().items() if isinstance(value, str)}
        return [key for key in specs if key in plain and not specs[key].choices]

    @contextmanager
    def open(self, *replies: Reply, start: int = 0, **options: Any) -> Iterator[Trial]:
        """A runtime with one subscription to this action, in which every field is mapped from the event."""
        trial = Trial(self, replies, self.subject.settings(start), options)
        try:
            yield trial
        finally:
            trial.close()


class Trial:
    """One runtime, what it sent, what it logged, and what the plugin was seen doing."""

    def __init__(
        self, bench: Bench, replies: Sequence[Reply], settings: Mapping[str, Any], options: Mapping[str, Any]
    ) -> None:
        self.bench = bench
        self.given = settings
        self.spy = Spy()
        self.outcomes: list[Outcome] = []
        self.tried: list[str] = []
        self.printed = io.StringIO()
        self._keys = [spec.key for spec in bench.action.payload.fields()]
        self.wire = Wire(replies, bench.subject.profile.replies, self._now)
        start = {"start": options["start_at"]} if "start_at" in options else {}
        self.harness = Harness(
            self.spy.watched(bench.subject.destination),
            settings=settings,
            subscriptions=[self._subscription()],
            http=self.wire,
            **start,
        )
        self._numbered = 0

    def _now(self) -> float:
        return self.harness.clock.now()

    def _subscription(self) -> dict[str, Any]:
        mapping = {key: {"@path": f"$.properties.f{at}"} for at, key in enumerate(self._keys)}
        return {
            "name": "Conformance",
            "subscribe": 'type = "track"',
            "action": self.bench.action.slug,
            "mapping": mapping,
        }

    def event(self, document: Mapping[str, Any] | None = None, message_id: str | None = None) -> dict[str, Any]:
        """A track event whose properties become this document."""
        self._numbered += 1
        given = self.bench.document() if document is None else document
        return {
            "type": "track",
            "event": "Conformance Checked",
            "messageId": message_id or f"conformance-{self._numbered}",
            "userId": "conformance-user",
            "timestamp": "2026-01-01T00:00:00.000Z",
            "properties": {f"f{at}": given[key] for at, key in enumerate(self._keys) if key in given},
        }

    def send(self, document: Mapping[str, Any] | None = None, message_id: str | None = None) -> Outcome:
        """Send one event."""
        with self.watching():
            [outcome] = self.harness.send(self.event(document, message_id))
        self.outcomes.append(outcome)
        return outcome

    def send_batch(self, documents: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Send events at once."""
        with self.watching():
            rows = self.harness.send_batch([self.event(document) for document in documents])
        self.outcomes += [row[0] for row in rows]
        return [row[0] for row in rows]

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hear everything that is logged and printed, and refuse connections, meanwhile."""
        handler = logging.StreamHandler(self.printed)
        root = logging.getLogger()
        level = root.level
        root.addHandler(handler)
        root.setLevel(logging.DEBUG)
        try:
            with redirect_stdout(self.printed), redirect_stderr(self.printed), guarded() as tried:
                yield
            self.tried += tried
        finally:
            root.setLevel(level)
            root.removeHandler(handler)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.harness.wait(seconds)

    def wait_out(self, document: Mapping[str, Any]) -> None:
        """Let the window pass that an event of this document may have opened."""
        bench = self.bench
        payload = bench.payload(document)
        if bench.action.cooldown is None or payload is None:
            return
        settings = bench.subject.destination.settings.check(self.given).value
        with suppress(Exception):
            declared = bench.action.cooldown(settings, payload)
            self.wait(60.0 + (declared.seconds if declared is not None else 0.0))

    @property
    def effects(self) -> list[SentRequest]:
        """The effects that went out."""
        return self.wire.effects

    @property
    def reads(self) -> list[SentRequest]:
        """The reads that went out."""
        return self.wire.reads

    def close(self) -> None:
        """Close the runtime."""
        with self.watching():
            self.harness.close()


def _overlaid(fields: type[FieldSet], overlay: Mapping[str, Any], start: int) -> dict[str, Any]:
    """An example with some values replaced; from only what is needed, where the two do not go together."""
    known = {spec.key for spec in fields.fields()}
    stray = sorted(overlay.keys() - known)
    if stray:
        raise ConfigurationError(f'conformance profile: {fields.__name__} has no field "{stray[0]}"')
    whole = _changed(example_document(fields, start=start), overlay)
    if fields.check(whole).errors:
        whole = _changed(example_document(fields, start=start, optional=False), overlay)
    return whole


def _changed(document: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    changed = {**document, **changes}
    return {key: value for key, value in changed.items() if value is not None and value is not MISSING}


def _valid(fields: type[FieldSet], document: dict[str, Any]) -> dict[str, Any]:
    errors = fields.check(document).errors
    if errors:
        hint = "give settings or samples in a ConformanceProfile"
        raise ConfigurationError(f"no example of {fields.__name__}: {errors[0].message}", hint=hint)
    return document
