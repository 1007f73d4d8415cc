"""Constants of a mapping, and fields without a value, that make every event invalid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from destination_actions.checking.parts import Part
from destination_actions.checking.report import Finding


def never_valid(part: Part) -> Iterator[Finding]:
    """Judge what stands in the mapping, or is missing there, whatever an event holds."""
    if not part.plain:
        return
    payload, mapping = part.action.payload, part.mapping
    needed = {spec.key for spec in payload.fields() if spec.always_required} - mapping.keys()
    fixed = {key: value for key, value in mapping.items() if not varies(value)}
    for error in payload.check(fixed, sync_mode=part.sync_mode).errors:
        key = error.pointer.split("/")[1] if error.pointer else ""
        if key in needed or (key in fixed and error.code != "required"):
            pointer = f"{part.item.pointer}/mapping/{key}"
            place = part.config.place(pointer) or part.config.place(part.item.pointer)
            yield Finding("never-valid", f"no event can be valid: {error.message}", pointer, place=place)


def varies(value: Any) -> bool:
    """Whether a part of a mapping is more than a constant."""
    if isinstance(value, Mapping):
        return any(str(key).startswith("@") or varies(inner) for key, inner in value.items())
    return isinstance(value, list | tuple) and any(map(varies, value))
