"""The long campaign: the claim state machine over every store for many runs, and every wrong protocol over many seeds.

    python tests/stores/campaign.py [RUNS] [MUTANT_SEEDS]

Prints one line for each part and ends with exit code 1 when an invariant broke or a wrong protocol went unnoticed.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from claims_machine import run_machine
from claims_mutants import WRONG_TRANSITIONS, WRONG_WORKERS, world_of
from claims_stores import WORLDS
from claims_world import Broken, World

RUNS = 20_000
MUTANT_SEEDS = 5
MUTANT_RUNS = 40_000
CHUNK = 1_000


def broken(make: Callable[[], World], runs: int, start: int) -> str | None:
    """Run the machine; gives what broke, or None."""
    report = io.StringIO()
    with contextlib.redirect_stdout(report):
        try:
            run_machine(make, runs=runs, start=start)
        except Broken as error:
            return f"{error}\n{report.getvalue()}"
    return None


def over_stores(runs: int) -> Iterator[bool]:
    """Run the right protocol over every store, in chunks with seeds of their own."""
    chunks = -(-runs // CHUNK)
    for name, worlds in WORLDS.items():
        began = time.monotonic()
        with worlds() as make:
            failure = next(filter(None, (broken(make, CHUNK, start) for start in range(chunks))), None)
        outcome = f"BROKEN: {failure}" if failure else "I1 to I9 hold"
        print(f"{name}: {chunks * CHUNK} runs, {time.monotonic() - began:.0f} s: {outcome}", flush=True)
        yield failure is None


def over_mutants(seeds: int) -> Iterator[bool]:
    """Run every wrong protocol with several seeds; each has to be noticed each time."""
    for wrong in WRONG_WORKERS + WRONG_TRANSITIONS:
        began = time.monotonic()
        noticed = [broken(world_of(wrong), MUTANT_RUNS, start) for start in range(seeds)]
        survived = noticed.count(None)
        seconds = time.monotonic() - began
        print(f"{wrong.__name__}: noticed with {seeds - survived} of {seeds} seeds, {seconds:.1f} s", flush=True)
        yield survived == 0


def main() -> int:
    """Run both campaigns."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else MUTANT_SEEDS
    return 0 if all([*over_stores(runs), *over_mutants(seeds)]) else 1


if __name__ == "__main__":
    sys.exit(main())
