"""`destinations docs`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from destination_actions.cli.console import note, say
from destination_actions.cli.exits import OK
from destination_actions.errors import ConfigurationError


def docs(
    out: Annotated[Path, typer.Option(help="The folder for the pages; it is made if it is not there.")],
    form: Annotated[Literal["markdown", "html"], typer.Option("--format", help="What the pages are.")] = "markdown",
) -> int:
    """Write the catalogue of all installed destinations: an index, and a page for each."""
    from destination_actions.pages import catalogue
    from destination_actions.plugins import discover

    rows = discover().rows
    for row in rows:
        if row.destination is None or not row.ok:
            note(f"warning: {row.slug} is left out: {row.reason}", "yellow")
    pages = catalogue([row.destination for row in rows if row.ok and row.destination is not None], form)
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in pages.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f'"{out}" cannot be written: {error.strerror or error}') from None
    for name in pages:
        say(out / name)
    return OK
