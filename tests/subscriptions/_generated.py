"""Random expressions and events that have something to do with each other, and what explaining them achieves.

`python tests/subscriptions/_generated.py 10000` prints the figures of a full run.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from random import Random
from typing import Any

from destination_actions.subscriptions import Expression, compile_subscription

TYPES = ["track", "identify", "page", "screen", "group"]
NAMES = ["Order Completed", "Order Refunded", "Signed Up", "order completed", ""]
TEXTS = ["gold", "Gold", "SPRING10", "eur", "ann@example.com", "analytics.js", "5", "true", "", "a b"]
NUMBERS = ["0", "1", "5", "10", "49.9", "-5", "100"]
SCALAR_PATHS = [
    "properties.total",
    "properties.coupon",
    "properties.currency",
    "properties.nested.deep",
    "traits.plan",
    "traits.age",
    "traits.vip",
    "context.library.name",
    "userId",
    "anonymousId",
    '$["odd key"]',
]
LIST_PATHS = ["properties.products", "properties.tags", "traits.orders"]
ITEM_PATHS = ["price", "sku", "@.quantity", "@"]
PATTERNS = ["Order*", "*Completed", "*@example.com", "g?ld", "[a-c]*", "*e*", "gold", "*"]
FUNCTIONS = ["lowercase", "uppercase", "snakecase", "titlecase", "string"]
KINDS = ["string", "number", "bool", "list", "null"]


class Maker:
    """Draws expressions and events from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def expression(self, depth: int = 2, item: bool = False) -> str:
        """Draw a condition."""
        pick = self.random.random()
        if depth == 0 or pick < 0.35:
            return self.clause(depth, item)
        if pick < 0.45:
            return f"{self.random.choice(['!', 'not '])}({self.expression(depth - 1, item)})"
        word = self.random.choice([" and ", " and ", " or "])
        parts = [self.expression(depth - 1, item) for _ in range(self.random.randint(2, 3))]
        return "(" + word.join(parts) + ")"

    def clause(self, depth: int, item: bool) -> str:
        """Draw a clause."""
        choice = self.random.choice
        if not item and self.random.random() < 0.3:
            return choice([f'type = "{choice(TYPES)}"', f'event = "{choice(NAMES)}"', f'event != "{choice(NAMES)}"'])
        if not item and depth and self.random.random() < 0.12:
            return f"{choice(['any', 'all'])}({choice(LIST_PATHS)}, {self.expression(depth - 1, item=True)})"
        return choice([self.comparison, self.comparison, self.order, self.member, self.text, self.call])(item)

    def path(self, item: bool) -> str:
        """Draw a path."""
        return self.random.choice(ITEM_PATHS if item else SCALAR_PATHS)

    def scalar(self) -> str:
        """Draw a constant."""
        choice = self.random.choice
        return choice([f'"{choice(TEXTS)}"', f'"{choice(TEXTS)}"', choice(NUMBERS), choice(["true", "false", "null"])])

    def comparison(self, item: bool) -> str:
        """Draw an equality."""
        right = self.scalar() if item or self.random.random() < 0.95 else "$.traits.plan"
        return f"{self.path(item)} {self.random.choice(['=', '=', '!='])} {right}"

    def order(self, item: bool) -> str:
        """Draw an order."""
        return f"{self.path(item)} {self.random.choice(['<', '<=', '>', '>='])} {self.random.choice(NUMBERS)}"

    def member(self, item: bool) -> str:
        """Draw a membership."""
        if self.random.random() < 0.25 and not item:
            return f"{self.scalar()} in {self.random.choice(LIST_PATHS)}"
        items = ", ".join(self.scalar() for _ in range(self.random.randint(1, 3)))
        return f"{self.path(item)} {self.random.choice(['in', 'not in'])} [{items}]"

    def text(self, item: bool) -> str:
        """Draw a search in a text."""
        sign = self.random.choice(["", "", "!"])
        if self.random.random() < 0.5:
            return f'{sign}contains({self.path(item)}, "{self.random.choice(TEXTS)}")'
        return f'{sign}match({self.path(item)}, "{self.random.choice(PATTERNS)}")'

    def call(self, item: bool) -> str:
        """Draw a comparison of what a function gives."""
        choice = self.random.choice
        plain = f'{choice(FUNCTIONS)}({self.path(item)}) = "{choice(TEXTS).lower()}"'
        size = f"length({self.path(item) if item else choice(LIST_PATHS)}) {choice(['=', '>', '<='])} {choice('0123')}"
        return choice([plain, size, f'typeof({self.path(item)}) = "{choice(KINDS)}"', f"bool({self.path(item)})"])

    def event(self) -> dict[str, Any]:
        """Draw an event."""
        event: dict[str, Any] = {"type": self.random.choice(TYPES), "event": self.random.choice(NAMES)}
        if self.random.random() < 0.9:
            event["properties"] = self.members(["total", "coupon", "currency", "tags", "products"])
            event["traits"] = self.members(["plan", "age", "vip", "orders"])
        event |= self.members(["userId", "anonymousId", "odd key"])
        return event

    def members(self, names: list[str]) -> dict[str, Any]:
        """Draw some of the members of an object."""
        return {name: self.value(name) for name in names if self.random.random() < 0.7}

    def value(self, name: str) -> Any:
        """Draw a value that a member of this name may well have."""
        choice, number = self.random.choice, self.random.randint(-5, 105)
        if name == "products":
            return [
                {"price": self.random.randint(0, 60), "sku": choice(TEXTS)} for _ in range(self.random.randint(0, 3))
            ]
        if name in ("tags", "orders"):
            return [choice([*TEXTS, 5, True]) for _ in range(self.random.randint(0, 3))]
        return choice([choice(TEXTS), choice(TEXTS), number, number / 2, True, False, None])


@dataclass
class Figures:
    """What explaining many misses came to."""

    cases: int = 0
    matched: int = 0
    flipped: int = 0
    unsatisfiable: int = 0
    edits: int = 0
    failed: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Give the share of satisfiable misses whose edits flip the verdict."""
        return self.flipped / max(1, self.flipped + len(self.failed))

    def __str__(self) -> str:
        return (
            f"{self.cases} cases: {self.matched} match; of {self.flipped + len(self.failed)} satisfiable misses the "
            f"edits flip {self.flipped} ({self.share:.2%}), {self.edits / max(1, self.flipped):.2f} edits each; "
            f"{self.unsatisfiable} contradictions reported as unsatisfiable"
        )


def measured(cases: int, seed: int = 1) -> Figures:
    """Explain so many generated cases and apply the edits of each miss."""
    maker, figures = Maker(seed), Figures()
    for _ in range(cases):
        text, event = maker.expression(), maker.event()
        _count(figures, compile_subscription(text), text, event)
    return figures


def _count(figures: Figures, expression: Expression, text: str, event: dict[str, Any]) -> None:
    figures.cases += 1
    explanation = expression.explain(event)
    assert explanation.matches == expression.matches(event), text
    if explanation.matches:
        figures.matched += 1
    elif explanation.unsatisfiable:
        figures.unsatisfiable += 1
    elif explanation.edits and expression.matches(explanation.apply(event)):
        figures.flipped += 1
        figures.edits += len(explanation.edits)
    else:
        figures.failed.append((text, event))


if __name__ == "__main__":
    found = measured(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
    print(found)
    for text, event in found.failed[:20]:
        print(f"  no edits: {text}\n    {event}")
