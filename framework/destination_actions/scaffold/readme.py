"""The README of a new plugin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from destination_actions.events import MISSING
from destination_actions.fields import FieldSet
from destination_actions.scaffold.examples import config_of
from destination_actions.scaffold.plan import PluginPlan
from destination_actions.scaffold.settings import settings_fields

_TEXT: Final = """\
# {name}

{description} A destination for destination-actions; its slug is `{slug}`.

```sh
pip install destination-actions {distribution}
```

`example/destinations.yaml`:

```yaml
{config}```

```sh
destinations check example/destinations.yaml                           # what is wrong with it
destinations auth-test example/destinations.yaml                       # whether the credentials work
destinations explain example/destinations.yaml example/events.ndjson   # what would become of events
destinations run example/destinations.yaml example/events.ndjson       # sends them
```

## Settings

{settings}

## The action `{action}`

{about}

{fields}

## Work on it

```sh
pip install -e '.[test,static]'
destinations dev {slug}
destinations conformance {slug}
pytest && mypy && ruff check && ruff format --check
```

`destinations dev` runs the cases in `tests/` again whenever a file changes.
"""


def readme(plan: PluginPlan) -> str:
    """`README.md`."""
    return _TEXT.format(
        name=plan.name,
        description=plan.description,
        slug=plan.slug,
        distribution=plan.distribution,
        config=config_of(plan),
        settings=_table(settings_fields(plan)) or "There are none.",
        action=plan.action.slug,
        about=plan.action.description,
        fields=_table(plan.action.payload) or "It has no fields.",
    )


def _table(fields: type[FieldSet]) -> str:
    rows = [*_rows(fields)]
    head = ("| Key | Name | Default | What it is |", "| --- | --- | --- | --- |")
    return "\n".join([*head, *rows]) if rows else ""


def _rows(fields: type[FieldSet]) -> Iterator[str]:
    for spec in fields.fields():
        needed = "required" if spec.always_required else ""
        default = _default(spec) or needed
        yield f"| `{spec.key}` | {_cell(spec.label)} | {_cell(default)} | {_cell(spec.description)} |"


def _default(spec: Any) -> str:
    if isinstance(spec.mapping, dict):
        path = spec.mapping.get("@path") if len(spec.mapping) == 1 else None
        return f"`{path}`" if path else f"`{orjson.dumps(spec.mapping).decode()}`"
    return f"`{orjson.dumps(spec.default).decode()}`" if spec.default is not MISSING else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
