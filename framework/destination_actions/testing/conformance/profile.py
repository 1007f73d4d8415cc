"""What a plugin may say about itself, where examples made from its declarations are not enough."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from destination_actions.definitions import Destination
from destination_actions.errors import PluginError
from destination_actions.testing.scripted import Reply

MODULE = "conformance"
"""The module of a plugin's package whose `profile` is used; only this kit imports it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConformanceProfile:
    """How to have a destination's actions succeed.

    `settings`, and `samples` by an action's slug, replace values of the examples that the kit makes; None leaves one
    out. `replies` answer before the kit's own 200 does, each as often as asked: what reads find, what a success looks
    like. `excuses` names checks that this destination need not pass, by id (such as `answers.status-400`), and why.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    samples: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    replies: Sequence[Reply] = ()
    excuses: Mapping[str, str] = field(default_factory=dict)


def profile_of(destination: Destination[Any]) -> ConformanceProfile:
    """The profile that the destination's package has in its module `conformance`, or else an empty one."""
    package = package_of(destination)
    name = f"{package}.{MODULE}" if package else ""
    if not package or not hasattr(sys.modules.get(package), "__path__") or find_spec(name) is None:
        return ConformanceProfile()
    found = getattr(import_module(name), "profile", None)
    if not isinstance(found, ConformanceProfile):
        raise PluginError(f"{name}: has no `profile` that is a ConformanceProfile")
    return found


def package_of(destination: Destination[Any]) -> str:
    """The import name of the package that the destination's code is in."""
    return module_of(destination).partition(".")[0]


def module_of(destination: Destination[Any]) -> str:
    """The module of the destination's settings, or of its first action's code."""
    return str(destination.settings.__module__)
