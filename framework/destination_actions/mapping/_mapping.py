"""`compile_mapping` and what it gives: the way from a mapping and an event to a document."""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from functools import partial
from typing import Any

from ..errors import MappingError
from ..events import Event, Json, Missing
from ._context import Compilation, Context, escaped
from ._directive import Directive
from ._directives import BUILTIN_DIRECTIVES
from ._filling import Filling
from ._generated import document_of, put_resolved
from ._limits import MAPPING_LIMITS, ResolveError, too_deep
from ._objects import Root
from ._paths import Resolver
from ._values import copied, described

ROOT_DIRECTIVE = "__segment_internal_directive"
ROOT_NAME = "@transform"

_LINEAR = frozenset({"@arrayPath", "@case", "@coalesce", "@if", "@literal", "@path", "@template"})
_FEW = 256
"""Values of a mapping that are few: each of them can read the whole event."""


class Mapping:
    """A compiled mapping. It holds no state: one serves any number of events and threads."""

    __slots__ = ("_filling", "_paths", "_resolve", "_source")

    def __init__(self, source: Any, root: Root, paths: tuple[str, ...]) -> None:
        self._source = source
        linear = is_linear(source)
        self._resolve = document_of(root.inline, linear=linear)
        self._filling = None if root.members is None else Filling(root.members, linear=linear)
        self._paths = paths

    @property
    def source(self) -> Any:
        """Give a copy of the mapping that this was compiled from."""
        return copied(self._source)

    def paths(self) -> tuple[str, ...]:
        """Give every event path that is read, in order of appearance, each once.

        Items of lists are written `[*]`. A path that is itself made of the event may read anything: it counts as `$`.
        """
        return self._paths

    def filling(self) -> Filling | None:
        """Give what code can be written around that takes what each member gives, instead of the document; None where
        the mapping as a whole is no object."""
        return self._filling

    def resolve(self, event: Event) -> Json | Missing:
        """Give the document for an event, or `MISSING` if the whole mapping gives nothing.

        The event is not changed. The document shares nothing that can change with the mapping, but may share parts with
        the event.

        Raises:
            ResolveError: a limit is exceeded, a path or template that is made of the event is not a text, or a filter
                of a Liquid template cannot take its arguments.
        """
        if not isinstance(event, dict):
            raise ResolveError(f"an event is a JSON object, got {described(event)}")
        try:
            document: Json | Missing = self._resolve(event)
        except RecursionError:
            raise too_deep("") from None
        return document


def compile_mapping(mapping: Any, *, directives: MappingType[str, Directive] = BUILTIN_DIRECTIVES) -> Mapping:
    """Compile a mapping, a JSON value in which directives stand for what is read from the event.

    `directives` are those that the mapping may use, by name.

    Raises:
        MappingError: the mapping is wrong; `errors` has everything that is, each with its JSON pointer.
    """
    _check_size(mapping)
    source = copied(mapping)
    compilation = Compilation(directives)
    root = _compiled_root(source, Context(compilation))
    compilation.raise_findings()
    return Mapping(source, root, tuple(compilation.paths))


def is_linear(mapping: Any) -> bool:
    """Tell whether what a mapping gives is a few times as large as the event at most, so that it is safe to write it.

    Others can double what they read again and again, and must be measured by what stops soon after the limit.
    """
    below, nodes = [mapping], 0
    while below:
        value = below.pop()
        nodes += 1
        if nodes > _FEW or (isinstance(value, str) and value.startswith("$$")):
            return False
        if isinstance(value, dict):
            if any(key.startswith("@") and key not in _LINEAR for key in value):
                return False
            below += value.values()
        elif isinstance(value, list):
            below += value
    return True


def _compiled_root(mapping: Any, context: Context) -> Root:
    if not isinstance(mapping, dict) or ROOT_DIRECTIVE not in mapping:
        return context.root(mapping)
    return Root(partial(put_resolved, _root_directive(mapping, context)))


def _root_directive(mapping: dict[str, Any], context: Context) -> Resolver:
    directive = mapping[ROOT_DIRECTIVE]
    if not isinstance(directive, dict) or list(directive) != [ROOT_NAME]:
        return context.error(f'expected an object with "{ROOT_NAME}" alone, got {described(directive)}', ROOT_DIRECTIVE)
    if not isinstance(directive[ROOT_NAME], dict):
        got = described(directive[ROOT_NAME])
        return context.error(f"expected an object, got {got}", ROOT_DIRECTIVE, ROOT_NAME)
    rest = {key: value for key, value in mapping.items() if key != ROOT_DIRECTIVE}
    context.compilation.moved[f"/{ROOT_DIRECTIVE}/{ROOT_NAME}/mapping"] = ""
    return context.node({ROOT_NAME: {**directive[ROOT_NAME], "mapping": rest}}, ROOT_DIRECTIVE)


def _check_size(mapping: Any) -> None:
    """Refuse a mapping that is too deep or too large before anything recurses into it.

    Raises:
        MappingError: the mapping is too deep or has too many nodes.
    """
    level, nodes = [("", mapping)], 1
    for _ in range(MAPPING_LIMITS.depth):
        nodes += sum(len(value) for _, value in level if isinstance(value, dict | list))
        if nodes > MAPPING_LIMITS.nodes:
            raise MappingError(f"mapping /: it has more than {MAPPING_LIMITS.nodes:,} nodes (limit: nodes)")
        level = [child for parent in level for child in _children(*parent)]
        if not level:
            return
    pointer = level[0][0]
    raise MappingError(
        f"mapping {pointer}: it is nested over {MAPPING_LIMITS.depth} deep (limit: depth)", pointer=pointer
    )


def _children(pointer: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(f"{pointer}/{escaped(key)}", child) for key, child in value.items()]
    if isinstance(value, list):
        return [(f"{pointer}/{number}", child) for number, child in enumerate(value)]
    return []
