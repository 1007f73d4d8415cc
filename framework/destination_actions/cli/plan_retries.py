"""`destinations plan-retries`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from destination_actions.cli.console import output, print_json, say, table
from destination_actions.cli.exits import OK

if TYPE_CHECKING:
    from destination_actions.runtime.retry import RetryRule

_ROWS = 12


def plan_retries(
    config: Annotated[Path, typer.Argument(help="A configuration file, YAML or JSON.")],
    json: Annotated[bool, typer.Option("--json", help="Print the schedules as JSON.")] = False,
) -> int:
    """Print when a delivery that keeps failing would be tried again."""
    from destination_actions.config import load_config
    from destination_actions.runtime.retry import RetryRule

    rules = {part.name: RetryRule(**part.retry) for part in load_config(config).destinations if part.enabled}
    if json:
        print_json({name: _as_json(rule) for name, rule in rules.items()})
        return OK
    for name, rule in rules.items():
        _print(name, rule)
    return OK


def _as_json(rule: RetryRule) -> dict[str, object]:
    schedule = [{"retry": number, "upTo": ceiling, "at": at} for number, ceiling, at in rule.schedule()]
    return {"horizon": rule.horizon, "retries": schedule}


def _print(name: str, rule: RetryRule) -> None:
    rows = list(rule.schedule())
    shown = table("Retry", "Waits up to", "Comes on average after")
    for number, ceiling, at in rows[:_ROWS]:
        shown.add_row(str(number), duration(ceiling), duration(at))
    say(f"{name}: about {len(rows)} retries within {duration(rule.horizon)}", "bold")
    output().print(shown)
    if len(rows) > _ROWS:
        say(f"... and {len(rows) - _ROWS} more, each within {duration(rule.cap)} of the last")
    say()


def duration(seconds: float) -> str:
    """Seconds as people say them: `45 s`, `2 min 30 s`, `4 h`."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [(hours, "h"), (minutes, "min"), (rest, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
