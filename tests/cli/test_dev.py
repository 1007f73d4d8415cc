"""`destinations dev`: each change of a plugin's files is answered by what it changed; the changes are given."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from destination_actions.cli.dev import watched
from destination_actions.cli.watch import LOOK_EVERY, changes
from plugin_folders import installed

Run = Callable[..., Any]
SOURCE = "src/destination_actions_acme/send_message.py"
CASES = "tests/send_message.cases.yaml"


@pytest.fixture
def plugin(destinations: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new plugin, installed from its folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert 0 == destinations("new", "Acme", "--folder", "acme").exit_code
    folder = (tmp_path / "acme").resolve()
    with installed(folder, beside=tmp_path / "installed"):
        yield folder


def edit(folder: Path, name: str, old: str, new: str) -> list[Path]:
    """Change a file; gives what a watcher would say."""
    path = folder / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return [path]


def shown(folder: Path, edits: Iterator[list[Path]], capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Watch these edits; gives what is printed for each, the first run in front."""
    capsys.readouterr()
    parts: list[str] = []

    def told() -> str:
        out = capsys.readouterr()
        return out.err + out.out

    def stream() -> Iterator[list[Path]]:
        for edited in edits:
            parts.append(told())
            yield edited

    watched("acme", folder, stream())
    return [*parts, told()]


def test_what_a_change_changed(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A changed field, a case that fails now, one that passes again, one that is new: each is named."""

    def edits() -> Iterator[list[Path]]:
        yield edit(plugin, SOURCE, "maximum=1000", "maximum=500")
        yield edit(plugin, SOURCE, "json=payload.to_json()", 'json={"text": payload.text}')
        yield edit(plugin, SOURCE, 'json={"text": payload.text}', "json=payload.to_json()")
        yield edit(plugin, CASES, "  - name: other events are left alone", "  - name: another name")

    first, field, broken, mended, renamed = shown(plugin, edits(), capsys)
    assert "6 passed, 0 failed" in first
    told = "  breaking   actions.sendMessage.fields.text: its maximum was 1000, and is 500 now\n6 passed"
    assert told in field
    assert f"  fails      {CASES}: an order is sent with what the event says" in broken
    assert "line 2" in broken
    assert "5 passed, 1 failed" in broken
    assert f"\n{SOURCE}\n  passes     {CASES}: an order is sent with what the event says\n6 passed" in mended
    assert f"  gone       {CASES}: other events are left alone\n  new        {CASES}: another name\n" in renamed


def test_what_cannot_be_read(plugin: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in the code or in a case file is an error with its place; the next change is looked at."""

    def edits() -> Iterator[list[Path]]:
        yield edit(plugin, SOURCE, "class SendMessage", "klass SendMessage")
        yield edit(plugin, SOURCE, "klass SendMessage", "class SendMessage")
        yield edit(plugin, CASES, "expect: {outcome: filtered", "expct: {outcome: filtered")
        yield edit(plugin, CASES, "expct: {outcome: filtered", "expect: {outcome: filtered")

    _, code, again, cases, mended = shown(plugin, edits(), capsys)
    assert "SyntaxError" in code
    assert "send_message.py, line" in code
    assert "0 passed, 0 failed, 1 broken" in code
    assert "6 passed, 0 failed" in again
    assert 'unknown key "expct"' in cases
    assert 'did you mean "expect"?' in cases
    assert "6 passed, 0 failed" in mended


def test_once(plugin: Path, destinations: Run) -> None:
    """With --once it runs everything and ends: 0 when all is well, 1 when a case fails, 2 when something is wrong."""
    assert 0 == destinations("dev", "acme", "--once").exit_code
    edit(plugin, CASES, "outcome: filtered", "outcome: delivered")
    assert 1 == destinations("dev", "acme", "--once").exit_code
    edit(plugin, CASES, "cases:", "kases:")
    assert 2 == destinations("dev", "acme", "--once").exit_code


def test_plugins_that_cannot_be_watched(destinations: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is not installed, or not from a folder, is refused with what to do."""
    result = destinations("dev", "webhok")
    assert (2, True) == (result.exit_code, 'did you mean "webhook"?' in result.stderr)
    (tmp_path / "sourceless.py").write_text("")
    info = tmp_path / "sourceless-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sourceless\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[destination_actions]\nsourceless = sourceless\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = destinations("dev", "sourceless")
    assert (2, True) == (result.exit_code, "is installed without its source" in result.stderr)


def test_changes(tmp_path: Path) -> None:
    """Files that come, change and go are told, others are not. It looks first when it is called."""
    pauses: list[float] = []
    moves = iter(
        [
            lambda: (tmp_path / "a.py").write_text("1"),
            lambda: None,
            lambda: (tmp_path / "a.py").write_text("22"),
            lambda: (tmp_path / "notes.txt").write_text(""),
            lambda: [(tmp_path / name).mkdir() for name in (".venv", "build", "sub")],
            lambda: [(tmp_path / name / "b.yaml").write_text("") for name in (".venv", "build", "sub")],
            (tmp_path / "a.py").unlink,
        ]
    )

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        next(moves)()

    (tmp_path / "before.py").write_text("")
    stream = changes([tmp_path], pause)
    (tmp_path / "before.py").unlink()
    told = [next(stream) for _ in range(4)]
    names = [[str(path.relative_to(tmp_path)) for path in paths] for paths in told]
    assert [["a.py", "before.py"], ["a.py"], ["sub/b.yaml"], ["a.py"]] == names
    assert [LOOK_EVERY] * 7 == pauses
