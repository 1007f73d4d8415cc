"""Plugins that are installed for one test: modules with metadata and entry points on the import path."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PRELUDE = """
from destination_actions import Accepted, Action, Destination, FieldSet, hookimpl

class Empty(FieldSet):
    pass

def perform(ctx, payload):
    return Accepted()

def made(slug, **more):
    go = Action(slug="go", title="Go", payload=Empty, perform=perform)
    return Destination(slug=slug, name=slug.title(), settings=Empty, actions=(go,), **more)

"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Install a module under entry-point names, by default one like its own; gives the origin of its first row."""
    made: list[str] = []

    def installed(module: str, source: str, *names: str, value: str | None = None) -> str:
        made.append(module)
        (tmp_path / f"{module}.py").write_text(PRELUDE + source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        points = "".join(f"{name} = {value or module}\n" for name in names or (module,))
        (info / "entry_points.txt").write_text(f"[destination_actions]\n{points}")
        monkeypatch.syspath_prepend(str(tmp_path))
        return f"{module} 1.0 ({value or module})"

    yield installed
    for name in made:
        sys.modules.pop(name, None)
