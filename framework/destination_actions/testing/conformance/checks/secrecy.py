"""Secrets are declared, and never shown."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Any, Final

from destination_actions.describe import describe
from destination_actions.http import Redactor
from destination_actions.testing.conformance.bench import Bench, Subject, Trial
from destination_actions.testing.conformance.check import Check, NotApplicable
from destination_actions.testing.conformance.checks.safety import SCENES
from destination_actions.testing.conformance.report import Level
from destination_actions.testing.conformance.wire import effect


class Detector:
    """Finds secrets in texts: as they are, percent-encoded, escaped, in base64."""

    def __init__(self, subject: Subject, start: int = 0) -> None:
        self.secrets = subject.secrets(start)
        if not self.secrets:
            raise NotApplicable("its settings have no secrets")
        self._redactor = Redactor(self.secrets)

    def finds(self, text: str) -> bool:
        """Whether there is a secret in it."""
        return self._redactor.text(text) != text


def settings_hide(subject: Subject) -> Iterable[str]:
    """Built settings print, format and dump without their secrets."""
    detector = Detector(subject)
    built = subject.destination.settings.check(subject.settings()).value
    forms = {"repr": repr(built), "str": str(built), "format": f"{built}"}
    forms["to_json"] = json.dumps(built.to_json(), default=repr) if built is not None else ""
    yield from (f"{name} shows a secret" for name, text in forms.items() if detector.finds(text))


def definition_hides(subject: Subject) -> Iterable[str]:
    """The description holds no example of a secret, and no secret field has a default."""
    for fields in (subject.destination.settings, *(action.payload for action in subject.destination.actions)):
        for spec in fields.fields():
            if spec.secret and spec.hints.placeholder and len(spec.hints.placeholder) > 24:
                yield f"{spec.key} has a placeholder that looks like a secret"
    json.dumps(describe(subject.destination), default=repr)


def origins_hide(subject: Subject) -> Iterable[str]:
    """Origins and account names hold no secret, and secrets travel by https or on this machine only."""
    detector = Detector(subject)
    destination = subject.destination
    built: Any = destination.settings.check(subject.settings()).value
    for origin in destination.origins(built) if destination.origins else ():
        if detector.finds(origin.url) or detector.finds(repr(origin)):
            yield f"the origin {origin!r} shows a secret"
        local = origin.url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
        if (origin.auth or origin.headers) and not origin.url.startswith("https://") and not local:
            yield f"credentials go to {origin.url} without encryption"
    if destination.account and detector.finds(destination.account(built)):
        yield "the account's name shows a secret"


def absent_from_urls(bench: Bench) -> Iterable[str]:
    """No address holds a secret: addresses are logged everywhere."""
    detector = Detector(bench.subject)
    for trial in _scenes(bench):
        for request in trial.wire.requests:
            if detector.finds(request.url):
                host = request.address.split("/")[2]
                yield f"the address of a {request.method} to {host} has one; put it in a header"
                return


def absent_from_errors(bench: Bench) -> Iterable[str]:
    """What `perform` raises quotes no secret, in its message, its arguments or its causes."""
    detector = Detector(bench.subject)
    for trial in _scenes(bench):
        for call in trial.spy.calls:
            for error in _chain(call.error):
                if detector.finds(f"{error} {error.args!r}"):
                    yield f"{type(error).__name__} quotes a secret"


def absent_from_data(bench: Bench) -> Iterable[str]:
    """What `perform` accepts with holds no secret."""
    detector = Detector(bench.subject)
    for trial in _scenes(bench):
        for call in trial.spy.calls:
            if detector.finds(json.dumps(dict(getattr(call.result, "data", {})), default=repr)):
                yield "the data of an acceptance has one"


def absent_from_logs(bench: Bench) -> Iterable[str]:
    """Nothing that is logged or printed on any way holds a secret."""
    detector = Detector(bench.subject)
    for trial in _scenes(bench):
        if detector.finds(trial.printed.getvalue()):
            yield "a log line or something printed has one"
            return


def absent_from_outcomes(bench: Bench) -> Iterable[str]:
    """No outcome shows a secret, not even when the API sends it back."""
    detector = Detector(bench.subject)
    pairs = [f"{one}: {b64encode(f'user:{one}'.encode()).decode()}" for one in detector.secrets]
    echo = {"message": " ".join(pairs), "code": 1, "detail": pairs, "title": pairs[0]}
    for status in (200, 400, 401, 429, 500):
        with bench.open(effect(status, json=echo)) as trial:
            outcome = trial.send()
            texts = {"JSON": json.dumps(outcome.to_json(), default=repr), "repr": repr(outcome)}
            texts |= {"summary": outcome.summary(), "log": trial.printed.getvalue()}
            yield from (f"on {status} its {name} does" for name, text in texts.items() if detector.finds(text))


def kept_at_home(bench: Bench) -> Iterable[str]:
    """Each secret goes to its own origins only."""
    detector = Detector(bench.subject)
    destination = bench.subject.destination
    built: Any = destination.settings.check(bench.subject.settings()).value
    if destination.origins is None:
        raise NotApplicable("it declares no origins")
    homes = {origin.url.rstrip("/") for origin in destination.origins(built)}
    oauth = destination.authentication.oauth if destination.authentication else None
    homes |= {oauth.token_url(built)} if oauth else set()
    for trial in _scenes(bench):
        for request in trial.wire.requests:
            origin = "/".join(request.url.split("/")[:3])
            strange = not any(home == origin or home.startswith(f"{origin}/") for home in homes)
            if strange and detector.finds(" ".join([*request.headers.values(), request.text])):
                yield f"a secret goes to {origin}, which is none of its origins"


def _scenes(bench: Bench) -> Iterator[Trial]:
    for scene in SCENES:
        with bench.open(scene) as trial:
            trial.send()
            yield trial


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


CHECKS_OF_DESTINATION: Final = (
    Check("secrecy.settings", Level.BRONZE, settings_hide),
    Check("secrecy.definition", Level.BRONZE, definition_hides),
    Check("secrecy.origins", Level.BRONZE, origins_hide),
)
CHECKS: Final = (
    Check("secrecy.urls", Level.BRONZE, absent_from_urls),
    Check("secrecy.errors", Level.BRONZE, absent_from_errors),
    Check("secrecy.data", Level.BRONZE, absent_from_data),
    Check("secrecy.logs", Level.BRONZE, absent_from_logs),
    Check("secrecy.outcomes", Level.BRONZE, absent_from_outcomes),
    Check("secrecy.origins-only", Level.BRONZE, kept_at_home),
)
