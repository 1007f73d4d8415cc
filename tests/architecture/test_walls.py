"""The walls between the rooms stand, and a breach is seen."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORK = ROOT / "framework" / "destination_actions"
DESTINATIONS = sorted((ROOT / "destinations").glob("*/src/*"))


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the framework and the destinations below `tree`."""
    sources = [tree / "framework", *(tree / "destinations").glob("*/src")]
    environ = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, sources))}
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    return subprocess.run(command, cwd=tree, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the sources, to plant a violation in."""
    for part in ("framework", "destinations"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    return tmp_path


def test_the_contracts_are_kept() -> None:
    """Every room imports only what lies below it."""
    done = lint_imports(ROOT)
    assert 0 == done.returncode, done.stdout


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("mapping", "import sqlite3"),
        ("fields", "from destination_actions import mapping"),
        ("context.py", "from destination_actions import runtime"),
        ("runtime", "import destination_actions_twilio_studio"),
    ],
)
def test_a_planted_violation_is_seen(copy: Path, room: str, line: str) -> None:
    """One forbidden import breaks the contracts."""
    place = copy / "framework" / "destination_actions" / room
    place = place if place.suffix else place / "planted.py"
    place.write_text((place.read_text() if place.exists() else '"""Planted."""\n') + f"\n{line}\n")
    done = lint_imports(copy)
    assert 1 == done.returncode, done.stdout
    assert "BROKEN" in done.stdout


def test_a_new_room_needs_a_place_among_the_layers(copy: Path) -> None:
    """A module that no layer names breaks the contracts."""
    (copy / "framework" / "destination_actions" / "attic.py").write_text('"""Planted."""\n')
    done = lint_imports(copy)
    assert 0 != done.returncode
    assert "attic" in done.stdout + done.stderr


def imports_of(path: Path) -> Iterator[str]:
    """Every module that a file imports, relative ones left out."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


@pytest.mark.parametrize("package", DESTINATIONS, ids=lambda path: path.name)
def test_a_destination_uses_only_the_public_surface(package: Path) -> None:
    """A destination imports the package root and `destination_actions.testing`, and no room behind them."""
    used = {name for path in package.rglob("*.py") for name in imports_of(path)}
    inside = {name for name in used if name == "destination_actions" or name.startswith("destination_actions.")}
    assert set() == inside - {"destination_actions", "destination_actions.testing"}


def functions() -> Iterator[tuple[str, int]]:
    """Every function of the framework and the destinations with the number of lines of its body."""
    for path in sorted([*FRAMEWORK.rglob("*.py"), *(p for d in DESTINATIONS for p in d.rglob("*.py"))]):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.name}:{node.name}", (node.end_lineno or node.lineno) - node.body[0].lineno + 1


def test_functions_are_short() -> None:
    """The median function has at most 8 lines, nine in ten have at most 30, and none passes 60."""
    lengths = sorted(length for _, length in functions())
    assert 8 >= lengths[len(lengths) // 2]
    assert 30 >= lengths[len(lengths) * 9 // 10]
    assert [] == [(name, length) for name, length in functions() if length > 60]
