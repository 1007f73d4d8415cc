"""`destinations schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from destination_actions.cli.console import print_json


def schema(
    name: Annotated[str, typer.Argument(help="config, event, outcome, destination, field, mapping or cases.")],
) -> None:
    """Print one of the JSON Schemas (draft 2020-12)."""
    from destination_actions.schemas import load_schema

    print_json(load_schema(name))
