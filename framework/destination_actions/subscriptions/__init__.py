"""Subscriptions: the expressions that say which events trigger an action.

`compile_subscription` reads one; the result only walks compiled code while events flow. The language is FQL as Segment
documents it; `segment_differences` tells where Segment would have read an expression otherwise.
"""

from destination_actions.subscriptions.differences import Difference, segment_differences
from destination_actions.subscriptions.edits import Edit
from destination_actions.subscriptions.explain import Explanation, Read, Verdict
from destination_actions.subscriptions.expression import Expression, compile_subscription, expression_from_ast

__all__ = [
    "Difference",
    "Edit",
    "Explanation",
    "Expression",
    "Read",
    "Verdict",
    "compile_subscription",
    "expression_from_ast",
    "segment_differences",
]
