"""How fast mappings are, and how soon the ones that are meant to do harm are stopped.

    python benchmarks/mapping.py [--json]

Throughput is that of one thread on `inputs/mapping.json` (twelve fields) and `inputs/event.json`, the best of five
runs; the result is compared with `inputs/expected_mapped.json` first. A bomb is a mapping that would take for ever or
fill the memory; the milliseconds are those until it was refused or stopped, with the limit that its error names.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from destination_actions.errors import MappingError
from destination_actions.mapping import ResolveError, compile_mapping

INPUTS = Path(__file__).parent / "inputs"
RUNS = 5
EVENTS = 20_000


def read(name: str) -> Any:
    return json.loads((INPUTS / f"{name}.json").read_text(encoding="utf-8"))


def throughput() -> float:
    """Give how many events a second the twelve-field mapping resolves."""
    mapping, event = compile_mapping(read("mapping")), read("event")
    assert mapping.resolve(event) == read("expected_mapped")
    return max(EVENTS / seconds(lambda: [mapping.resolve(event) for _ in range(EVENTS)]) for _ in range(RUNS))


def compiling() -> float:
    """Give the milliseconds that compiling the twelve-field mapping takes."""
    mapping = read("mapping")
    return min(seconds(lambda: compile_mapping(mapping)) for _ in range(RUNS)) * 1_000


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def nested(depth: int) -> Any:
    node: Any = "x"
    for _ in range(depth):
        node = {"@literal": node}
    return node


def doubled_by_transform(levels: int, inner: Any) -> Any:
    copies = {"a": [{"@path": "$."}] * 30}
    for _ in range(levels):
        inner = {"@transform": {"apply": copies, "mapping": {"b": inner}}}
    return {"out": inner}


def shape_in_shape(levels: int) -> Any:
    node: Any = {"@path": "$.x"}
    for _ in range(levels):
        node = {"@arrayPath": ["$$.items", {"n": node}]}
    return {"@if": {"exists": node, "then": 1}}


ITEMS = {
    "items": [{"x": 1}] * 1_000,
    "text": "x" * 200_000,
    "braces": "{" * 500_000,
    "deep": json.loads("[" * 900 + "]" * 900),
}


def bombs() -> Iterator[tuple[str, Any]]:
    """Give each bomb with its name."""
    yield "nesting", nested(5_000)
    yield "nodes", {"a": [0] * 20_000}
    shared: Any = ["x"] * 100
    for _ in range(8):
        shared = [shared] * 100
    yield "nodes by aliases", shared
    yield "long path", {"@path": "$." + "a" * 2_000}
    yield "JMESPath, doubling", {"@jmespath": " | ".join(["[@,@][]"] * 25)}
    yield "JMESPath, doubling of lists", {"@jmespath": "items | " + " | ".join(["[@,@]"] * 50)}
    yield (
        "JMESPath, doubling and comparing",
        {"@jmespath": f"({' | '.join(['[@,@]'] * 50)}) == ({' | '.join(['[@,@]'] * 50)})"},
    )
    yield "JMESPath, doubling and to_string", {"@jmespath": f"to_string({' | '.join(['[@,@]'] * 50)})"}
    yield "JMESPath, doubling in projections", {"@jmespath": "items" + " | [*].[@, @, @, @][]" * 12}
    yield "JMESPath, nesting", {"@jmespath": "!" * 490 + "a"}
    yield "JMESPath, join", {"@jmespath": "join(text, items[*].to_string(@))"}
    yield "items in items", shape_in_shape(7)
    yield "doubling by @transform", doubled_by_transform(7, {"@path": "$."})
    yield "doubling and @json", doubled_by_transform(6, {"@json": {"mode": "encode", "value": {"@path": "$."}}})
    yield "doubling and @flatten", doubled_by_transform(6, {"@flatten": {"separator": ".", "value": {"@path": "$."}}})
    yield "doubling and @excludeWhenNull", doubled_by_transform(6, {"@excludeWhenNull": {"@path": "$."}})
    yield "doubling and @template", doubled_by_transform(6, {"@template": "{{a}}"})
    yield "large texts", {str(number): {"@template": "{{text}}{{text}}"} for number in range(100)}
    yield "the whole event, often", {str(number): {"@path": "$."} for number in range(3_000)}
    yield "braces", {"@template": {"@path": "$.braces"}}
    yield "hashes", [{"@hash": {"value": {"@path": "$.text"}}}] * 2_000
    yield "replacing", {"@replace": {"pattern": "x", "replacement": "1234567890", "value": {"@path": "$.text"}}}
    yield "deep value", {"@json": {"mode": "encode", "value": {"@path": "$.deep"}}}
    yield "Liquid, loop", {"@liquid": "{% for i in (1..1000000000) %}x{% endfor %}"}
    yield "Liquid, doubling", {"@liquid": "{% assign a = text %}" + "{% assign a = a | append: a %}" * 30 + "{{ a }}"}
    yield "Liquid, range", {"@liquid": "{{ (1..1000000000) | join }}"}
    yield "Liquid, replacing", {"@liquid": "{{ text | replace: '', text }}"}
    yield "Liquid, splitting", {"@liquid": "{{ text" + " | split: '' | join: ''" * 40 + " }}"}
    yield (
        "Liquid, lists in lists",
        {"@liquid": "{% assign a = items %}" + "{% assign a = a | push: a %}" * 30 + "{{ a }}"},
    )


def defused(mapping: Any) -> tuple[float, str]:
    """Give the milliseconds that a bomb takes, and what its error names."""
    began = time.perf_counter()
    try:
        compile_mapping(mapping).resolve(ITEMS)
        verdict = "harmless"
    except MappingError as error:
        verdict = "refused: " + error.message.rpartition("(")[2].rstrip(")")
    except ResolveError as error:
        verdict = f"stopped: limit: {error.limit}"
    return (time.perf_counter() - began) * 1_000, verdict


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON")
    as_json = parser.parse_args().json
    figures = {"events a second": round(throughput()), "milliseconds to compile": round(compiling(), 2)}
    rows = {name: defused(mapping) for name, mapping in bombs()}
    if as_json:
        print(
            json.dumps(
                {**figures, "bombs": {name: {"ms": ms, "verdict": verdict} for name, (ms, verdict) in rows.items()}}
            )
        )
        return
    for name, figure in figures.items():
        print(f"{name}: {figure:,}")
    for name, (milliseconds, verdict) in rows.items():
        print(f"{milliseconds:9.1f} ms  {name}: {verdict}")


if __name__ == "__main__":
    main()
