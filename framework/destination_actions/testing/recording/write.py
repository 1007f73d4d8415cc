"""From samples to case files: each is redacted, run again, and written only if the same comes of it.

What a case expects is what came when the redacted event met the redacted answers; what a detector still finds in that,
such as a key that is a digest, is expected to be there and no more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import quote, urlsplit

import yaml

from destination_actions.config.files import MAX_BYTES
from destination_actions.config.nodes import escape
from destination_actions.config.shape import readable
from destination_actions.errors import ConfigurationError
from destination_actions.outcomes import Outcome, Suppressed, iso
from destination_actions.testing.cases.load import load_cases
from destination_actions.testing.cases.pieces import pieces
from destination_actions.testing.cases.requests import replies_of
from destination_actions.testing.cases.run import run_case
from destination_actions.testing.conformance.profile import profile_of
from destination_actions.testing.harness import Harness
from destination_actions.testing.recording.detectors import found_in, hits
from destination_actions.testing.recording.given import Given
from destination_actions.testing.recording.redact import Redaction
from destination_actions.testing.recording.samples import Answered, Sample
from destination_actions.testing.recording.tags import is_moment
from destination_actions.testing.scripted import SentRequest
from destination_actions.testing.virtual import instant

_COLUMN: Final = re.compile(r"\$(?=\$*\{[A-Za-z_])")
_REPLY_HEADERS: Final = frozenset({"retry-after", "location"})
_OF_OUTCOME: Final = ("outcome", "reason", "code", "status", "data", "by", "repeated", "lane", "counts")
_ANY: Final = {"$any": True}
_LARGEST: Final = MAX_BYTES * 3 // 4
_LOOKED_FOR: Final = 6
"""Characters of the shortest original that is looked for in the end: shorter ones are in any text by chance."""


class Leak(ConfigurationError):  # noqa: N818 - what happened
    """A detector still finds something in what would be written; nothing was written."""


@dataclass(slots=True)
class Written:
    """The case files of one configured destination: their texts, how many cases they have together, and the samples
    that are not among them, with the reason."""

    name: str
    texts: tuple[str, ...]
    cases: int
    left: list[tuple[Sample, str]] = field(default_factory=list)


def case_files(given: Given, samples: Sequence[Sample], redaction: Redaction) -> Written:
    """Make the case files of one configured destination. Raises `Leak` when a detector finds something in them."""
    made: list[tuple[Sample, dict[str, Any]]] = []
    left: list[tuple[Sample, str]] = []
    for sample in samples:
        case, reason = _Take(given, sample, redaction).case()
        if case is None:
            left.append((sample, reason))
        else:
            made.append((sample, {"name": _name(sample, len(made) + 1)} | case))
    wrong = {name for text in _texts(given, [case for _, case in made]) for name in _failing(text)}
    left += [(sample, "the case that was made of it fails") for sample, case in made if case["name"] in wrong]
    good = [case for _, case in made if case["name"] not in wrong]
    texts = tuple(_texts(given, good))
    for text in texts:
        check_clean(text, redaction)
    return Written(given.name, texts, len(good), left)


def _texts(given: Given, cases: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """One text, or as many as are needed for none to be too large to be read."""
    text = _text(given, cases)
    if len(text.encode()) > _LARGEST and len(cases) > 1:
        middle = len(cases) // 2
        yield from _texts(given, cases[:middle])
        yield from _texts(given, cases[middle:])
    elif text:
        yield text


def _text(given: Given, cases: Sequence[Mapping[str, Any]]) -> str:
    if not cases:
        return ""
    used = {case["extends"] for case in cases}
    parts = {
        name: {"given": {"subscription": _escaped(one)}} for name, one in given.subscriptions.items() if name in used
    }
    document = {"given": _escaped(_head(given)), "parts": parts, "cases": list(cases)}
    written: str = yaml.dump(document, Dumper=_Plain, sort_keys=False, allow_unicode=True, width=110)
    return _HEADER + written


class _Plain(yaml.SafeDumper):
    """Writes what stands in several places in full each time."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """No anchors."""
        return True


def _quoted(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    """Texts that begin as numbers do stand in quotes, whatever this version of YAML makes of them."""
    style = "'" if text[:1] in set("0123456789+-.") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Plain.add_representer(str, _quoted)


def _failing(text: str) -> set[str]:
    """The names of the cases of a text that do not pass when they are read and run as a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "recorded.cases.yaml"
        path.write_text(text, encoding="utf-8")
        return {case.name for case in load_cases(path) if not run_case(case).ok}


_HEADER: Final = "# Recorded, with made-up values for whatever is personal or secret.\n\n"


def _head(given: Given) -> dict[str, Any]:
    head = {"destination": given.slug, "name": given.name, "settings": dict(given.settings)}
    return head | ({"onUnknown": given.on_unknown} if given.on_unknown != "reconcile" else {})


def _name(sample: Sample, number: int) -> str:
    kind = " ".join(str(sample.event[key]) for key in ("type", "event") if isinstance(sample.event.get(key), str))
    why = sample.outcome.get("reason") if sample.word != "delivered" else None
    name = f"{number}: {kind} is {sample.word}" + (f", {why}" if why else "")
    return f"{number}: {sample.word}" if hits(name) or "${" in name else name


def check_clean(text: str, redaction: Redaction) -> None:
    """Look once more for what must not be in a text. Raises `Leak`, which shows none of it."""
    wrong = [f"{readable(pointer)}: {what}" for pointer, what in findings(yaml.safe_load(text), "", ())]
    for original in _left_in(text, redaction):
        wrong.append(f"a value of {len(original)} characters that was to be replaced")  # noqa: PERF401 - reads better
    if wrong:
        listed = "; ".join(wrong[:5]) + (f"; and {len(wrong) - 5} more" if len(wrong) > 5 else "")
        hint = "names, ids and constants of the configuration are written as they are: mend it there"
        raise Leak(f"nothing was written: detectors still find something: {listed}", hint=hint)


def findings(value: Any, pointer: str, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """What detectors find in a document, keys too: where, and what in words."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            found = list(found_in(str(key)))
            yield from ((f"{pointer}/...", what) for what in found)
            yield from findings(item, f"{pointer}/{'...' if found else escape(str(key))}", (*path, str(key)))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from findings(item, f"{pointer}/{at}", (*path, "0"))
    elif isinstance(value, str):
        inner = _parsed(value) if value.lstrip().startswith(("{", "[")) else None
        nested = isinstance(inner, dict | list)
        yield from findings(inner, pointer, path) if nested else ((pointer, what) for what in found_in(value))
    elif not isinstance(value, bool | type(None)) and not is_moment(path):
        yield from ((pointer, what) for what in found_in(str(value)))


def _left_in(text: str, redaction: Redaction) -> Iterator[str]:
    """Originals that a text still holds, as they are or percent-encoded."""
    for original in redaction.originals:
        if len(original) >= _LOOKED_FOR and any(form in text for form in {original, quote(original, safe="")}):
            yield original


class _Take:
    """One sample on its way to a case."""

    def __init__(self, given: Given, sample: Sample, redaction: Redaction) -> None:
        self._given = given
        self._sample = sample
        self._redaction = redaction
        self._event = redaction.json(dict(sample.event))
        self._subscription = given.subscriptions[sample.subscription]

    def case(self) -> tuple[dict[str, Any] | None, str]:
        """The case, or None and why the sample cannot be one."""
        replies = [self._reply(one) for one in self._sample.exchanges]
        standing = [] if self._sample.whole else self._standing()
        for with_standing in (False, True) if standing else (False,):
            api = [*replies, *(standing if with_standing else [])]
            found = self._played(api)
            if isinstance(found, dict):
                return self._document(api, found), ""
        return None, str(found)

    def _document(self, api: Sequence[Mapping[str, Any]], found: Mapping[str, Any]) -> dict[str, Any]:
        given = {"clock": iso(self._sample.at)} | ({"earlier": self._earlier()} if self._held_by() else {})
        case = {"extends": self._sample.subscription, "given": given, "event": self._event}
        document: dict[str, Any] = _escaped(case | ({"api": list(api)} if api else {}) | {"expect": found})
        return document

    def _played(self, api: Sequence[Mapping[str, Any]]) -> dict[str, Any] | str:
        """What is expected, or in words what came instead of what was recorded."""
        try:
            with self._harness(api) as harness:
                return self._seen(harness)
        except ConfigurationError as error:
            return error.message

    def _harness(self, api: Sequence[Mapping[str, Any]]) -> Harness:
        given = self._given
        ago = self._ago() if self._held_by() else 0.0
        return Harness(
            given.slug,
            settings=given.settings,
            subscriptions=[{"name": self._sample.subscription} | dict(self._subscription)],
            name=given.name,
            on_unknown=given.on_unknown,
            api=replies_of(pieces(list(api)), times=1),
            start=instant(iso(self._sample.at)) - ago,
        )

    def _seen(self, harness: Harness) -> dict[str, Any] | str:
        if self._held_by():
            harness.remember(self._event | {"messageId": self._held_by()})
            harness.wait(self._ago())
        [explained] = harness.explain(self._event)
        [outcome] = harness.run(harness.runtime.send(self._event))
        wrong = self._difference(harness, outcome)
        return wrong or self._expectation(harness, explained.payload, outcome)

    def _difference(self, harness: Harness, outcome: Outcome) -> str:
        came = outcome.to_json()
        wanted = self._sample.outcome
        if harness.api.unscripted:
            one = harness.api.unscripted[0]
            return f"no answer was recorded for {one.method} {urlsplit(one.url).hostname}"
        if any((came.get(key) or None) != (wanted.get(key) or None) for key in ("outcome", "reason", "repeated")):
            said = " ".join(str(came[key]) for key in ("outcome", "reason") if came.get(key))
            return f"recorded as {self._sample.word}, but comes out as {said}"
        return "an answer that was recorded is not asked for" if harness.api.unused() else ""

    def _expectation(self, harness: Harness, payload: Any, outcome: Outcome) -> dict[str, Any]:
        came = outcome.to_json()
        said = {key: _careful(came[key]) for key in _OF_OUTCOME if came.get(key) is not None}
        if came.get("problems"):
            said["problems"] = [{key: one[key] for key in ("pointer", "code")} for one in came["problems"]]
        expected: dict[str, Any] = {"outcome": said, "fires": harness.effects > 0}
        expected |= {} if payload is None else {"payload": _careful(payload)}
        return expected | {"requests": [_request(one) for one in harness.requests]}

    # --- answers -----------------------------------------------------------------------------------------------------

    def _reply(self, one: Answered) -> dict[str, Any]:
        on = f"{one.method} {_origin(one.url)}/*"
        if one.fault or one.status is None:
            return {"on": on, "fault": one.fault or "reset"}
        headers = {name: self._redaction.text(value) for name, value in one.headers.items() if name in _REPLY_HEADERS}
        reply: dict[str, Any] = {"on": on, "status": one.status} | ({"headers": headers} if headers else {})
        body = _parsed(one.body)
        if body is not None:
            return reply | {"json": self._redaction.json(body)}
        return reply | ({"body": self._redaction.json(one.body)} if one.body else {})

    def _standing(self) -> list[dict[str, Any]]:
        """Answers to reads, which a ledger does not keep: those of the destination's conformance profile."""
        from destination_actions.plugins import load_destination

        replies = profile_of(load_destination(self._given.slug)).replies
        return [
            {"on": reply.on, "status": reply.status, "times": "any", **self._content(reply.content)}
            for reply in replies
            if isinstance(reply.on, str) and reply.on.startswith("GET ")
        ]

    def _content(self, content: bytes) -> dict[str, Any]:
        parsed = _parsed(content.decode("utf-8", "replace"))
        return {"json": self._redaction.json(parsed)} if parsed is not None else {}

    # --- an earlier delivery that holds the cooldown -----------------------------------------------------------------

    def _held_by(self) -> str | None:
        """The message that came before and decides: the holder of a cooldown, or the same one where it is repeated."""
        by = self._sample.outcome.get("by") if self._sample.word == Suppressed.outcome else None
        if self._sample.outcome.get("repeated"):
            by = self._sample.event.get("messageId")
        return self._redaction.json(by, ("messageId",)) if isinstance(by, str) else None

    def _ago(self) -> float:
        """How long before: the window's length less what was left of it; a second for a repetition."""
        until = self._sample.outcome.get("until")
        if not isinstance(until, str):
            return 1.0
        return max(0.0, self._window() - (instant(until) - instant(iso(self._sample.at))))

    def _window(self) -> float:
        with Harness(self._given.slug, settings=self._given.settings, subscriptions=[self._named()]) as harness:
            [explained] = harness.explain(self._event)
        return explained.cooldown or 0.0

    def _named(self) -> dict[str, Any]:
        return {"name": self._sample.subscription} | dict(self._subscription)

    def _earlier(self) -> list[dict[str, Any]]:
        return [{"ago": round(self._ago(), 3), "event": self._event | {"messageId": self._held_by()}}]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


# --- expectations ----------------------------------------------------------------------------------------------------


def _request(sent: SentRequest) -> dict[str, Any]:
    """A request as it is expected; what looks random in it may be anything."""
    shown = sent.to_json()
    return {"method": shown["method"], "url": _pattern(shown["url"])} | {
        key: _careful(value) for key, value in shown.items() if key in {"query", "form", "json", "body"}
    }


def _pattern(url: str) -> str:
    at, pieces_ = 0, []
    for hit in hits(url):
        pieces_ += [url[at : hit.start], "*"]
        at = hit.end
    return "".join([*pieces_, url[at:]])


def _careful(value: Any) -> Any:
    """An expectation of a value that no detector finds anything in, and that stands for nothing else."""
    if isinstance(value, Mapping):
        if any(key.startswith("$") or hits(key) for key in value):
            return _ANY
        return {key: _careful(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_careful(item) for item in value]
    if isinstance(value, str) and value.lstrip().startswith("{") and isinstance(_parsed(value), dict):
        return {"$json": _careful(_parsed(value))}
    return _ANY if not isinstance(value, bool | type(None)) and hits(str(value)) else value


def _escaped(value: Any) -> Any:
    """Texts in which `${...}` stays text."""
    if isinstance(value, Mapping):
        return {key: _escaped(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    return _COLUMN.sub("$$", value) if isinstance(value, str) else value


def file_names(written: Sequence[Written], folder: Path) -> Iterator[tuple[Path, str]]:
    """Where each text goes: `NAME.cases.yaml`, then `NAME-2.cases.yaml` and so on."""
    for one in written:
        for number, text in enumerate(one.texts, 1):
            yield folder / f"{one.name}{'' if number == 1 else f'-{number}'}.cases.yaml", text
