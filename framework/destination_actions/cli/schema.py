"""`destinations schema`."""

from __future__ import annotations

from typing import Annotated

import typer

from destination_actions.cli.console import print_json


def schema(
    name: Annotated[str, typer.Argument(help="config, event, outcome, destination, field, mapping or cases.")],
    plain: Annotated[bool, typer.Option("--plain", help="For config: without what is installed.")] = False,
) -> None:
    """Print one of the JSON Schemas (draft 2020-12).

    That of configurations has the settings, actions and fields of the installed destinations in it, for editors.
    """
    from destination_actions.schemas import load_schema

    if name == "config" and not plain:
        from destination_actions.checking import editor_schema
        from destination_actions.plugins import discover
        from destination_actions.plugins.manager import Plugins
        from destination_actions.runtime.builtin import ORIGIN, Builtin

        registry = discover()
        directives = Plugins({ORIGIN: Builtin()}).directives() | registry.plugins.directives()
        usable = [row.destination for row in registry.rows if row.ok and row.destination is not None]
        print_json(editor_schema(usable, directives))
        return
    print_json(load_schema(name))
