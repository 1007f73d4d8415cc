"""Templates such as `Order {{properties.order_id}}`: text with paths between double or triple braces.

Both forms mean the same. A value is put in once and never read as a template itself. Braces that hold nothing, or a
`}`, are text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._generated import defined
from ._limits import LONG_TEXT
from ._paths import Path, Resolver, inlined, parse_path
from ._values import JS_SPACE, text_of


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
    """Give the resolver of a template's texts and paths, written as Python from numbered names alone."""
    names: dict[str, Any] = {"text_of": text_of, "pointer": pointer, "LONG_TEXT": LONG_TEXT}
    lines = ["def render(scope, frame):"]
    for number, part in enumerate(parts):
        if isinstance(part, str):
            names[f"p{number}"] = part
            continue
        variable = f"v{number}"
        lines += inlined(part, f"p{number}", variable, names)
        lines += [f"    if type({variable}) is not str:", f"        {variable} = text_of({variable}, frame, pointer)"]
    pieces = [f"{{p{number}}}" if isinstance(part, str) else f"{{v{number}}}" for number, part in enumerate(parts)]
    lines += [f"    text = f'{''.join(pieces)}'"]
    lines += ["    return text if len(text) <= LONG_TEXT else frame.spend_on(text, pointer)"]
    render: Resolver = defined("\n".join(lines), "render", names)
    return render
