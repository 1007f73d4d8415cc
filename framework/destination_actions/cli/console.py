"""What is printed where: results on standard output, the rest on standard error, and nothing that steers a terminal."""

from __future__ import annotations

import sys
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from destination_actions.errors import ConfigurationError, DestinationActionsError
from destination_actions.events import MISSING

COLOURS: Final = {
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

_LONGEST: Final = 80
"""Characters of an event's value that are shown."""


class _Output(Console):
    """A console that leaves it to the command what a closed pipe means; rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        """Raise the error again."""
        raise  # noqa: PLE0704 - called while the BrokenPipeError is handled


def output() -> Console:
    """The console of results."""
    return _Output(highlight=False, markup=False, soft_wrap=False)


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
        print_finding("error", one, "red")
    if len(found) > 1:
        note(f"{len(found)} errors", "red")


def print_finding(kind: str, error: DestinationActionsError, style: str, *, code: str | None = None) -> None:
    """Print one finding: place, message and code, then what to do; a line with a caret keeps its columns."""
    if not isinstance(error, ConfigurationError):
        note(f"{kind}: {error}", style)
        return
    message = error.message if code is None else f"{error.message} [{code}]"
    note(f"{kind}: {error.place}: {message}" if error.place else f"{kind}: {message}", style)
    lines = (error.hint or "").splitlines()
    for line in lines:
        note(f"  hint: {line}" if len(lines) == 1 else f"    {line}")


def table(*columns: str) -> Table:
    """An open table that breaks lines where it has to, and never cuts anything off."""
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made


def cell(text: object, style: str = "") -> Text:
    """A table cell with text from outside."""
    return Text(clean(text), style=style or COLOURS.get(str(text), ""), overflow="fold")


def found_at(path: str, value: object) -> str:
    """What an expression read: `properties.total is 19.5`."""
    text = "missing" if value is MISSING else orjson.dumps(value, default=str).decode()
    return f"{path} is {text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}"
