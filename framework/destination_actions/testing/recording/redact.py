"""Redaction: everything personal or secret in events and answers becomes a pseudonym, the same one wherever it stands.

It goes over everything twice: first to learn which values there are, by the names of members, the declarations of
fields and the detectors; then to replace them, also where nothing but the value itself tells, such as a name in a
sentence. Texts of several words are replaced as a whole: nobody can tell what is in them.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from destination_actions.testing.recording.detectors import Hit, hits
from destination_actions.testing.recording.pseudonyms import Pseudonyms
from destination_actions.testing.recording.samples import Sample
from destination_actions.testing.recording.tags import is_moment, tag_of

_WORD: Final = re.compile(r"[^\s,;:!?\"'<>()\[\]{}|=&/\\]+")
_WORDS: Final = 6
"""A text of so many words is replaced whole."""
_SHORTEST: Final = 4
"""Shorter values are replaced where they stand, and looked for nowhere else."""
_OPEN_PATHS: Final = frozenset({("type",), ("event",), ("name",), ("channel",), ("category",)})
"""Members of an event that say what happened, to nobody in particular."""


class Redaction:
    """Redacts the values of one recording. `tagged` are event paths of fields that are declared private; `kept` are
    words that stand in configurations, and are nobody's name."""

    def __init__(self, tagged: Iterable[Sequence[str]] = (), kept: Iterable[str] = ()) -> None:
        self.pseudonyms = Pseudonyms()
        self._tagged = {tuple(path) for path in tagged}
        self._kept = {word.lower() for word in kept}
        self._known: dict[str, str] = {}
        self._kinds: dict[str, str] = {}

    @property
    def originals(self) -> Sequence[str]:
        """Every value that was replaced and is long enough to be looked for."""
        return list(self._known)

    # --- learning ----------------------------------------------------------------------------------------------------

    def learn(self, value: Any, path: tuple[str, ...] = ()) -> None:
        """Note what is personal or secret in a JSON value."""
        if isinstance(value, Mapping):
            for key, item in value.items():
                self._learn_text(str(key))
                self.learn(item, (*path, str(key)))
        elif isinstance(value, list):
            for item in value:
                self.learn(item, (*path, "0"))
        elif isinstance(value, str):
            kind = self._tag(path)
            if kind is not None:
                self._note(kind, value)
            inner = _json_in(value)
            self.learn(inner, path) if inner is not None else self._learn_text(value)

    def learn_all(self, samples: Sequence[Sample]) -> None:
        """Learn from everything that was recorded, before anything is replaced."""
        for sample in samples:
            self._keep(sample.event)
        for sample in samples:
            self.learn(sample.event)
            for one in sample.exchanges:
                inner = _json_in(one.body)
                self.learn(one.body if inner is None else inner)
                self.learn(dict(one.headers))

    def _keep(self, event: Mapping[str, Any]) -> None:
        """Note that the words which say what an event is are nobody's name."""
        for path in _OPEN_PATHS:
            self._kept.update(str(event.get(path[0], "")).lower().split())

    def secret(self, value: str, kind: str = "secret") -> None:
        """Note a text that is known to be a secret."""
        self._note(kind, value)

    def _learn_text(self, text: str) -> None:
        for form in _forms(text):
            for hit in hits(form):
                self._note(hit.kind, form[hit.start : hit.end])

    def _note(self, kind: str, value: str) -> None:
        self.pseudonyms.taken.add(value)
        parts = [value] if kind != "name" else [value, *value.split()]
        for part in parts:
            if len(part) >= _SHORTEST and part.lower() not in self._kept:
                self._kinds.setdefault(part, kind)
                self._known.setdefault(part, kind)

    def _tag(self, path: tuple[str, ...]) -> str | None:
        if path in _OPEN_PATHS:
            return None
        if tuple(key for key in path if not key.isdigit()) in self._tagged:
            return tag_of(path) or "private"
        return tag_of(path)

    # --- replacing ---------------------------------------------------------------------------------------------------

    def json(self, value: Any, path: tuple[str, ...] = ()) -> Any:
        """A copy of a JSON value with pseudonyms."""
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.json(item, (*path, str(key))) for key, item in value.items()}
        if isinstance(value, list):
            return [self.json(item, (*path, "0")) for item in value]
        if isinstance(value, bool) or value is None:
            return value
        kind = self._tag(path)
        if isinstance(value, str):
            return self._string(value, kind, path)
        return self._number(value, kind, path)

    def _string(self, value: str, kind: str | None, path: tuple[str, ...]) -> str:
        if kind is not None and value:
            return self.pseudonyms.of(self._kinds.get(value, kind), value)
        inner = _json_in(value)
        if inner is not None:
            return json.dumps(self.json(inner, path), ensure_ascii=False, separators=(",", ":"))
        if len(value.split()) >= _WORDS and path not in _OPEN_PATHS:
            return self.pseudonyms.of("text", value)
        return self.text(value)

    def _number(self, value: float, kind: str | None, path: tuple[str, ...]) -> Any:
        if kind is not None:
            return self.pseudonyms.number(kind, value)
        if isinstance(value, int) and not is_moment(path) and hits(str(value)):
            return self.pseudonyms.number("phone", value)
        return value

    def text(self, text: str) -> str:
        """A text with what is found in it replaced; for texts that are not free, such as expressions and keys."""
        form = next((form for form in _forms(text) if hits(form)), text)
        pieces: list[str] = []
        at = 0
        for hit in hits(form):
            pieces += [self._words(form[at : hit.start]), self._hit(form, hit)]
            at = hit.end
        return "".join([*pieces, self._words(form[at:])])

    def constants(self, value: Any) -> Any:
        """A copy of a mapping or another constant of a configuration: only what its form gives away is replaced."""
        if isinstance(value, Mapping):
            return {key: self.constants(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.constants(item) for item in value]
        return self.text(value) if isinstance(value, str) else value

    def _hit(self, text: str, hit: Hit) -> str:
        found = text[hit.start : hit.end]
        return self.pseudonyms.of(self._kinds.get(found, hit.kind), found)

    def _words(self, text: str) -> str:
        """Replace known values that stand in a text as words."""
        return _WORD.sub(self._word, text) if self._known else text

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        bare = word.strip(".-_*#~")
        kind = self._known.get(bare)
        return word if kind is None or not bare else word.replace(bare, self.pseudonyms.of(kind, bare), 1)


def _json_in(text: str) -> Any:
    """An object or a list that a text is, or None."""
    if not text.lstrip().startswith(("{", "[")):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _forms(text: str) -> list[str]:
    """A text as it is, without percent-encoding, and with its plain digits and letters; each once."""
    decoded = unquote(text) if "%" in text else text
    return list(dict.fromkeys([text, decoded, unicodedata.normalize("NFKC", decoded)]))
