"""The reference page says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from destination_actions.subscriptions import compile_subscription, limits
from destination_actions.subscriptions.functions import FUNCTIONS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "subscriptions.md").read_text(encoding="utf-8")
EXAMPLES = [line for block in re.findall(r"```fql\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]


def function_rows() -> str:
    """Give the table of functions."""
    names = {1: "value", 2: "text, part"}
    return "\n".join(f"| `{name}({names[found.arity]})` | {found.summary} |" for name, found in FUNCTIONS.items())


def limit_rows() -> str:
    """Give the list of limits."""
    rows = [
        ("characters of an expression", limits.MAX_CHARACTERS),
        ("levels of conditions, functions and lists", limits.MAX_DEPTH),
        ("levels of parentheses and negations as written", limits.MAX_BRACKETS),
        ("elements of a list in an expression", limits.MAX_ITEMS),
        ("characters of a pattern", limits.MAX_PATTERN),
        ("keys of a path", limits.MAX_KEYS),
        ("steps of one evaluation", limits.MAX_STEPS),
    ]
    return "\n".join(f"- {number:,} {what}" for what, number in rows)


def test_every_function_and_limit_is_listed() -> None:
    """The page has the generated table of functions and the limits of the code."""
    assert function_rows() in PAGE
    assert limit_rows() in PAGE


@pytest.mark.parametrize("text", EXAMPLES)
def test_examples_compile(text: str) -> None:
    """Each example of the page is an expression."""
    assert compile_subscription(str(compile_subscription(text))) == compile_subscription(text)


def test_the_python_example_runs() -> None:
    """The Python block runs as it stands."""
    exec(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0], {})
