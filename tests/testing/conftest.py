"""Case files to try things on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent

import pytest
from click.testing import Result
from destination_actions.cli.app import build
from typer.testing import CliRunner

HEAD = """\
given:
  destination: notes:destination
  settings: {account: acme, token: s3cret-token}
  subscription: {subscribe: type = "track", action: note}
  event: {type: track, event: Hello, userId: jane}
  api: [{on: POST https://notes.test/v1/notes, status: 201, json: {id: 7}}]
cases:
"""

NOTES = """\
import sys

sys.path.insert(0, {path!r})
import notes

sys.path.remove({path!r})
destination = notes.destination()
"""
"""A module beside the case file, with the destination of the tests."""


@pytest.fixture
def case_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a case file for the destination `notes`: `case_file("- name: ...")`; `head=""` writes the text alone."""
    module = NOTES.format(path=str(Path(__file__).parents[1] / "_support"))
    (tmp_path / "notes_destination.py").write_text(module)

    def write(text: str, *, head: str = HEAD, name: str = "notes.cases.yaml") -> Path:
        path = tmp_path / name
        whole = head.replace("notes:destination", "notes_destination:destination")
        path.write_text(whole + (indent(dedent(text), "  ") if head else dedent(text)))
        return path

    return write


@pytest.fixture
def destinations() -> Callable[..., Result]:
    """Run `destinations` with arguments."""

    def run(*arguments: str | Path) -> Result:
        texts = [str(argument) for argument in arguments]
        return CliRunner().invoke(build(texts), texts, env={"COLUMNS": "100"})

    return run
