"""Where Segment would read an expression otherwise than we do: the warnings of `destinations check`.

Two things are compared: the tree that Segment's parser makes of the text (`segment_reading`), and clauses that both
read alike but Segment evaluates otherwise. Each finding carries the id of its row in `docs/compatibility.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from destination_actions.errors import SubscriptionError
from destination_actions.subscriptions.format import format_condition
from destination_actions.subscriptions.functions import FUNCTIONS
from destination_actions.subscriptions.lexer import Token, tokens
from destination_actions.subscriptions.nodes import Condition, decimal
from destination_actions.subscriptions.parser import QUANTIFIERS, parse
from destination_actions.subscriptions.segment_reading import segment_reading
from destination_actions.subscriptions.segment_tree import condition_from_segment

SEGMENT_FIELDS: Final = frozenset({"type", "event", "name", "userId", "properties", "traits", "context"})
TEXT_FIELDS: Final = frozenset({"type", "event", "name", "userId"})
_OBJECTS: Final = SEGMENT_FIELDS - TEXT_FIELDS
_ORDER: Final = frozenset({"<", "<=", ">", ">="})
_SIGNS: Final = _ORDER | {"=", "!="}


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the readings differ: the row's id, the position from 1, the words, and both readings."""

    rule: str
    line: int
    column: int
    text: str
    segment: str
    here: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"line {self.line}, column {self.column}: `{self.text}`: Segment {self.segment}; here {self.here}"


@dataclass(frozen=True, slots=True)
class _Finding:
    rule: str
    token: Token
    segment: str
    here: str


def segment_differences(text: str) -> tuple[Difference, ...]:
    """Give the places where Segment would have behaved differently, in order.

    Raises `SubscriptionError` as compiling does. Where nothing is found, Segment's result is the same on every event
    whose paths lead through objects.
    """
    condition, words = parse(text), tokens(text)
    findings = [found for check in _MEANING for found in check(words)]
    reading = _reading(text)
    if reading != condition:
        shape = [found for check in _SHAPE for found in check(words)]
        findings += shape or [_whole(words[0], condition, text)]
        findings.append(_summary(words[0], reading, condition))
    findings.sort(key=lambda found: found.token.start)
    return tuple(dict.fromkeys(_placed(text, found) for found in findings))


def _placed(text: str, found: _Finding) -> Difference:
    before = text[: found.token.start]
    column = found.token.start - (before.rfind("\n") + 1) + 1
    return Difference(found.rule, before.count("\n") + 1, column, found.token.raw, found.segment, found.here)


def _reading(text: str) -> Condition | str:
    tree = segment_reading(text)
    if tree is None:
        return "finds an error, and the subscription never triggers"
    try:
        return condition_from_segment(tree)
    except SubscriptionError:
        return "makes a condition that means nothing"


def _whole(token: Token, condition: Condition, text: str) -> _Finding:
    return _Finding("fql-superset", token, "reads other conditions", f"`{text}` means `{format_condition(condition)}`")


def _summary(token: Token, reading: Condition | str, condition: Condition) -> _Finding:
    theirs = reading if isinstance(reading, str) else f"reads the whole as `{format_condition(reading)}`"
    return _Finding("fql-reading", token, theirs, f"it is `{format_condition(condition)}`")


def _mixed(words: list[Token]) -> Iterator[_Finding]:
    """Find `and` and `or` side by side in one pair of parentheses."""
    seen: list[str | int | float] = [""]
    for word in words:
        if word.value == "(" and word.kind == "symbol":
            seen.append("")
        elif word.value == ")" and word.kind == "symbol" and len(seen) > 1:
            seen.pop()
        elif word.kind == "keyword" and word.value in ("and", "or"):
            if seen[-1] not in ("", word.value):
                last = "joins the whole group with its last `and` or `or`"
                yield _Finding("fql-precedence", word, last, "`and` binds tighter than `or`")
            seen[-1] = word.value


def _nested(words: list[Token]) -> Iterator[_Finding]:
    """Find parentheses inside parentheses, those of functions too."""
    depth = 0
    for before, word in zip([None, *words], words, strict=False):
        if word.kind == "symbol" and word.value == "(":
            depth += 1
            if depth > 1:
                function = before is not None and before.bare
                there = "ends the group at the first `)`" if function else "finds an error in nested parentheses"
                yield _Finding("fql-nesting", word, there, "parentheses nest")
        elif word.kind == "symbol" and word.value == ")":
            depth -= 1


def _signs(words: list[Token]) -> Iterator[_Finding]:
    """Find negations and words that Segment does not see."""
    for word, after in pairwise(words):
        test = after.bare and after.keys[0] in ("contains", "match") and after.start == word.end
        if word.kind == "symbol" and word.value == "!" and not test:
            yield _Finding("fql-words", word, "drops this `!`, or finds an error", "it negates what follows")
        elif word.kind == "keyword" and word.value == "not":
            yield _Finding("fql-words", word, "drops `not`", "it negates what follows")
        elif word.kind == "keyword" and word.raw != word.value:
            yield _Finding("fql-words", word, f"does not know {word.raw}", f"it is `{word.value}`")
        elif word.kind == "keyword" and word.value in ("and", "or") and after.start == word.end:
            yield _Finding("fql-words", word, f"drops `{word.raw}` without a space after it", "it joins")


def _beyond(words: list[Token]) -> Iterator[_Finding]:
    """Find what is not in Segment's language at all."""
    for word, after in pairwise(words):
        if word.kind == "keyword" and word.value == "in":
            yield _Finding("fql-superset", word, "has no `in`", "one of the list")
        elif word.bare and after.value == "(" and word.keys[0] in {*FUNCTIONS, *QUANTIFIERS} - {"contains", "match"}:
            yield _Finding("fql-superset", word, f"has no {word.raw}()", "the function is applied")
        elif word.kind == "path" and after.value != "(" and not _known(word):
            yield _Finding("fql-superset", word, "cannot address this", "any path can be read")


def _known(word: Token) -> bool:
    return not word.root and word.keys[0] in SEGMENT_FIELDS


def _paths(words: list[Token]) -> Iterator[_Finding]:
    for word in words:
        if word.kind == "path" and _known(word):
            if len(word.keys) == 1 and word.keys[0] in _OBJECTS:
                there = f"reads {word.raw}.{word.raw}"
                yield _Finding("fql-paths", word, there, "it is the whole object")
            elif len(word.keys) > 1 and word.keys[0] in TEXT_FIELDS:
                yield _Finding("fql-paths", word, f"reads {word.keys[0]}", "it is the member inside")
            elif any("." in key or "[" in key for key in word.keys):
                yield _Finding("fql-paths", word, "splits the key at its dots", "it is one key")


def _texts(words: list[Token]) -> Iterator[_Finding]:
    for word in words:
        if word.kind == "text" and word.raw[0] == "'":
            yield _Finding("fql-strings", word, "takes the quotes for a part of the text", "quotes only enclose")
        elif word.kind == "text" and "\\" in word.raw and word.value != word.raw[1:-1]:
            yield _Finding("fql-strings", word, "knows no escapes", "a backslash escapes")


def _spaces(words: list[Token]) -> Iterator[_Finding]:
    for before, word in pairwise(words):
        touching = word.start == before.end
        if before.kind == "symbol" and before.value in _SIGNS - {"=", "<", ">"} and touching:
            yield _Finding("fql-spacing", before, "needs a space after this sign", "spaces are free")
        elif touching and word.kind == "symbol" and word.value in _ORDER and before.kind == "path":
            yield _Finding("fql-spacing", word, "finds an error without a space before", "spaces are free")
        elif touching and before.kind == "text" and word.kind in ("keyword", "path", "text"):
            yield _Finding("fql-spacing", word, "needs a space after a text", "spaces are free")


def _typed(words: list[Token]) -> Iterator[_Finding]:
    """Find numbers, booleans and null beside fields that Segment compares as text."""
    for path, sign, value in zip(words, words[1:], words[2:], strict=False):
        compared = path.kind == "path" and _first(path) in TEXT_FIELDS and sign.value in ("=", "!=")
        if compared and (value.kind == "number" or (value.kind == "keyword" and not _null_known(path, sign, value))):
            there = f'compares with the text "{value.raw}"'
            yield _Finding("fql-typed-fields", value, there, "type and value must be equal")


def _first(path: Token) -> str:
    return path.keys[0] if path.keys and not path.root else ""


def _null_known(path: Token, sign: Token, value: Token) -> bool:
    if path.keys[0] == "userId":
        return value.value == "null" or sign.value == "="
    return path.keys[0] == "name" and value.value == "null"


def _numbers(words: list[Token]) -> Iterator[_Finding]:
    for word in words:
        if word.kind == "number" and ("e" in word.raw.lower() or word.raw.lstrip("+-")[0] == "."):
            yield _Finding("fql-numbers", word, "reads other digits", f"it is {word.value}")
        elif word.kind == "number" and isinstance(word.value, int) and abs(word.value) > 2**53:
            yield _Finding("fql-numbers", word, f"rounds it to {int(float(word.value))}", "every digit counts")


def _unequal(words: list[Token]) -> Iterator[_Finding]:
    """Find `!=` where Segment's is no exact negation."""
    for path, sign, value in zip(words, words[1:], words[2:], strict=False):
        if sign.kind == "symbol" and sign.value == "!=" and _first(path) not in TEXT_FIELDS:
            if value.kind == "number":
                there = "is false where no number is found"
                yield _Finding("fql-not-equal", sign, there, "`!=` is true whenever `=` is false")
            elif value.kind == "keyword" and value.value in ("true", "false"):
                there = f'compares with the text "{value.value}", so the boolean is unequal'
                yield _Finding("fql-not-equal", sign, there, "`!=` is true whenever `=` is false")


def _negated(words: list[Token]) -> Iterator[_Finding]:
    for sign, name in pairwise(words):
        if sign.value == "!" and name.bare and name.keys[0] in ("contains", "match"):
            there = "is false where no text is found"
            yield _Finding("fql-negated-functions", sign, there, "`!` is true whenever the function is false")


def _patterns(words: list[Token]) -> Iterator[_Finding]:
    for place, word in enumerate(words):
        if word.bare and word.keys[0] == "match" and words[place + 1].value == "(":
            pattern = next((word for word in words[place + 2 :] if word.kind in ("text", "number", "keyword")), None)
            if pattern and not _plain_pattern(str(pattern.value)):
                there = (
                    "cuts the first character and compares the end"
                    if not _prefix(pattern)
                    else "takes all but * literally"
                )
                yield _Finding("fql-match", pattern, there, "the pattern fits the whole text")


def _prefix(pattern: Token) -> bool:
    return str(pattern.value).endswith("*")


def _plain_pattern(pattern: str) -> bool:
    """Tell a pattern with one star, at the beginning or the end, and nothing else that is special."""
    rest = pattern[:-1] if pattern.endswith("*") else pattern[1:] if pattern.startswith("*") else "*"
    return not set(rest) & set("*?[]\\")


def _orders(words: list[Token]) -> Iterator[_Finding]:
    for sign, value in pairwise(words):
        if sign.kind == "symbol" and sign.value in _ORDER and _made_number(value):
            there = "takes it for a number"
            yield _Finding("fql-order", value, there, "only a number has an order, so the clause is false")


def _made_number(value: Token) -> bool:
    if value.kind == "keyword":
        return value.value in ("true", "false")
    text = str(value.value)
    odd = not text.strip() or text.strip()[:2].lower() in ("0x", "0b", "0o")
    return value.kind == "text" and odd and decimal(text) is None


_Check = Callable[[list[Token]], Iterator[_Finding]]
_MEANING: Final[tuple[_Check, ...]] = (_unequal, _negated, _orders)
"""What both read alike and Segment evaluates otherwise."""
_SHAPE: Final[tuple[_Check, ...]] = (
    *(_mixed, _nested, _signs, _beyond, _paths, _texts, _spaces, _typed, _numbers, _patterns),
)
"""What may make the readings differ."""
