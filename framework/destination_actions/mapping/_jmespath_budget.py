"""A JMESPath interpreter that spends from the budget, for expressions whose work is not bounded by the event's size.

`[@, @][] | [@, @][] | ...` doubles a list at every step: a thousand characters are enough for more items than there are
atoms. jmespath's interpreter has no limit of its own.
"""

from __future__ import annotations

from typing import Any

from jmespath.functions import Functions
from jmespath.visitor import TreeInterpreter

from ._limits import Frame
from ._values import measure

STEPS_A_NODE = 5
CHARACTERS_A_STEP = 10


class BudgetedInterpreter(TreeInterpreter):
    """jmespath's interpreter; every node that it visits and every value that it goes through costs steps."""

    _functions: Functions

    def __init__(self, frame: Frame, pointer: str) -> None:
        super().__init__()
        self.frame = frame
        self.pointer = pointer

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        """Evaluate a node."""
        self.frame.spend(STEPS_A_NODE, self.pointer)
        return super().visit(node, *args, **kwargs)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        """Flatten a list by one level."""
        base = self.visit(node["children"][0], value)
        if not isinstance(base, list):
            return None
        self.frame.spend(sum(len(item) if isinstance(item, list) else 1 for item in base), self.pointer)
        return [part for item in base for part in (item if isinstance(item, list) else [item])]

    def visit_slice(self, node: Any, value: Any) -> Any:
        """Take a part of a list."""
        if isinstance(value, list):
            self.frame.spend(len(value) // CHARACTERS_A_STEP, self.pointer)
        return super().visit_slice(node, value)

    def visit_comparator(self, node: Any, value: Any) -> Any:
        """Compare two values."""
        left, right = (self.visit(child, value) for child in node["children"])
        self._spend_on(left)
        self._spend_on(right)
        sides: Any = [{"type": "literal", "value": side, "children": []} for side in (left, right)]
        compared: Any = {"type": "comparator", "value": node["value"], "children": sides}
        return super().visit_comparator(compared, value)

    def visit_function_expression(self, node: Any, value: Any) -> Any:
        """Call a function."""
        arguments = [self.visit(child, value) for child in node["children"]]
        for argument in arguments:
            self._spend_on(argument)
        if node["value"] == "join":
            self._spend_on_join(arguments)
        return self._functions.call_function(node["value"], arguments)

    def _spend_on(self, value: Any) -> None:
        most = max(self.frame.steps, 1) * CHARACTERS_A_STEP
        self.frame.spend(1 + measure(value, most) // CHARACTERS_A_STEP, self.pointer)

    def _spend_on_join(self, arguments: list[Any]) -> None:
        separator, items = arguments
        if isinstance(separator, str) and isinstance(items, list):
            self.frame.spend(len(separator) * len(items) // CHARACTERS_A_STEP, self.pointer)
