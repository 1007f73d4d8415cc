"""Changes of files below folders, as a stream."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Final

LOOK_EVERY: Final = 0.3
"""Seconds between two looks."""

ENDINGS: Final = frozenset({".py", ".yaml", ".yml", ".json"})
"""What code, cases and configurations are written in."""

_PASSED_OVER: Final = frozenset({"node_modules", "venv", "build", "dist", "__pycache__"})


def changes(folders: Collection[Path], pause: Callable[[float], object] = time.sleep) -> Iterator[list[Path]]:
    """Give the files that came, went or changed since this was called, and then since the last look.

    `pause` waits between two looks.
    """
    return _changes(folders, pause, _stamps(folders))


def _changes(
    folders: Collection[Path], pause: Callable[[float], object], seen: dict[Path, tuple[int, int]]
) -> Iterator[list[Path]]:
    while True:
        pause(LOOK_EVERY)
        now = _stamps(folders)
        changed = sorted(path for path in seen.keys() | now.keys() if seen.get(path) != now.get(path))
        seen = now
        if changed:
            yield changed


def _stamps(folders: Collection[Path]) -> dict[Path, tuple[int, int]]:
    """When each file was changed, and its size."""
    found: dict[Path, tuple[int, int]] = {}
    for path in (path for folder in folders for path in _files(folder)):
        try:
            state = path.stat()
        except OSError:
            continue
        found[path] = (state.st_mtime_ns, state.st_size)
    return found


def _files(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name in _PASSED_OVER:
            continue
        if entry.is_dir() and not entry.is_symlink():
            yield from _files(entry)
        elif entry.suffix in ENDINGS:
            yield entry
