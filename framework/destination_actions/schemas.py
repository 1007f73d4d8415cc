"""The JSON Schemas (draft 2020-12) that come with the framework.

A wheel carries them beside this module; an editable install and a checkout read the root folder `schemas/`, which is
the only copy.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from destination_actions.errors import ConfigurationError, nearest

_ENDING = ".schema.json"


def load_schema(name: str) -> dict[str, Any]:
    """Give the schema of `schemas/<name>.schema.json`, a new copy each time. Raises `ConfigurationError`."""
    if name not in schema_names():
        known = ", ".join(schema_names())
        raise ConfigurationError(f'there is no schema "{name}"; there are {known}', hint=nearest(name, schema_names()))
    schema: dict[str, Any] = json.loads((_folder() / f"{name}{_ENDING}").read_text(encoding="utf-8"))
    return schema


@cache
def schema_names() -> tuple[str, ...]:
    """Give the names of the schemas, sorted."""
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING)))


def _folder() -> Traversable:
    packaged = files("destination_actions") / "schemas"
    return packaged if packaged.is_dir() else _checkout()


def _checkout() -> Path:
    folder = Path(__file__).resolve().parents[2] / "schemas"
    if not folder.is_dir():
        raise ConfigurationError("the schemas are missing from this installation", hint="install the package again")
    return folder
