"""Compiling one node of a mapping after another; errors and the event paths that are read are collected on the way."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

from ..errors import ConfigurationError, MappingError, nearest
from ..events import MISSING
from ._arguments import ArgumentChecker
from ._directive import Directive
from ._generated import put_resolved
from ._limits import MAPPING_LIMITS, MappingLimits
from ._objects import Constant, Root, list_resolver, object_resolver, put_object
from ._paths import EACH, Path, Resolver, Step, compile_path, parse_path, path_text
from ._templates import parse_template, template_resolver
from ._values import described

METADATA = "_metadata"
INSTALL = {"@liquid": 'it needs an extra: pip install "destination-actions[liquid]"'}


class Compilation:
    """What is collected while one mapping is compiled."""

    def __init__(self, directives: Mapping[str, Directive]) -> None:
        self.directives = directives
        self.findings: list[ConfigurationError] = []
        self.paths: dict[str, None] = {}
        self.moved: dict[str, str] = {}
        self._checkers: dict[str, ArgumentChecker] = {}

    def checker(self, directive: Directive) -> ArgumentChecker:
        """Give the argument checker of a directive, made once."""
        if directive.name not in self._checkers:
            self._checkers[directive.name] = ArgumentChecker(directive.name, directive.schema)
        return self._checkers[directive.name]

    def raise_findings(self) -> None:
        """Raise what was found, all at once.

        Raises:
            MappingError: something was found.
        """
        if len(self.findings) == 1:
            raise self.findings[0]
        if self.findings:
            lines = [f"{len(self.findings)} errors in this mapping:", *(f"- {finding}" for finding in self.findings)]
            raise MappingError("\n".join(lines), pointer=self.findings[0].pointer, errors=self.findings)


class Context:
    """The compile context of one place.

    `base` is the event path of what is resolved there, None where no event path leads; `repeated` tells that it is
    resolved once for every item of some list.
    """

    def __init__(
        self, compilation: Compilation, pointer: str = "", base: tuple[Step, ...] | None = (), repeated: bool = False
    ) -> None:
        self.compilation = compilation
        self.pointer = pointer
        self.base = base
        self.repeated = repeated
        self.limits: MappingLimits = MAPPING_LIMITS

    def _at(self, *keys: str | int) -> Context:
        pointer = self.pointer + "".join(f"/{escaped(key)}" for key in keys)
        pointer = self.compilation.moved.get(pointer, pointer)
        return Context(self.compilation, pointer, self.base, self.repeated)

    def error(self, message: str, *keys: str | int, hint: str | None = None) -> Resolver:
        pointer = self._at(*keys).pointer
        self.compilation.findings.append(
            MappingError(f"mapping {pointer or '/'}: {message}", pointer=pointer, hint=hint)
        )
        return Constant(MISSING)

    def items_of(self, source: Any) -> Context:
        steps = self._source_steps(source)
        return Context(self.compilation, self.pointer, None if steps is None else (*steps, EACH), repeated=True)

    def elsewhere(self) -> Context:
        return Context(self.compilation, self.pointer, None, self.repeated)

    def _source_steps(self, source: Any) -> tuple[Step, ...] | None:
        text = source.get("@path") if isinstance(source, dict) else source
        return self._full_steps(parse_path(text)) if isinstance(text, str) else None

    def _full_steps(self, path: Path) -> tuple[Step, ...] | None:
        if path.event:
            return path.steps
        return None if self.base is None else (*self.base, *path.steps)

    def reads(self, path: str) -> None:
        self._read(parse_path(path))

    def _read(self, path: Path) -> Resolver:
        steps = self._full_steps(path)
        if steps is not None:
            self.compilation.paths[path_text(Path(steps))] = None
        return compile_path(path, self.pointer)

    def path(self, text: str, *keys: str | int) -> Resolver:
        place = self._at(*keys)
        if len(text) > self.limits.path:
            return place.error(
                f"a path has at most {self.limits.path:,} characters, this has {len(text):,} (limit: path)"
            )
        return place._read(parse_path(text))

    def template(self, text: str, *keys: str | int) -> Resolver:
        place = self._at(*keys)
        parts = parse_template(text)
        return template_resolver(
            [part if isinstance(part, str) else place._read(part) for part in parts], place.pointer
        )

    def node(self, value: Any, *keys: str | int) -> Resolver:
        place = self._at(*keys)
        if isinstance(value, dict):
            return place._directive(value) if any(map(_is_directive_key, value)) else place._object(value)
        if isinstance(value, list):
            return list_resolver([place.node(item, number) for number, item in enumerate(value)])
        return Constant(value) if is_scalar(value) else place.error(f"expected a JSON value, got {described(value)}")

    def root(self, value: Any) -> Root:
        """Compile a whole mapping."""
        if isinstance(value, dict) and not any(map(_is_directive_key, value)):
            members = self._members(value)
            return Root(partial(put_object, members), members)
        return Root(partial(put_resolved, self.node(value)))

    def _object(self, members: dict[Any, Any]) -> Resolver:
        return object_resolver(self._members(members))

    def _members(self, members: dict[Any, Any]) -> list[tuple[str, Resolver]]:
        for key in members:
            if not isinstance(key, str):
                self.error(f"the key {key!r} is not text", hint=f'write it in quotes: "{key}"')
        return [(str(key), self.node(value, str(key))) for key, value in members.items()]

    def _directive(self, node: dict[str, Any]) -> Resolver:
        names = [key for key in node if _is_directive_key(key)]
        others = [key for key in node if key not in names and key != METADATA]
        if len(names) > 1 or others:
            listed = ", ".join(f'"{key}"' for key in [*names, *others])
            return self.error(f"a directive stands alone in its object, this one has {listed}")
        directive = self.compilation.directives.get(names[0])
        if directive is None:
            hint = INSTALL.get(names[0]) or nearest(names[0], self.compilation.directives)
            return self.error(
                f'there is no directive "{names[0]}"', hint=hint or "@literal takes any constant as it is"
            )
        return self._at(names[0])._compiled(directive, node[names[0]])

    def _compiled(self, directive: Directive, argument: Any) -> Resolver:
        findings = self.compilation.checker(directive).findings(argument)
        for finding in findings:
            self.error(finding.message, *finding.steps, hint=finding.hint)
        if not findings:
            return directive.compile(self, argument)
        self._search(argument)
        return Constant(MISSING)

    def _search(self, argument: Any) -> None:
        """Find what else is wrong in the parts of an argument that is wrong already."""
        for key, value in argument.items() if isinstance(argument, dict) else ():
            if isinstance(value, dict):
                self.node(value, key)
            for number, item in enumerate(value if isinstance(value, list) else ()):
                if isinstance(item, dict):
                    self.node(item, key, number)


def escaped(key: object) -> str:
    """Give one step of a JSON pointer."""
    return str(key).replace("~", "~0").replace("/", "~1")


def _is_directive_key(key: Any) -> bool:
    return isinstance(key, str) and key.startswith("@")


def is_scalar(value: Any) -> bool:
    """Tell whether a value is a JSON text, number, boolean or null."""
    return math.isfinite(value) if isinstance(value, float) else value is None or isinstance(value, str | int)
