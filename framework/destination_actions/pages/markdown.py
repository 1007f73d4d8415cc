"""Small pieces of Markdown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]<>|#])")


def text(words: str) -> str:
    """Give plain text so that nothing in it is markup."""
    return _SPECIAL.sub(r"\\\1", words)


def code(words: object) -> str:
    """Give text as code, whatever backticks it holds."""
    shown = str(words).replace("\n", " ")
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{space}{shown}{space}{fence}"


def value(one: Any) -> str:
    """Give a JSON value as code."""
    return code(json.dumps(one, ensure_ascii=False))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Give a table; cells are Markdown already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(words: str) -> str:
    """A cell on one line; a bar within it would end it, even in code."""
    return re.sub(r"(?<!\\)\|", r"\\|", words.replace("\n", " "))


def block(language: str, words: str) -> str:
    """Give a fenced block."""
    return f"```{language}\n{words.rstrip()}\n```"


def sentence(words: str) -> str:
    """End with a full stop."""
    return words if not words or words.endswith((".", ":", "!", "?", ")")) else f"{words}."
