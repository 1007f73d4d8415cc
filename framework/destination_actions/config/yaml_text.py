"""YAML as a tree of positions: JSON's types only, read from parser events so that no text can exhaust the parser.

PyYAML reads YAML 1.1, where `no` is false, `12:30` is 750 and `010` is 8. A configuration means what it looks like
instead: only `true` and `false` are booleans, and a number that would lose its sign or a leading zero is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, Final

import yaml

from destination_actions.config.nodes import MAX_DEPTH, MAX_NODES, Findings, Node, in_settings
from destination_actions.events import Json

MAX_ALIASES: Final = 1_000

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STR: Final = "tag:yaml.org,2002:str"
_PLAIN_WORDS: Final[dict[str, Json]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_INT: Final = re.compile(r"[-+]?[0-9]+")
_FLOAT: Final = re.compile(
    r"[-+]?(?:(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?|\.(?:inf|Inf|INF|nan|NaN|NAN))"
)


def read_yaml(text: str, findings: Findings) -> Node:
    """Parse one YAML document; a syntax error is raised, a doubtful value becomes a finding."""
    try:
        return _Reader(findings, yaml.parse(text, Loader=_LOADER)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        problem = error.problem or error.context or "cannot be read"
        raise findings.error(f"not YAML: {problem}", line, column, hint=_hint(text, line, column)) from None
    except yaml.YAMLError as error:
        raise findings.error(f"not YAML: {str(error).splitlines()[0]}", None, None) from None


def _hint(text: str, line: int | None, column: int | None) -> str | None:
    """What to do at a place where YAML stops, when that is one of the usual slips."""
    lines = text.splitlines()
    if line is None or column is None or line > len(lines):
        return None
    rest = lines[line - 1][column - 1 :]
    if rest[:1] in {"@", "`"}:
        return f"put a text that begins with {rest[0]} in quotes"
    if rest[:1] == "\t":
        return "indent with spaces; YAML does not take tabs"
    if rest[:1] == ":":
        return "put a text that holds a colon in quotes"
    return None


@dataclass(slots=True)
class _Reader:
    """Builds nodes from parser events, bounded in depth and in number."""

    findings: Findings
    events: Iterator[Any]
    anchors: dict[str, Node] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    nodes: int = 0
    aliases: int = 0

    def document(self) -> Node:
        """The one document of the text."""
        next(self.events)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise self.findings.error("the file is empty", 1, 1, hint='it needs at least "destinations:"')
        root = self.node(next(self.events), 0)
        next(self.events)
        after = next(self.events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self.fail("a second document starts here", after, "keep one document in one file")
        return root

    def fail(self, message: str, event: Any, hint: str | None = None) -> Exception:
        """An error at an event's position."""
        return self.findings.error(message, event.start_mark.line + 1, event.start_mark.column + 1, hint=hint)

    def node(self, event: Any, depth: int) -> Node:
        """One value with everything under it."""
        before = self.nodes
        self.count(1, event, depth)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        node = self.fresh(event, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
            self.sizes[event.anchor] = self.nodes - before
        return node

    def count(self, nodes: int, event: Any, depth: int) -> None:
        """Keep the limits."""
        self.nodes += nodes
        if depth > MAX_DEPTH:
            raise self.fail(f"the configuration is deeper than {MAX_DEPTH} levels", event)
        if self.nodes > MAX_NODES:
            raise self.fail(f"the configuration is larger than {MAX_NODES} values, aliases included", event)

    def alias(self, event: Any) -> Node:
        """What an alias stands for; it counts as often as it is used."""
        self.aliases += 1
        node = self.anchors.get(event.anchor)
        if node is None:
            raise self.fail(f'alias "*{event.anchor}" has no anchor before it', event)
        if self.aliases > MAX_ALIASES:
            raise self.fail(f"more than {MAX_ALIASES} aliases", event)
        self.count(self.sizes[event.anchor], event, 0)
        return node

    def fresh(self, event: Any, depth: int) -> Node:
        """A value written out at its place."""
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if isinstance(event, yaml.ScalarEvent):
            return Node(line, column, scalar=self.scalar(event, line, column))
        if event.tag is not None and event.tag not in {"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!"}:
            raise self.fail(f'tag "{event.tag}" is not allowed', event, "write plain values")
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(line, column, items=tuple(self.until(yaml.SequenceEndEvent, depth)))
        return Node(line, column, pairs=self.pairs(depth))

    def until(self, end: type[Any], depth: int) -> Iterator[Node]:
        """The nodes up to the end of this collection."""
        while not isinstance(event := next(self.events), end):
            yield self.node(event, depth + 1)

    def pairs(self, depth: int) -> tuple[tuple[Node, Node], ...]:
        """Keys and values of an object; `<<` adds the pairs of others that are not given here."""
        own: list[tuple[Node, Node]] = []
        merges: list[tuple[Node, Node]] = []
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key, merge = self.key(event)
            self.path.append(str(key.scalar))
            (merges if merge else own).append((key, self.node(next(self.events), depth + 1)))
            self.path.pop()
        names = {key.scalar for key, _ in own}
        for key, value in merges:
            own += self.merged(key, value, names)
        return tuple(own)

    def key(self, event: Any) -> tuple[Node, bool]:
        """A key, always as the text that stands there (`404:` and `on:` are names); and whether it is a merge key."""
        if not isinstance(event, yaml.ScalarEvent):
            raise self.fail("a key must be text", event)
        self.count(1, event, 0)
        mark: Any = event.start_mark
        return Node(mark.line + 1, mark.column + 1, scalar=event.value), event.value == "<<" and event.implicit[0]

    def merged(self, key: Node, value: Node, names: set[Any]) -> list[tuple[Node, Node]]:
        """The pairs that a merge key adds; the first of several sources wins."""
        added: list[tuple[Node, Node]] = []
        for source in value.items if value.items is not None else (value,):
            if source.pairs is None:
                raise self.findings.error('"<<" merges objects only', key.line, key.column)
            new = [pair for pair in source.pairs if pair[0].scalar not in names]
            names.update(pair[0].scalar for pair in new)
            added += new
        return added

    def scalar(self, event: Any, line: int, column: int) -> Json:
        """The JSON value of a scalar."""
        text: str = event.value
        if event.tag not in {None, "!", _STR}:
            message = f'tag "{event.tag}" is not allowed'
            self.findings.add(message, line, column, hint="write a plain value", code="syntax")
            return text
        plain = event.tag is None and event.implicit[0]
        return self.plain(text, line, column) if plain else text

    def plain(self, text: str, line: int, column: int) -> Json:
        """The value of text without quotes."""
        if text in _PLAIN_WORDS:
            return _PLAIN_WORDS[text]
        whole = _INT.fullmatch(text)
        if not whole and not _FLOAT.fullmatch(text):
            return text
        if problem := _doubtful(text):
            shown = "a value" if in_settings(self.path) else text
            hint = "put it in quotes, as in " + _example(shown)
            self.findings.add(f"{shown} {problem}", line, column, hint=hint, code="doubtful-number")
            return text
        return int(text) if whole else float(text)


def _example(shown: str) -> str:
    return '"..."' if shown == "a value" else f'"{shown}"'


def _doubtful(text: str) -> str | None:
    """Why a number without quotes is refused: it was probably meant as text, or JSON has no such number."""
    if text.startswith("+"):
        return "is a number without quotes, and would lose its plus sign"
    if text[-1] in "fFnN":
        return "is not a JSON number"
    digits = text.lstrip("-")
    if len(digits) > 1 and digits[0] == "0" and digits.isdigit():
        return "is a number without quotes, and would lose its leading zero"
    if (digits.isdigit() and len(digits) > 18) or not isfinite(float(text)):
        return "is too large for a number"
    return None
