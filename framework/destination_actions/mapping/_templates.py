"""Templates such as `Order {{properties.order_id}}`: text with paths between double or triple braces.

Both forms mean the same. A value is put in once and never read as a template itself. Braces that hold nothing, or a
`}`, are text.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from ._generated import Code, resolver_of
from ._paths import Path, Resolver, parse_path
from ._values import JS_SPACE


def parse_template(text: str) -> list[str | Path]:
    """Read a template as its texts and paths, in order. Takes time in proportion to the text."""
    parts: list[str | Path] = []
    for literal, path in _placeholders(text, 3):
        parts += _double(literal)
        parts += [] if path is None else [_path(path)]
    return [part for part in parts if part != ""]


def _double(text: str) -> Iterator[str | Path]:
    for literal, path in _placeholders(text, 2):
        yield literal
        if path is not None:
            yield _path(path)


def _path(text: str) -> Path:
    return parse_path(text.strip(JS_SPACE))


def _placeholders(text: str, braces: int) -> Iterator[tuple[str, str | None]]:
    """Give each run of text and the path that follows it, None at the end; a path has characters, and no `}`."""
    opening, closing = "{" * braces, "}" * braces
    begin = at = 0
    while (close := text.find("}", at)) >= 0:
        open_at = text.find(opening, at, close)
        if open_at >= 0 and close - open_at > braces and text.startswith(closing, close):
            yield text[begin:open_at], text[open_at + braces : close]
            begin = at = close + braces
        else:
            at = close + 1
    yield text[begin:], None


def template_resolver(parts: list[str | Resolver], pointer: str) -> Resolver:
    """Give the resolver of a template's texts and paths, written as Python."""
    return resolver_of(partial(_template, parts, pointer))


def _template(parts: list[str | Resolver], pointer: str, code: Code, text: str) -> None:
    pieces = []
    for part in parts:
        if isinstance(part, str):
            pieces.append(f"{{{code.bind(part)}}}")
            continue
        value = code.variable()
        code.put(part, value)
        code.text(value, pointer)
        pieces.append(f"{{{value}}}")
    code.line(f"{text} = f'{''.join(pieces)}'")
    code.spend_on(text, pointer)
