"""CONTRIBUTING's "write a destination in 15 minutes", followed to the letter."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest
from destination_actions.cli.app import build
from plugin_folders import installed
from typer.testing import CliRunner

SECTION = "## Write a destination in 15 minutes\n"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBERS = re.compile(r"\d+ checks|\d+\.\d+ s")
PACKAGE = "destination_actions_team_notes"
MODULE = Path("src", PACKAGE, "post_note.py")
CASES = Path("tests/post_note.cases.yaml")
LAST_ROW = re.compile(r"(\| `text` \|.*\n)")


class Reader:
    """Somebody who does what stands there, in a folder of their own."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self.home = home
        self.stack = stack
        self.ran: list[str] = []

    def follow(self, language: str, text: str) -> None:
        """Do what a block says."""
        if language == "python":
            MODULE.write_text(text)
        elif language == "yaml":
            CASES.write_text(CASES.read_text() + text)
        elif language == "markdown":
            readme = Path("README.md")
            readme.write_text(LAST_ROW.sub(lambda row: row[1] + text, readme.read_text()))
        else:
            for command, shown in commands(text):
                self.run(command, shown)

    def run(self, command: str, shown: list[str]) -> None:
        """Run a command; it prints what is shown for it, and fails only where that says so."""
        words = shlex.split(command)
        self.ran.append(words[0])
        if words[0] == "cd":
            os.chdir(words[1])
        elif words[0] == "pip":
            assert [".[test,static]"] == words[3:]
            self.stack.enter_context(installed(Path(), beside=self.home / "installed"))
        elif words[0] == "destinations" or find_spec(words[0]):
            self.check(shown, *ran(words))

    def check(self, shown: list[str], code: int, output: str) -> None:
        """Compare what came with what stands there."""
        printed = [NUMBERS.sub("N", line).rstrip() for line in output.splitlines()]
        assert [] == [line for line in shown if NUMBERS.sub("N", line) not in printed], output
        assert any(" 1 failed" in line for line in shown) == (code != 0), output


def commands(text: str) -> Iterator[tuple[str, list[str]]]:
    """The commands of a block, each with the lines that are shown for it."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, *shown = part.splitlines()
        yield command, shown


def ran(words: list[str]) -> tuple[int, str]:
    """Run a command of this environment; gives its exit code and what it prints. Our own runs in this process, which
    has seen nothing yet of the plugin as it is now."""
    environ = {"COLUMNS": "100", "TEAM_NOTES_API_KEY": "made-up", "PYTHONDONTWRITEBYTECODE": "1"}
    if words[0] == "destinations":
        for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
            del sys.modules[name]
        result = CliRunner().invoke(build(words[1:]), words[1:], env=environ)
        return result.exit_code, result.output
    command = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_write_a_destination(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    """Every block is done in its order, `pip install -e` by what it comes to; each command prints what is shown."""
    text = (Path(__file__).parents[2] / "CONTRIBUTING.md").read_text()
    section = text[text.index(SECTION) + len(SECTION) :].partition("\n## ")[0]
    monkeypatch.chdir(tmp_path)
    if cache := getattr(pytestconfig, "cache", None):  # it may be switched off
        monkeypatch.setenv("MYPY_CACHE_DIR", str(cache.mkdir("mypy-of-plugins")))
    with ExitStack() as stack:
        reader = Reader(tmp_path, stack)
        for block in BLOCK.finditer(section):
            reader.follow(block[1], block[2])
    assert ["destinations", "cd", "pip", "destinations", "destinations"] == reader.ran[:5]
    assert {"pytest", "mypy", "ruff"} <= set(reader.ran)
