"""Which places of the event an expression reads."""

from __future__ import annotations

from collections.abc import Iterator

from destination_actions.subscriptions.format import format_path
from destination_actions.subscriptions.nodes import Condition, Operand, Path, Quantified, children

_EACH = "[]"


def event_paths(node: Condition | Operand, item: str | None = None) -> Iterator[str]:
    """Give each path as text; `item` is the path of the item that paths of a quantifier begin at, None for none."""
    match node:
        case Path("event"):
            yield format_path(node, in_item=False)
        case Path("item", keys):
            if item is not None:
                yield item + format_path(Path("event", keys), in_item=True).removeprefix("$")
        case Quantified(_, source, condition):
            sources = list(event_paths(source, item))
            yield from sources
            yield from event_paths(condition, sources[0] + _EACH if isinstance(source, Path) and sources else None)
        case _:
            for child in children(node):
                yield from event_paths(child, item)
