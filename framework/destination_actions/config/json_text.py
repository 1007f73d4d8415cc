"""JSON as a tree of positions. orjson says whether a text is JSON; this only finds where its values stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import orjson

from destination_actions.config.nodes import MAX_DEPTH, Findings, Node
from destination_actions.events import Json

_TOKEN: Final = re.compile(r'\s*(?:([{}\[\],:])|("(?:[^"\\]|\\.)*")|([^\s{}\[\],:"]+))')
_WORDS: Final[dict[str, Json]] = {"true": True, "false": False, "null": None}


def read_json(text: str, findings: Findings) -> Node:
    """Parse one JSON text; a syntax error is raised."""
    if not text.strip():
        raise findings.error("the file is empty", 1, 1, hint='it needs at least {"destinations": {}}')
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise findings.error(f"not JSON: {error.msg}", error.lineno, error.colno) from None
    return _Reader(text, findings, _line_starts(text)).node(0)


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer(r"\r\n|\r|\n", text))]


@dataclass(slots=True)
class _Reader:
    """Walks a text that is known to be JSON."""

    text: str
    findings: Findings
    starts: list[int]
    offset: int = 0
    line: int = 0

    def token(self) -> tuple[str, int, int]:
        """The next token with its line and column."""
        match = _TOKEN.match(self.text, self.offset)
        if match is None:  # orjson has accepted the text, so there is a token wherever one is asked for
            raise self.findings.error("not JSON", None, None)
        self.offset = match.end()
        start = match.start(match.lastindex or 0)
        while self.line + 1 < len(self.starts) and self.starts[self.line + 1] <= start:
            self.line += 1
        return match[match.lastindex or 0], self.line + 1, start - self.starts[self.line] + 1

    def node(self, depth: int, token: tuple[str, int, int] | None = None) -> Node:
        """One value with everything under it."""
        text, line, column = token or self.token()
        if depth > MAX_DEPTH:
            raise self.findings.error(f"the configuration is deeper than {MAX_DEPTH} levels", line, column)
        if text == "{":
            return Node(line, column, pairs=self.pairs(depth))
        if text == "[":
            return Node(line, column, items=self.items(depth))
        return Node(line, column, scalar=_scalar(text))

    def items(self, depth: int) -> tuple[Node, ...]:
        """The values of a list."""
        items: list[Node] = []
        while (token := self.token())[0] != "]":
            if token[0] != ",":
                items.append(self.node(depth + 1, token))
        return tuple(items)

    def pairs(self, depth: int) -> tuple[tuple[Node, Node], ...]:
        """The keys and values of an object."""
        pairs: list[tuple[Node, Node]] = []
        while (token := self.token())[0] != "}":
            if token[0] == ",":
                continue
            key = Node(token[1], token[2], scalar=_scalar(token[0]))
            self.token()
            pairs.append((key, self.node(depth + 1)))
        return tuple(pairs)


def _scalar(text: str) -> Json:
    if text in _WORDS:
        return _WORDS[text]
    value: Json = orjson.loads(text)
    return value
