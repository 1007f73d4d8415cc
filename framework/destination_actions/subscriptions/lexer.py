"""Text to tokens: the spelling of the language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias
from typing import Literal as Word

from destination_actions.errors import SubscriptionError
from destination_actions.subscriptions.limits import MAX_CHARACTERS, MAX_KEYS
from destination_actions.subscriptions.nodes import decimal

Kind: TypeAlias = Word["text", "number", "path", "keyword", "symbol", "end"]
Root: TypeAlias = Word["", "$", "@"]

KEYWORDS: Final = frozenset({"and", "or", "not", "in", "null", "true", "false"})

_BLANKS: Final = " \t\r\n"
_SYMBOLS: Final = ("!=", "<=", ">=", "=", "<", ">", "!", "(", ")", "[", "]", ",")
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ESCAPES: Final = {'"': '"', "'": "'", "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}
_HEX: Final = re.compile(r"[0-9a-fA-F]{4}")
_MISTAKES: Final = {
    "===": 'write "="',
    "==": 'write "="',
    "!==": 'write "!="',
    "<>": 'write "!="',
    "=>": 'write ">="',
    "=<": 'write "<="',
    "&&": 'write "and"',
    "||": 'write "or"',
    "&": 'write "and"',
    "|": 'write "or"',
    "/*": "an expression has no comments",
    "//": "an expression has no comments",
    "--": "an expression has no comments",
    "#": "an expression has no comments",
    "\u201c": "write straight quotes",
    "\u201d": "write straight quotes",
    "\u2018": "write straight quotes",
    "\u2019": "write straight quotes",
    "\u00a0": "this is a no-break space: write an ordinary one",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word of an expression. `value` is a text, a number, a lower-case keyword or a symbol; a path has `keys`."""

    kind: Kind
    start: int
    raw: str
    value: str | int | float = ""
    root: Root = ""
    keys: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """Give the position after the token."""
        return self.start + len(self.raw)

    @property
    def single(self) -> bool:
        """Tell whether this is one word without a root: a field of the event, or plain text."""
        return self.kind == "path" and not self.root and len(self.keys) == 1

    @property
    def bare(self) -> bool:
        """Tell whether this is one word without root or escapes, so that it may name a function."""
        return self.single and self.raw == self.keys[0]


def tokens(source: str) -> list[Token]:
    """Cut a text into tokens, `end` last; raise `SubscriptionError` where none begins."""
    if len(source) > MAX_CHARACTERS:
        refuse(source, MAX_CHARACTERS, f"the expression is longer than {MAX_CHARACTERS:,} characters")
    return list(_scan(source))


def refuse(source: str, position: int, message: str, hint: str | None = None) -> NoReturn:
    """Raise the error for a position of the source, with the line and a caret under it."""
    before = source[:position]
    line = before.count("\n") + 1
    column = position - (before.rfind("\n") + 1) + 1
    raise SubscriptionError(message, line=line, column=column, hint=hint, caret=_caret(source, line, column))


def _caret(source: str, line: int, column: int) -> str:
    text = source.split("\n")[line - 1].replace("\t", " ").replace("\r", " ")
    first = max(0, column - 60)
    return f"  {text[first : first + 100]}\n  {' ' * (column - 1 - first)}^"


def _scan(source: str) -> Iterator[Token]:
    position = 0
    while True:
        while position < len(source) and source[position] in _BLANKS:
            position += 1
        token = _token(source, position)
        yield token
        if token.kind == "end":
            return
        position = token.end


def _token(source: str, start: int) -> Token:
    if start >= len(source):
        return Token("end", start, "")
    _refuse_mistake(source, start)
    first = source[start]
    if first in "\"'":
        text, end = _quoted(source, start)
        return Token("text", start, source[start:end], text)
    if first in "+-.0123456789":
        return _number(source, start)
    if first in "$@\\" or _is_word(first):
        return _path(source, start)
    for symbol in _SYMBOLS:
        if source.startswith(symbol, start):
            return Token("symbol", start, symbol, symbol)
    return refuse(source, start, f"{first!r} means nothing here")


def _refuse_mistake(source: str, start: int) -> None:
    for length in (3, 2, 1):
        hint = _MISTAKES.get(source[start : start + length])
        if hint:
            refuse(source, start, f'"{source[start : start + length]}" is not part of the language', hint)


def _is_word(character: str) -> bool:
    return character in "-$" or f"a{character}".isidentifier()


def _number(source: str, start: int) -> Token:
    found = _NUMBER.match(source, start)
    end = found.end() if found else start + 1
    after = end
    while after < len(source) and (_is_word(source[after]) or source[after] == "."):
        after += 1
    value = decimal(source[start:end])
    if value is None or after > end:
        word = source[start : max(after, end)][:40]
        refuse(source, start, f'"{word}" is not a number', 'write digits like -12.5 or 1e3, or "..." for text')
    return Token("number", start, source[start:end], value)


def _quoted(source: str, start: int) -> tuple[str, int]:
    quote, parts, position = source[start], list[str](), start + 1
    while position < len(source):
        character = source[position]
        if character == quote:
            return "".join(parts), position + 1
        text, position = _escape(source, position) if character == "\\" else (character, position + 1)
        parts.append(text)
    return refuse(source, start, f"this text has no closing {quote}", rf"inside a text write \{quote} for a quote")


def _escape(source: str, start: int) -> tuple[str, int]:
    r"""Read `\"`, `\'`, `\\`, `\n`, `\t`, `\r`, `\u0041`; any other backslash is one."""
    letter = source[start + 1 : start + 2]
    if letter == "u" and _HEX.fullmatch(source[start + 2 : start + 6]):
        return _unicode(source, start)
    if letter in _ESCAPES:
        return _ESCAPES[letter], start + 2
    return "\\", start + 1


def _unicode(source: str, start: int) -> tuple[str, int]:
    code, end = int(source[start + 2 : start + 6], 16), start + 6
    low = source[end + 2 : end + 6]
    if 0xD800 <= code < 0xDC00 and source.startswith("\\u", end) and _HEX.fullmatch(low):
        pair = 0x10000 + ((code - 0xD800) << 10) + (int(low, 16) - 0xDC00)
        if 0xDC00 <= int(low, 16) < 0xE000:
            return chr(pair), end + 6
    return chr(code), end


def _path(source: str, start: int) -> Token:
    root, keys, end = _beginning(source, start)
    if not root and "\\" not in source[start:end] and source[start:end].lower() in KEYWORDS:
        raw = source[start:end]
        return Token("keyword", start, raw, raw.lower())
    while end < len(source) and source[end] in ".[":
        key, end = _member(source, end) if source[end] == "." else _index(source, end)
        keys.append(key)
    if len(keys) > MAX_KEYS:
        refuse(source, start, f"a path has at most {MAX_KEYS} keys, this one has {len(keys)}")
    return Token("path", start, source[start:end], root=root, keys=tuple(keys))


def _beginning(source: str, start: int) -> tuple[Root, list[str], int]:
    alone = start + 1 >= len(source) or not (_is_word(source[start + 1]) or source[start + 1] == "\\")
    if source[start] == "@":
        return "@", [], start + 1
    if source[start] == "$" and alone:
        return "$", [], start + 1
    word, end = _word(source, start)
    if not word:
        refuse(source, start, "a backslash stands before the character that it keeps", "write the character after it")
    return "", [word], end


def _word(source: str, start: int) -> tuple[str, int]:
    parts, position = list[str](), start
    while position < len(source):
        character = source[position]
        if character == "\\" and position + 1 < len(source):
            position += 1
            character = source[position]
        elif not _is_word(character):
            break
        parts.append(character)
        position += 1
    return "".join(parts), position


def _member(source: str, dot: int) -> tuple[str, int]:
    if source[dot + 1 : dot + 2] in ('"', "'"):
        return _quoted(source, dot + 1)
    word, end = _word(source, dot + 1)
    if not word:
        refuse(source, dot, "a path ends in a dot", "write the next key after the dot, or remove it")
    return word, end


_INDEX: Final = re.compile(r"\[([0-9]{1,9})\]")


def _index(source: str, bracket: int) -> tuple[str, int]:
    found = _INDEX.match(source, bracket)
    if found:
        return str(int(found[1])), found.end()
    if source[bracket + 1 : bracket + 2] in ('"', "'"):
        key, end = _quoted(source, bracket + 1)
        if source[end : end + 1] == "]":
            return key, end + 1
    return refuse(source, bracket, "this is neither an index nor a key", 'write [0] or ["a key"], counting from 0')
