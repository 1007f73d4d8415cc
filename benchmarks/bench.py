"""Ours and Segment's published packages on the same inputs, alternately, in one run: `make bench`.

    python benchmarks/bench.py [ROW ...] [--quick] [--json] [--docs]

Rows are those of `sidebyside/rows.py`, by name; all of them without. Both sides must come to the same result, and make
as many HTTP requests, before anything is measured. Segment's packages are installed into a cache folder at the first
run; where node is absent, their side is left out. `--json` prints the figures for keeping; `--docs` keeps them, and
writes docs/performance.md and its picture from them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sidebyside.compare import Plan, compared
from sidebyside.extras import memory, startup
from sidebyside.page import keep
from sidebyside.rows import rows
from sidebyside.sides import SideFailed, cores, mock, peer_modules
from sidebyside.table import groups, text

FULL, QUICK = (1.0, 2.5, 5), (0.4, 1.0, 3)
"""Seconds of a round, seconds of warming up, rounds."""


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    named = [line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False) if _has_node() else None
    return {
        "cpu": named[0] if named else platform.machine(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "node": node.stdout.strip().removeprefix("v") if node else None,
        "load": round(os.getloadavg()[0], 2),
    }


def _lines(path: str) -> Iterator[str]:
    file = Path(path)
    yield from file.read_text().splitlines() if file.exists() else ()


def _has_node() -> bool:
    return isinstance(peer_modules(), Path)


def measured(names: list[str], plan: Plan) -> Iterator[dict[str, Any]]:
    """The rows, one after the other; one that fails is told and left out."""
    with mock(cores()[1]) as server:
        for row in rows():
            if names and row.name not in names:
                continue
            try:
                yield compared(row, plan, server)
            except SideFailed as error:
                print(f"{row.name} FAILED: {error}", file=sys.stderr)


def main() -> int:
    """Measure and print; 1 when a row failed."""
    options = _options()
    modules = peer_modules()
    if isinstance(modules, str):
        print(modules, file=sys.stderr)
    seconds, warm_up, rounds = QUICK if options.quick else FULL
    plan = Plan(seconds, warm_up, rounds, modules if isinstance(modules, Path) else None)
    began = machine()
    memories = {} if options.rows else memory(plan.modules)
    starts = {} if options.rows else startup(plan.modules, 3 if options.quick else 9)
    found = []
    for row in measured(options.rows, plan):
        found.append(row)
        print(f"measured {row['name']}", file=sys.stderr)
    figures: dict[str, Any] = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": began,
        "plan": {"seconds": seconds, "rounds": rounds},
        "rows": found,
        "memory": memories,
        "startup": starts,
    }
    print(json.dumps(figures, indent=1, ensure_ascii=False) if options.json else "\n".join(told(figures)))
    wanted = options.rows or [row.name for row in rows()]
    complete = len(found) == len(wanted)
    if options.docs and complete and plan.modules:
        keep(figures)
    elif options.docs:
        print("docs/performance.md stays as it is: it shows complete runs with the peer alone", file=sys.stderr)
    return 0 if complete else 1


def told(figures: dict[str, Any]) -> Iterator[str]:
    """The figures for people."""
    for group, lines in groups(figures).items():
        yield f"\n{group}"
        yield from text(lines)
    for title, unit in (("memory", "KB an event"), ("startup", "ms")):
        if figures[title]:
            yield f"\n{title}, {unit}"
            yield from (f"{name:45} {one:10,}" for name, one in figures[title].items())


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to measure (all)")
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds: for a look, not for keeping")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--docs", action="store_true", help="keep the figures and write docs/performance.md from them")
    options = parser.parse_args()
    unknown = set(options.rows) - {row.name for row in rows()}
    if unknown:
        parser.error(f"there is no row {min(unknown)!r}; the rows are {', '.join(row.name for row in rows())}")
    if options.docs and options.rows:
        parser.error("--docs needs all rows")
    return options


if __name__ == "__main__":
    sys.exit(main())
