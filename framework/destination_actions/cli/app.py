"""Builds the command-line application; a command's own imports wait until it runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import typer

from destination_actions.cli.commands import COMMANDS, GROUPS, Commands
from destination_actions.cli.console import note
from destination_actions.errors import PluginError

_EPILOG = (
    "Exit codes: 0 all well, 1 some deliveries were rejected, invalid, unknown or failed, "
    "2 configuration or usage error, 3 some input was no event."
)


def main() -> None:
    """Run the command `destinations` with the arguments of this process; ends the process."""
    build(sys.argv[1:])(prog_name="destinations")


def build(arguments: Sequence[str]) -> typer.Typer:
    """The application. Plugins are imported for their commands only when `arguments` name none of the framework's."""
    app = typer.Typer(
        help="Run destination actions: events go in, third-party APIs are called, each delivery has an outcome.",
        epilog=_EPILOG,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_nothing)
    Commands().register_commands(app)
    if not arguments or arguments[0] not in {*COMMANDS, *GROUPS}:
        _add_plugin_commands(app)
    return app


def _nothing() -> None:
    """Have the application show its commands even if there is only one."""


def _add_plugin_commands(app: typer.Typer) -> None:
    """Import the installed plugins for their commands; one that fails is passed over here, and `list` says why."""
    from destination_actions.plugins import discover

    registry = discover()
    for row in registry.rows:
        if row.destination is None:
            note(f"warning: plugin {row.slug} cannot be used: {row.reason}; see: destinations list", "yellow")
    for origin in registry.plugins.origins:
        try:
            registry.plugins.add_commands(origin, app)
        except PluginError as error:
            note(f"warning: {error}", "yellow")
