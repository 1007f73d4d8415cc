"""The framework's own commands, each in a file of its own, added by the hook that plugins use for theirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pluggy
import typer

from destination_actions.cli.auth_test import auth_test
from destination_actions.cli.backtest import backtest
from destination_actions.cli.check import check
from destination_actions.cli.choices import choices
from destination_actions.cli.conformance import conformance
from destination_actions.cli.dead import list_dead, replay, show
from destination_actions.cli.demo import demo
from destination_actions.cli.describe import describe
from destination_actions.cli.dev import dev
from destination_actions.cli.diff import diff
from destination_actions.cli.docs import docs
from destination_actions.cli.exits import exits
from destination_actions.cli.explain import explain
from destination_actions.cli.forget import forget
from destination_actions.cli.import_segment import import_segment
from destination_actions.cli.list import list_destinations
from destination_actions.cli.log import log
from destination_actions.cli.nats import setup
from destination_actions.cli.new import new
from destination_actions.cli.plan_retries import plan_retries
from destination_actions.cli.record import record
from destination_actions.cli.run import run
from destination_actions.cli.schema import schema
from destination_actions.cli.serve import serve
from destination_actions.cli.status import status
from destination_actions.cli.test import run_cases
from destination_actions.cli.work import work

COMMANDS: Final[dict[str, Callable[..., int | None]]] = {
    "run": run,
    "serve": serve,
    "work": work,
    "plan-retries": plan_retries,
    "status": status,
    "log": log,
    "forget": forget,
    "check": check,
    "explain": explain,
    "list": list_destinations,
    "describe": describe,
    "diff": diff,
    "docs": docs,
    "auth-test": auth_test,
    "choices": choices,
    "conformance": conformance,
    "new": new,
    "dev": dev,
    "schema": schema,
    "test": run_cases,
    "record": record,
    "backtest": backtest,
    "import-segment": import_segment,
    "demo": demo,
}
"""Command functions by name; each gives its exit code."""

GROUPS: Final[dict[str, tuple[str, dict[str, Callable[..., int | None]]]]] = {
    "dead": ("Deliveries that ended without success.", {"list": list_dead, "show": show, "replay": replay}),
    "nats": ("Stores on NATS JetStream, for many machines.", {"setup": setup}),
}
"""Groups of commands by name: what they are about, and the commands."""

_hookimpl: Final = pluggy.HookimplMarker("destination_actions")


class Commands:
    """A plugin whose only hook is `register_commands`."""

    @_hookimpl
    def register_commands(self, app: Any) -> None:
        """Add the framework's commands to the typer application."""
        for name, command in COMMANDS.items():
            app.command(name)(exits(command))
        for name, (about, commands) in GROUPS.items():
            app.add_typer(_group(about, commands), name=name)


def _group(about: str, commands: dict[str, Callable[..., int | None]]) -> typer.Typer:
    group = typer.Typer(help=about, no_args_is_help=True, rich_markup_mode=None)
    for name, command in commands.items():
        group.command(name)(exits(command))
    return group
