"""Fixed examples of what a destination takes: the same in every run, and a value of its own for every field, so that
fields that were mistaken for one another show."""

from __future__ import annotations

from typing import Any, TypeVar

from destination_actions.definitions import Destination
from destination_actions.fields import FieldSet
from destination_actions.testing._generate import Counted, document

F = TypeVar("F", bound=FieldSet)


def example_document(
    fields: type[FieldSet], *, start: int = 0, optional: bool = True, sync_mode: str | None = None
) -> dict[str, Any]:
    """A valid document in wire keys. Another `start` gives other values; without `optional` it has only what it needs.

    Raises `ConfigurationError` where none can be made, which may be so with validators that look at several fields.
    """
    return document(fields, Counted(start, optional=optional), sync_mode=sync_mode)


def example_payload(fields: type[F], *, start: int = 0, optional: bool = True) -> F:
    """A valid payload; options and errors as those of `example_document`."""
    found = fields.check(example_document(fields, start=start, optional=optional)).value
    assert found is not None  # noqa: S101 - that is what an example is
    return found


def example_settings(destination: Destination[Any], *, start: int = 0, optional: bool = True) -> dict[str, Any]:
    """Valid settings, as a configuration has them; options and errors as those of `example_document`."""
    return example_document(destination.settings, start=start, optional=optional)
