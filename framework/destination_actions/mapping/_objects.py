"""Resolvers of objects, lists and constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..events import MISSING
from ._generated import defined
from ._limits import Frame
from ._paths import Resolver, inlined
from ._values import copied


class Constant:
    """The resolver of a value that is the same for every event; lists and objects are copied."""

    __slots__ = ("mutable", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.mutable = isinstance(value, list | dict)

    def __call__(self, _scope: Any, _frame: Frame) -> Any:
        return copied(self.value) if self.mutable else self.value


def list_resolver(items: Sequence[Resolver]) -> Resolver:
    """Give the resolver of a list; an item that is missing is null, so that the others keep their places."""

    def resolve_list(scope: Any, frame: Frame) -> Any:
        found = [item(scope, frame) for item in items]
        return [None if value is MISSING else value for value in found]

    return resolve_list


def object_resolver(members: Sequence[tuple[str, Resolver]]) -> Resolver:
    """Give the resolver of an object, written as Python; a member that is missing is left out.

    The source holds no text of the mapping, only numbered names that are bound to its keys, constants and resolvers.
    """
    names: dict[str, Any] = {"MISSING": MISSING}
    lines = ["def resolve_object(scope, frame):", "    found = {}"]
    for number, (key, resolver) in enumerate(members):
        names[f"k{number}"] = key
        if isinstance(resolver, Constant) and not resolver.mutable:
            names[f"c{number}"] = resolver.value
            lines += [f"    found[k{number}] = c{number}"] if resolver.value is not MISSING else []
            continue
        lines += inlined(resolver, f"r{number}", "value", names)
        lines += ["    if value is not MISSING:", f"        found[k{number}] = value"]
    resolve: Resolver = defined("\n".join([*lines, "    return found"]), "resolve_object", names)
    return resolve
