"""What is printed where: results on standard output, the rest on standard error, and nothing that steers a terminal."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from destination_actions.errors import ConfigurationError, DestinationActionsError

COLOURS = {
    "delivered": "green",
    "filtered": "dim",
    "suppressed": "yellow",
    "invalid": "red",
    "rejected": "red",
    "unknown": "magenta",
    "failed": "red",
    "ok": "green",
}
"""A colour for each outcome and status."""


def output() -> Console:
    """The console of results."""
    return Console(highlight=False, markup=False, soft_wrap=False)


def notes() -> Console:
    """The console of everything else."""
    return Console(stderr=True, highlight=False, markup=False)


def clean(text: object) -> str:
    """Text from outside without characters that a terminal would obey."""
    return "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in str(text))


def say(text: object = "", style: str = "") -> None:
    """Print a line of the result, unbroken whatever the width."""
    output().print(Text(clean(text), style=style), soft_wrap=True)


def note(text: object, style: str = "") -> None:
    """Print a line on standard error."""
    notes().print(Text(clean(text), style=style), soft_wrap=True)


def print_json(value: Any) -> None:
    """Print JSON for people and programs."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())


def print_line(value: Any) -> None:
    """Print JSON as one line of NDJSON, at once."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE).decode())
    sys.stdout.flush()


def print_error(error: DestinationActionsError) -> None:
    """Print every finding of an error, each with its place and hint."""
    found = error.errors if isinstance(error, ConfigurationError) else (error,)
    for one in found:
        note(f"error: {one}", style="red")
    if len(found) > 1:
        note(f"{len(found)} errors", style="red")


def table(*columns: str, fold: str = "") -> Table:
    """An open table; `fold` names the column that takes the room and breaks its lines. Nothing is ever cut off."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=False, ratio=1 if column == fold else None)
    return made


def cell(text: object, style: str = "") -> Text:
    """A table cell with text from outside."""
    return Text(clean(text), style=style or COLOURS.get(str(text), ""), overflow="fold")
