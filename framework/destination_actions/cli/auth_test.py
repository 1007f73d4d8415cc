"""`destinations auth-test`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import cell, output, table
from destination_actions.cli.exits import DELIVERIES, OK
from destination_actions.cli.loop import completed

if TYPE_CHECKING:
    from destination_actions.definitions import Check


def auth_test(config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")]) -> int:
    """Try the credentials of every configured destination; nothing is changed at the other side."""
    results = completed(_tested(config))
    shown = table("Destination", "Check", "Result")
    for name, checks in results.items():
        for check in checks:
            result = cell(check.message or "ok", "green") if check.ok else cell(f"failed: {check.message}", "red")
            shown.add_row(cell(name), cell(check.name), result)
        if not checks:
            shown.add_row(cell(name), cell(""), cell("has no test", "dim"))
    output().print(shown)
    return OK if all(check.ok for checks in results.values() for check in checks) else DELIVERIES


async def _tested(config: Path) -> dict[str, Sequence[Check]]:
    from destination_actions.runtime import AsyncRuntime

    async with AsyncRuntime.from_config(config) as runtime:
        return await runtime.test_authentication()
