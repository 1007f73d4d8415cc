"""Laws of the language, on generated conditions and events."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import Any

from _strategies import EVENTS, VALUES, conditions
from destination_actions.errors import SubscriptionError
from destination_actions.subscriptions import Expression, compile_subscription, expression_from_ast, segment_differences
from destination_actions.subscriptions.interpreted import Interpreter
from destination_actions.subscriptions.nodes import Condition, negation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

law = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@law
@given(conditions())
def test_canonical_text_compiles_to_an_equal_expression(condition: Condition) -> None:
    """compile(str(x)) == x."""
    expression = Expression(condition)
    assert compile_subscription(str(expression)) == expression


@law
@given(conditions())
def test_the_tree_reads_back(condition: Condition) -> None:
    """expression_from_ast reads what .ast gives, also after a trip through JSON."""
    expression = Expression(condition)
    assert expression_from_ast(json.loads(json.dumps(expression.ast))) == expression


@law
@given(conditions(), EVENTS)
def test_compiled_and_interpreted_agree(condition: Condition, event: dict[str, Any]) -> None:
    """The generated function and the node-by-node evaluation give one verdict."""
    assert Expression(condition).matches(event) == Interpreter(event).holds(condition)


@law
@given(conditions(), EVENTS)
def test_negation_is_exact(condition: Condition, event: dict[str, Any]) -> None:
    """An expression and its negation never agree."""
    assert Expression(condition).matches(event) != Expression(negation(condition)).matches(event)


@law
@given(conditions(), VALUES)
def test_matching_never_raises_and_never_changes_the_event(condition: Condition, event: Any) -> None:
    """Any JSON value may come as an event."""
    before = copy.deepcopy(event)
    assert Expression(condition).matches(event) in (True, False)
    assert before == event


@law
@given(conditions(), EVENTS, st.sampled_from(["track", "page", "a"]), st.sampled_from(["a", "Order Completed"]))
def test_index_keys_never_exclude_a_match(condition: Condition, event: dict[str, Any], kind: str, name: str) -> None:
    """A matching event has one of the demanded types and names."""
    expression = Expression(condition)
    for sent in (event, {**event, "type": kind, "event": name}):
        if expression.matches(sent):
            for known, field in ((expression.event_types(), "type"), (expression.event_names(), "event")):
                assert known is None or (isinstance(sent.get(field), str) and sent[field] in known)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(conditions(depth=2), EVENTS)
def test_an_explanation_agrees_with_the_verdict(condition: Condition, event: dict[str, Any]) -> None:
    """explain gives the verdict of matches, and edits that lead to a match."""
    expression = Expression(condition)
    explanation = expression.explain(event)
    assert expression.matches(event) == explanation.matches
    assert explanation.edits == () or expression.matches(explanation.apply(event))
    json.dumps(explanation.to_json())
    assert str(explanation)


@law
@given(st.text(alphabet="abtype=!<>()[],.\"'\\ andortoinul5@$*\n", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Only SubscriptionError leaves the parser, and what is read has canonical text and warnings."""
    with contextlib.suppress(SubscriptionError):
        assert compile_subscription(str(compile_subscription(text))) == compile_subscription(text)
        segment_differences(text)
