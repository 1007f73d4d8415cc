"""Which paths of the event a JMESPath expression reads."""

from __future__ import annotations

from typing import Any

from ._paths import EACH, Step

Steps = tuple[Step, ...]


def event_reads(tree: dict[str, Any]) -> list[Steps]:
    """Give the paths that an expression reads, in order; an item of a projection is `EACH`."""
    reader = _Reader()
    reader.end(reader.of(tree, ()))
    return list(reader.found)


class _Reader:
    """Follows an expression with the path of its current value; None stands for a value that the expression made."""

    def __init__(self) -> None:
        self.found: dict[Steps, None] = {}

    def end(self, steps: Steps | None) -> None:
        if steps is not None:
            self.found[steps] = None

    def of(self, node: dict[str, Any], base: Steps | None) -> Steps | None:
        children = [child for child in node.get("children", ()) if isinstance(child, dict)]
        result: Steps | None = None
        match node["type"]:
            case "field":
                result = None if base is None else (*base, node["value"])
            case "index":
                position = node["value"]
                result = None if base is None else (*base, position if position < 0 else str(position))
            case "subexpression" | "index_expression" | "pipe":
                result = self._along(children, base)
            case "projection" | "value_projection" | "filter_projection":
                result = self._projection(children, base)
            case "flatten":
                result = self.of(children[0], base)
            case "identity" | "current" | "slice":
                result = base
            case "function_expression":
                self._call(children, base)
            case _:
                for child in children:
                    self.end(self.of(child, base))
        return result

    def _along(self, children: list[dict[str, Any]], base: Steps | None) -> Steps | None:
        for child in children:
            base = self.of(child, base)
        return base

    def _projection(self, children: list[dict[str, Any]], base: Steps | None) -> Steps | None:
        source = self.of(children[0], base)
        item = None if source is None else (*source, EACH)
        for condition in children[2:]:
            self.end(self.of(condition, item))
        return self.of(children[1], item)

    def _call(self, children: list[dict[str, Any]], base: Steps | None) -> None:
        plain = [child for child in children if child["type"] != "expref"]
        sources = [self.of(child, base) for child in plain]
        for source in sources:
            self.end(source)
        first = next(iter(sources), None)
        for child in children:
            if child["type"] == "expref":
                self.end(self.of(child["children"][0], None if first is None else (*first, EACH)))
