"""`${env:NAME}` and `${file:PATH}` in settings: one pass, and what is put in is not looked at again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from destination_actions.config.files import read_limited
from destination_actions.config.nodes import escape
from destination_actions.events import Json

MAX_SECRET: Final = 64 * 1024
"""Bytes of a file that `${file:PATH}` names."""

_REFERENCE: Final = re.compile(r"\$\{(?P<kind>env|file):(?P<name>[^{}]*)\}")


class Unresolved(Exception):  # noqa: N818 - becomes a finding with a place
    """A reference that leads nowhere: what is wrong, and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Sources:
    """Where references lead: the environment, and the folder that relative paths start from."""

    environ: Mapping[str, str]
    folder: Path

    def resolve(self, text: str) -> str:
        """Replace every reference in a text; raises `Unresolved` for the first that leads nowhere."""
        return _REFERENCE.sub(self._one, text)

    def _one(self, match: re.Match[str]) -> str:
        return self._variable(match["name"]) if match["kind"] == "env" else self._file(match["name"])

    def _variable(self, name: str) -> str:
        value = self.environ.get(name)
        if value is None:
            hint = f'set it, as in: export {name}="..."' if name else "write it as ${env:NAME}"
            raise Unresolved(f'environment variable "{name}" is not set', hint)
        return value

    def _file(self, name: str) -> str:
        path = self.folder / name
        try:
            content = read_limited(path, MAX_SECRET)
            text = content.decode()
        except UnicodeDecodeError:
            raise Unresolved(f'file "{path}" is not UTF-8 text', "keep one secret in one text file") from None
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            hint = f'relative paths start at "{self.folder}"'
            raise Unresolved(f'file "{path}" cannot be read: {reason}', hint) from None
        if len(content) > MAX_SECRET:
            raise Unresolved(f'file "{path}" is larger than 64 KB', "keep one secret in one text file")
        return text.removesuffix("\n").removesuffix("\r")


def substituted(value: Json, sources: Sources, pointer: str, fail: Callable[[str, Unresolved], None]) -> Json:
    """A copy of a JSON value with its references replaced; `fail` is told of each that leads nowhere."""
    if isinstance(value, str):
        try:
            return sources.resolve(value)
        except Unresolved as problem:
            fail(pointer, problem)
            return value
    if isinstance(value, dict):
        below = {key: f"{pointer}/{escape(key)}" for key in value}
        return {key: substituted(item, sources, below[key], fail) for key, item in value.items()}
    if isinstance(value, list):
        return [substituted(item, sources, f"{pointer}/{i}", fail) for i, item in enumerate(value)]
    return value


def references(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Every reference in a JSON value, as pointer and text."""
    if isinstance(value, str):
        yield from ((pointer, match[0]) for match in _REFERENCE.finditer(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from references(item, f"{pointer}/{escape(str(key))}")
    elif isinstance(value, list | tuple):
        for i, item in enumerate(value):
            yield from references(item, f"{pointer}/{i}")
