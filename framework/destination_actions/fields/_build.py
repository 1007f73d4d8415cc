"""Plain values become what the annotation promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from destination_actions.fields._dates import parse_moment
from destination_actions.fields._secret import Secret
from destination_actions.fields._specs import FieldSpec


def converter(spec: FieldSpec) -> Callable[[Any], Any] | None:
    """Give the function from a plain value to the attribute's value, or None where they are the same."""
    one = _single(spec)
    if one is None or not spec.multiple:
        return one
    return lambda items: [one(item) for item in items]


def _single(spec: FieldSpec) -> Callable[[Any], Any] | None:
    if spec.secret:
        return Secret
    if spec.properties is not None:
        return spec.properties.__compiled__.build
    return _moment if spec.parsed else None


def _moment(value: Any) -> datetime:
    moment = parse_moment(value)
    if moment is None:
        raise ValueError(value)
    return moment
