"""`destinations list`."""

from __future__ import annotations

from typing import Annotated

import typer

from destination_actions.cli.console import cell, note, output, print_json, table


def list_destinations(
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the installed destinations, with the distribution that each comes from."""
    from destination_actions.plugins import discover

    rows = discover().rows
    if json:
        print_json([{"slug": row.slug, "name": row.name, "origin": row.origin, "reason": row.reason} for row in rows])
        return
    if not rows:
        note('no destination is installed; a distribution provides one through the entry point "destination_actions"')
        return
    shown = table("Slug", "Name", "From", "Status")
    for row in rows:
        status = cell("ok") if row.ok else cell(f"cannot be used: {row.reason}", "red")
        shown.add_row(cell(row.slug), cell(row.name), cell(row.origin), status)
    output().print(shown)
