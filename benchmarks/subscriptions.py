"""How fast subscriptions are: `python benchmarks/subscriptions.py` prints events a second on one core, best of five.

The inputs are those that Segment's packages are measured on: one expression of three conditions, one event of 2.1 KB.
Segment parses the text again for every event; here it is compiled once, and only `matches` runs while events flow.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

from destination_actions.subscriptions import compile_subscription

INPUTS = Path(__file__).parent / "inputs"


def rate(work: Callable[[], object], times: int) -> float:
    """Give calls a second, the best of five runs."""
    return max(times / _seconds(work, times) for _ in range(5))


def _seconds(work: Callable[[], object], times: int) -> float:
    start = perf_counter()
    for _ in range(times):
        work()
    return perf_counter() - start


def main() -> None:
    """Measure and print."""
    text = json.loads((INPUTS / "subscription.json").read_text())["subscribe"]
    event = json.loads((INPUTS / "event.json").read_text())
    other, little = {**event, "type": "page"}, {**event, "properties": {"total": 49}}
    expression = compile_subscription(text)
    several = compile_subscription(
        'any(properties.products, price > 30 and match(name, "Set*")) and length(event) = 15'
    )
    bomb = compile_subscription("any(properties.n, any($.properties.n, any($.properties.n, @ = 1)))")
    heavy = {"properties": {"n": [0] * 1_000}}
    print(f"matched                    {rate(lambda: expression.matches(event), 200_000):12,.0f} /s")
    print(f"not matched, first clause  {rate(lambda: expression.matches(other), 200_000):12,.0f} /s")
    print(f"not matched, last clause   {rate(lambda: expression.matches(little), 200_000):12,.0f} /s")
    print(f"any() over three items     {rate(lambda: several.matches(event), 50_000):12,.0f} /s")
    print(f"compile and match          {rate(lambda: compile_subscription(text).matches(event), 1_000):12,.0f} /s")
    little_event = {"type": "track", "event": "Order Completed", "properties": {"total": 20}}
    print(f"explain a miss             {rate(lambda: expression.explain(little_event), 200):12,.0f} /s")
    milliseconds = 1000 / rate(lambda: bomb.matches(heavy), 2)
    print(f"1e9 steps, stopped after   {milliseconds:12,.1f} ms")


if __name__ == "__main__":
    main()
