"""The public value of this package: one compiled expression."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from destination_actions.events import MISSING
from destination_actions.subscriptions.compiled import Matcher, matcher
from destination_actions.subscriptions.explain import Explanation, explanation
from destination_actions.subscriptions.format import format_condition
from destination_actions.subscriptions.nodes import Condition
from destination_actions.subscriptions.parser import parse
from destination_actions.subscriptions.reads import event_paths
from destination_actions.subscriptions.required import required_texts
from destination_actions.subscriptions.segment_tree import condition_from_segment, is_segment_tree
from destination_actions.subscriptions.tree import condition_from_json, condition_to_json


class Expression:
    """A condition on events: immutable, comparable by meaning as written, compiled when it is made."""

    __slots__ = ("_condition", "_matcher")

    def __init__(self, condition: Condition) -> None:
        self._condition = condition
        self._matcher = matcher(condition)

    def matches(self, event: object) -> bool:
        """Tell whether an event fulfils the condition. Never raises and never changes the event.

        A value that is not an object counts as an event without members, and None as no event, which never matches.
        An evaluation that exceeds a limit is false as a whole.
        """
        if not isinstance(event, dict):
            event = as_object(event)
            if event is None:
                return False
        return self._matcher(event)

    @property
    def matcher(self) -> Matcher:
        """Give `matches` for events that are dicts, a call less."""
        return self._matcher

    def explain(self, event: object) -> Explanation:
        """Say what each clause read and decided and, for a miss, which smallest edits of the event make it match."""
        return explanation(self._condition, as_object(event) or {})

    @property
    def ast(self) -> dict[str, Any]:
        """Give the condition as plain JSON; `expression_from_ast` reads it back."""
        return condition_to_json(self._condition)

    @property
    def condition(self) -> Condition:
        """Give the root node."""
        return self._condition

    def paths(self) -> tuple[str, ...]:
        """Give every path of the event that is read, sorted; inside quantifiers `properties.products[].price`."""
        return tuple(sorted(set(event_paths(self._condition))))

    def event_types(self) -> frozenset[str] | None:
        """Give the values of `type` outside which nothing matches, or None when there is no such bound."""
        return required_texts(self._condition, "type")

    def event_names(self) -> frozenset[str] | None:
        """Give the values of `event` outside which nothing matches, or None when there is no such bound."""
        return required_texts(self._condition, "event")

    def __eq__(self, other: object) -> bool:
        """Compare the conditions, spelling and redundant parentheses apart."""
        return isinstance(other, Expression) and self._condition == other._condition

    def __hash__(self) -> int:
        """Agree with `__eq__`."""
        return hash(self._condition)

    def __str__(self) -> str:
        """Give the canonical text, which compiles to an equal expression."""
        return format_condition(self._condition)

    def __repr__(self) -> str:
        """Show how to make this value."""
        return f"compile_subscription({str(self)!r})"


def compile_subscription(text: str) -> Expression:
    """Read an expression such as `type = "track" and properties.total >= 50`; raise `SubscriptionError`."""
    return Expression(parse(text))


def expression_from_ast(ast: object) -> Expression:
    """Read what `Expression.ast` gives, or what Segment's parser gives; raise `SubscriptionError`."""
    if is_segment_tree(ast):
        return Expression(condition_from_segment(ast))
    return Expression(condition_from_json(ast))


def as_object(event: object) -> dict[str, Any] | None:
    """Take any value for an event: None stays no event, what has no members has none."""
    if event is None or event is MISSING:
        return None
    return dict(event) if isinstance(event, Mapping) else {}
