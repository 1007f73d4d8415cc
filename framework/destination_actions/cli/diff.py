"""`destinations diff`."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from destination_actions.cli.console import cell, note, output, print_json, table
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.errors import ConfigurationError, Place

_STYLES: Final = {"breaking": "red", "risky": "yellow", "compatible": "green"}
_FAIL: Final = ("breaking", "risky", "compatible", "never")


def diff(
    old: Annotated[str, typer.Argument(help="What `destinations describe --json` printed, or an installed slug.")],
    new: Annotated[str, typer.Argument(help="The same of the newer version.")],
    fail_on: Annotated[str, typer.Option(help="breaking, risky, compatible (any change) or never.")] = "breaking",
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> int:
    """Tell what changed between two versions of a destination, and for whom that breaks something.

    It exits with 1 where a change is as serious as --fail-on says, or more.
    """
    from destination_actions.changes import SEVERITIES, changes_between, worst

    if fail_on not in _FAIL:
        raise ConfigurationError(f'--fail-on must be one of {", ".join(_FAIL)}, not "{fail_on}"')
    changes = changes_between(_description(old), _description(new))
    most = worst(changes)
    if json:
        print_json({"worst": most, "changes": [change.to_json() for change in changes]})
    else:
        shown = table("Severity", "Where", "Change", "What")
        for one in changes:
            severity = cell(one.severity, _STYLES[one.severity])
            shown.add_row(severity, cell(one.where), cell(one.code), cell(one.message))
        output().print(shown) if changes else None
        counts = [f"{sum(one.severity == word for one in changes)} {word}" for word in SEVERITIES]
        note(", ".join(counts) if changes else "no changes")
    if most is None or fail_on == "never":
        return OK
    return DELIVERIES if SEVERITIES.index(most) <= _FAIL.index(fail_on) else OK


def _description(name: str) -> Any:
    """The description in a file, or of an installed destination."""
    from destination_actions.describe import describe
    from destination_actions.plugins import load_destination
    from destination_actions.schemas import load_schema

    path = Path(name)
    if not path.is_file():
        if path.suffix == ".json" or len(path.parts) > 1:
            raise ConfigurationError(f'there is no file "{name}"', code="unreadable")
        return describe(load_destination(name))
    try:
        found = json_text.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"no description of a destination: {error}", place=Place(name)) from None
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    wrong = best_match(Draft202012Validator(load_schema("destination")).iter_errors(found))
    if wrong is not None:
        hint = "make it with: destinations describe SLUG --json"
        message = f"no description of a destination: {wrong.json_path}: {wrong.message}"
        raise ConfigurationError(message, place=Place(name), hint=hint)
    return found
