"""Finding case files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from destination_actions.errors import ConfigurationError

ENDINGS: Final = (".cases.yaml", ".cases.yml", ".cases.json")
"""How the names of case files end."""

_PASSED_OVER: Final = frozenset({"node_modules", "venv", "build", "dist", "__pycache__"})


def case_files(paths: Iterable[Path]) -> list[Path]:
    """The case files among `paths` and in the folders among them, each once, sorted within a folder.

    Hidden folders and those of tools are passed over. Raises `ConfigurationError` for a path that is not there, for a
    file that is named and no case file, and when there is none at all.
    """
    listed = list(paths)
    found = list(dict.fromkeys(file for path in listed for file in _files(path)))
    if not found:
        named = ", ".join(f'"{path}"' for path in listed)
        hint = f"case files end in {', '.join(ENDINGS)}"
        raise ConfigurationError(f"no case file in {named}", hint=hint)
    return found


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(_below(path))
    elif not path.exists():
        raise ConfigurationError(f'there is no file or folder "{path}"')
    elif path.name.endswith(ENDINGS):
        yield path
    else:
        raise ConfigurationError(f'"{path}" is no case file', hint=f"case files end in {', '.join(ENDINGS)}")


def _below(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.name.startswith(".") or entry.name in _PASSED_OVER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _below(entry)
        elif entry.name.endswith(ENDINGS):
            yield entry
