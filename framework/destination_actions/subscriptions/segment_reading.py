"""How Segment's parser reads a text, accidents included: only for telling an author where it differs from ours.

Written from observed behaviour (`tests/compliance/fql_parse.jsonl` holds what was observed, and a test compares). The
parser looks at tokens one by one, skips what it does not know, joins a whole group with the last `and` or `or` that it
saw, and ends a group at the first `)`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from typing import Literal as Word

from destination_actions.subscriptions.functions import number_text
from destination_actions.subscriptions.segment_tree import ROOTS

Kind: TypeAlias = Word["text", "number", "ident", "keyword", "dot", "symbol", "end"]
Tree: TypeAlias = dict[str, Any]

_TERMINATORS: Final = " \t\n,])"
_START: Final = re.compile(r"[A-Za-z_\\]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?|[+-]")
_FIELDS: Final = {keys[0]: kind for kind, keys in ROOTS.items()}
_NAMED: Final = frozenset({"properties", "traits", "context"})
_FUNCTIONS: Final = ("contains", "match")


class SegmentError(Exception):
    """Segment's parser gives an error for this text."""


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One of Segment's tokens."""

    kind: Kind
    value: Any
    start: int
    end: int


def segment_reading(text: str) -> Tree | None:
    """Give the tree that Segment's parser makes of a text, or None where it gives an error."""
    try:
        return _Parser(list(_words(text))).tree()
    except SegmentError:
        return None


def _words(text: str) -> Iterator[Lexeme]:
    place = 0
    while place < len(text):
        if text[place] in " \t\n":
            place += 1
            continue
        word = _word(text, place)
        yield word
        place = word.end
    yield Lexeme("end", "eos", place, place)


def _word(text: str, start: int) -> Lexeme:
    first = text[start]
    if first in "\"'":
        return _quoted(text, start)
    if first.isascii() and first in "+-0123456789":
        return _number(text, start)
    if _START.match(first):
        return _identifier(text, start)
    if first == ".":
        return Lexeme("dot", ".", start, start + 1)
    if first in "()[],":
        return Lexeme("symbol", first, start, start + 1)
    return _operator(text, start)


def _terminated(text: str, end: int, more: str = "") -> bool:
    return end >= len(text) or text[end] in _TERMINATORS or text[end] in more


def _quoted(text: str, start: int) -> Lexeme:
    """Single quotes stay in the value; a closing quote that no blank follows opens the next text."""
    close = text.find(text[start], start + 1)
    if close < 0:
        raise SegmentError
    value = text[start + 1 : close] if text[start] == '"' else text[start : close + 1]
    return Lexeme("text", value, start, close + 1 if _terminated(text, close + 1) else close)


def _number(text: str, start: int) -> Lexeme:
    found = _NUMBER.match(text, start)
    if found is None:
        raise SegmentError
    end = found.end()
    if text[end : end + 1] == "." and not _START.match(text[end + 1 : end + 2]):
        raise SegmentError
    return Lexeme("number", float("nan") if found[0] in "+-" else float(found[0]), start, end)


def _identifier(text: str, start: int) -> Lexeme:
    parts, place = list[str](), start
    while place < len(text) and (re.match(r"[A-Za-z0-9_-]", text[place]) or text[place] == "\\"):
        if text[place] == "\\":
            place += 1
        if place >= len(text):
            raise SegmentError
        parts.append(text[place])
        place += 1
    if not _terminated(text, place, ".(=!"):
        raise SegmentError
    value = "".join(parts)
    if value in ("and", "or", "null") and _terminated(text, place):
        return Lexeme("keyword", value, start, place)
    cut = place >= len(text) and len(value) > 1 and any(word.startswith(value) for word in ("and", "null"))
    return Lexeme("ident", value[0] if cut else value, start, place)


def _operator(text: str, start: int) -> Lexeme:
    two = text[start : start + 2]
    if two in ("!=", ">=", "<=") and _terminated(text, start + 2):
        return Lexeme("symbol", two, start, start + 2)
    if text[start] in "=<>":
        return Lexeme("symbol", text[start], start, start + 1)
    if text[start] == "!" and (two == "!(" or re.match(r"[A-Za-z_]", text[start + 1 : start + 2])):
        return Lexeme("symbol", "!", start, start + 1)
    raise SegmentError


class _Parser:
    """Reads one list of words, the whole text or what stands before the first `)` of a group."""

    def __init__(self, words: list[Lexeme]) -> None:
        self.words = words
        self.place = 0
        self.operator = "and"
        self.negated = False
        self.nodes: list[Tree | None] = []

    def tree(self) -> Tree:
        node = self.group()
        if node is None:
            raise SegmentError
        return node if node["type"] == "group" else {"type": "group", "operator": "and", "children": [node]}

    def group(self) -> Tree | None:
        while self.place < len(self.words):
            self.step(self.words[self.place])
        if len(self.nodes) < 2:
            return self.nodes[0] if self.nodes else None
        return {"type": "group", "operator": self.operator, "children": self.nodes}

    def step(self, word: Lexeme) -> None:
        self.place += 1
        negated, self.negated = self.negated, word.kind == "symbol" and word.value == "!"
        if word.kind == "ident" and word.value in _FUNCTIONS:
            self.function(word.value, negated=negated)
        elif word.kind == "ident" and word.value in _FIELDS:
            self.nodes.append(self.condition(word.value))
        elif word.kind == "ident":
            self.dotted(word.value)
        elif word.kind == "keyword" and word.value != "null":
            self.operator = word.value
        elif word.kind == "symbol" and word.value == "(":
            self.nodes.append(self.parenthesis())

    def parenthesis(self) -> Tree | None:
        rest = self.words[self.place :]
        close = next((i for i, word in enumerate(rest) if word.kind == "symbol" and word.value == ")"), None)
        if close is None:
            raise SegmentError
        self.place += close + 1
        end = Lexeme("end", "eos", rest[close].start, rest[close].start)
        return _Parser([*rest[:close], end]).group()

    def take(self) -> Lexeme:
        if self.place >= len(self.words):
            raise SegmentError
        self.place += 1
        return self.words[self.place - 1]

    def dotted(self, first: str) -> list[str]:
        names = [first]
        while self.place + 1 < len(self.words) and self.words[self.place].kind == "dot":
            if self.words[self.place + 1].kind != "ident":
                break
            names.append(self.words[self.place + 1].value)
            self.place += 2
        return names

    def value(self) -> Lexeme:
        word = self.take()
        if word.kind != "ident":
            return word
        return Lexeme("ident", ".".join(self.dotted(word.value)), word.start, word.end)

    def condition(self, field: str) -> Tree:
        names = self.dotted(field)
        word = self.value()
        operator = f'"{word.value}"' if word.kind == "text" and word.value[:1] != "'" else _text(word)
        return {**_subject(names), **_comparison(field, operator, self.value())}

    def function(self, name: str, *, negated: bool) -> None:
        self.take()
        subject = self.take()
        names = self.dotted(subject.value)
        self.take()
        operator, text = _test(name, _text(self.value()))
        self.place += 1
        if subject.value in _FIELDS and subject.value != "type":
            self.nodes.append(
                {**_subject(names), "operator": f"not_{operator}" if negated else operator, "value": text}
            )


def _subject(names: list[str]) -> Tree:
    kind = _FIELDS[names[0]]
    return {"type": kind, "name": ".".join(names[1:]) or names[0]} if names[0] in _NAMED else {"type": kind}


def _text(word: Lexeme) -> str:
    return number_text(word.value) if word.kind == "number" else str(word.value)


def _test(function: str, text: str) -> tuple[str, str]:
    if function == "contains":
        return "contains", text
    return ("starts_with", text[:-1]) if text.endswith("*") else ("ends_with", text[1:])


def _comparison(field: str, operator: str, word: Lexeme) -> Tree:
    if operator in ("=", "!=") and field not in ("type", "event"):
        special = _special(field, operator, word)
        if special:
            return special
    return {"operator": operator, "value": _value(field, word)}


def _special(field: str, operator: str, word: Lexeme) -> Tree | None:
    if word.kind == "keyword" and word.value == "null":
        return {"operator": "not_exists" if operator == "=" else "exists"}
    if word.kind == "ident" and word.value in ("true", "false") and operator == "=" and field != "name":
        return {"operator": f"is_{word.value}"}
    if word.kind == "number" and field in _NAMED:
        return {"operator": "number_equals" if operator == "=" else "number_not_equals", "value": _value(field, word)}
    return None


def _value(field: str, word: Lexeme) -> Any:
    if field in _NAMED and word.kind == "number":
        return int(word.value) if word.value == word.value // 1 else word.value
    if field in _NAMED and word.kind == "ident" and word.value in ("true", "false"):
        return word.value == "true"
    return _text(word)
