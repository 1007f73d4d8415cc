"""Python source as formatters leave it: values, calls and imports, on one line where they fit and else exploded."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

WIDTH: Final = 120


@dataclass(frozen=True, slots=True)
class Group:
    """Something in brackets: `head` is all up to the opening one, such as `Origin(` or `url={`."""

    head: str
    items: tuple[Code, ...]
    close: str


Code: TypeAlias = "str | Group"
"""Source text without line breaks, or a group that may be broken up."""


def call(head: str, arguments: Iterable[Code]) -> Group:
    """A call; `head` names what is called, with whatever stands before that."""
    return Group(f"{head}(", tuple(arguments), ")")


def laid_out(code: Code, indent: int = 0, *, ends: str = "") -> str:
    """The source of a statement or an argument at this indentation, followed by `ends`."""
    line = " " * indent + one_line(code) + ends
    if isinstance(code, str) or not code.items or len(line) <= WIDTH:
        return line
    items = [laid_out(item, indent + 4, ends=",") for item in code.items]
    return "\n".join([" " * indent + code.head, *items, " " * indent + code.close.lstrip(",") + ends])


def one_line(code: Code) -> str:
    """The source on one line, however long."""
    if isinstance(code, str):
        return code
    return code.head + ", ".join(map(one_line, code.items)) + code.close


def with_head(head: str, code: Code) -> Code:
    """The same with something before it, such as a keyword and `=`."""
    return head + code if isinstance(code, str) else Group(head + code.head, code.items, code.close)


def literal(value: Any) -> Code:
    """A JSON value as Python."""
    if isinstance(value, Mapping):
        return Group("{", tuple(with_head(f"{one_line(literal(k))}: ", literal(v)) for k, v in value.items()), "}")
    if isinstance(value, list | tuple):
        return Group("[", tuple(map(literal, value)), "]")
    return quoted(value) if isinstance(value, str) else repr(value)


def quoted(text: str) -> str:
    """A text in the quotes that need fewer escapes, double ones where both do."""
    single = repr('"' + text)[2:-1]
    if text.count('"') > text.count("'"):
        return f"'{single}'"
    inner = re.sub(r"\\(.)", lambda m: "'" if m[1] == "'" else m[0], single).replace('"', '\\"')
    return f'"{inner}"'


def imported(module: str, names: Iterable[str]) -> str:
    """A `from` import in the order of isort: constants, classes, then functions."""
    ordered = sorted(set(names), key=lambda name: (_kind(name), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return laid_out(Group(f"from {module} import (", tuple(ordered), ")"))


def _kind(name: str) -> int:
    if len(name) > 1 and name.isupper():
        return 0
    return 1 if name[:1].isupper() else 2


def module(docstring: str, imports: Sequence[Sequence[str]], *parts: str) -> str:
    """A module: its docstring, groups of imports, and its parts, two empty lines between functions and classes."""
    head = [f'"""{prose(docstring)}"""', "from __future__ import annotations"]
    head += ["\n".join(group) for group in imports if group]
    text = "\n\n".join(head)
    for part in parts:
        apart = "\n\n\n" if part.startswith(("class ", "def ", "async def ", "@")) or _ends_a_block(text) else "\n\n"
        text += apart + part
    return text + "\n"


def _ends_a_block(text: str) -> bool:
    """Whether the last line stands within a function or a class."""
    last = text.rpartition("\n")[2]
    return last.startswith("    ")


def lowered(text: str) -> str:
    """A sentence as a part of another one."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[:2] == "A " else text


def prose(text: str) -> str:
    """A text that can stand between three double quotes."""
    return " ".join(text.replace("\\", "/").replace('"', "'").split())
