"""`destinations import-segment`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from destination_actions.cli.console import cell, note, notes, print_json, table
from destination_actions.cli.exits import OK
from destination_actions.errors import ConfigurationError


def import_segment(
    metadata: Annotated[Path, typer.Argument(help="A metadata.json of Segment's action-destinations.")],
    json: Annotated[bool, typer.Option("--json", help="Print the verdicts as JSON, not the module.")] = False,
) -> int:
    """Print a Segment definition as a Python module for this framework, and how exactly each part was taken over."""
    from destination_actions.cli.segment_definition import imported
    from destination_actions.cli.segment_source import source_of

    definition = imported(_read(metadata))
    counts = Counter(one.verdict for one in definition.verdicts)
    if json:
        listed = [{"path": one.path, "verdict": one.verdict, "reasons": one.reasons} for one in definition.verdicts]
        print_json({"slug": definition.slug, "counts": counts, "parts": listed})
        return OK
    typer.echo(source_of(definition), nl=False)
    shown = table("Part", "Verdict", "Why")
    for one in definition.verdicts:
        if one.verdict != "exact":
            style = "red" if one.verdict == "unsupported" else "yellow"
            shown.add_row(cell(one.path), cell(one.verdict, style), cell("; ".join(one.reasons)))
    if shown.row_count:
        notes().print(shown)
    note(", ".join(f"{counts[kind]} {kind}" for kind in ("exact", "approximate", "unsupported")))
    return OK


def _read(path: Path) -> Any:
    try:
        return orjson.loads(path.read_bytes())
    except OSError as error:
        raise ConfigurationError(f'"{path}" cannot be read: {error.strerror}') from None
    except orjson.JSONDecodeError as error:
        raise ConfigurationError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
