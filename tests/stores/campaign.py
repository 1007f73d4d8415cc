"""The long campaign: the claim state machine over every store, every wrong protocol over many seeds, and all stores
against each other.

    python tests/stores/campaign.py [--runs N] [--seeds N] [--sequences N] [--jobs N] [--only WORD]

Prints a line for each part as it ends, then a table, and ends with exit code 1 when an invariant broke, a wrong
protocol went unnoticed, or two stores differed. `--only` picks the parts whose name contains the word.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from claims_machine import run_machine
from claims_mutants import WRONG_TRANSITIONS, WRONG_WORKERS, world_of
from claims_stores import WORLDS
from claims_world import Broken, World
from test_claims_agree import OPERATIONS, agreeing
from test_claims_machine import Counted

MUTANT_RUNS = 40_000
CHUNK = 1_000
PART = 5
"""Chunks of one task, so that two processes end at about the same time."""


@dataclass(frozen=True)
class Part:
    """What one task did: which part of the campaign it belongs to, how much, how long, and what was wrong."""

    name: str
    unit: str
    count: int
    seconds: float
    wrong: str = ""


def broken(make: Callable[[], World], runs: int, start: int) -> str:
    """Run the machine; gives what broke, or nothing."""
    report = io.StringIO()
    with contextlib.redirect_stdout(report):
        try:
            run_machine(make, runs=runs, start=start)
        except Broken as error:
            return f"{error}\n{report.getvalue()}"
    return ""


def over_store(name: str, runs: int, starts: range) -> Part:
    """Run the right protocol over a store, in chunks with seeds of their own."""
    began = time.monotonic()
    with WORLDS[name]() as make:
        wrong = next(filter(None, (broken(make, min(runs, CHUNK), start) for start in starts)), "")
    return Part(f"machine over {name}", "runs", len(starts) * min(runs, CHUNK), time.monotonic() - began, wrong)


def over_mutant(number: int, seeds: int) -> Part:
    """Run a wrong protocol with several seeds; it has to be noticed each time."""
    began, mutant = time.monotonic(), (WRONG_WORKERS + WRONG_TRANSITIONS)[number]
    noticed = sum(bool(broken(world_of(mutant), MUTANT_RUNS, start)) for start in range(seeds))
    wrong = "" if noticed == seeds else f"unnoticed with {seeds - noticed} of {seeds} seeds"
    return Part(f"mutant {mutant.__name__}", "seeds that notice it", noticed, time.monotonic() - began, wrong)


def over_trace() -> Part:
    """Take tokens that are counted within the record through the trace that notices them; random runs do not."""
    began = time.monotonic()
    try:
        Counted().test_trace_04_a_frozen_holder_wakes()
    except AssertionError:
        return Part("mutant CountedTokens", "trace that notices it", 1, time.monotonic() - began)
    return Part("mutant CountedTokens", "trace that notices it", 0, time.monotonic() - began, "unnoticed")


def over_all_stores(sequences: int) -> Part:
    """Run the same operations on all stores."""
    began, wrong = time.monotonic(), ""
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as folder:
        try:
            asyncio.run(agreeing(Path(folder), range(sequences)))
        except AssertionError as error:
            wrong = str(error)
    return Part("all stores agree", "operations", sequences * OPERATIONS, time.monotonic() - began, wrong)


def tasks(options: argparse.Namespace) -> Iterator[tuple[str, Callable[..., Part], tuple[object, ...]]]:
    """Every task of the campaign, with its name."""
    chunks = range(-(-options.runs // CHUNK))
    for name in WORLDS:
        for at in chunks[::PART]:
            yield f"machine over {name}", over_store, (name, options.runs, chunks[at : at + PART])
    for number, mutant in enumerate(WRONG_WORKERS + WRONG_TRANSITIONS):
        yield f"mutant {mutant.__name__}", over_mutant, (number, options.seeds)
    yield "mutant CountedTokens", over_trace, ()
    yield "all stores agree", over_all_stores, (options.sequences,)


def parts(options: argparse.Namespace) -> Iterator[Part]:
    """Carry out the tasks that were asked for, in several processes."""
    with ProcessPoolExecutor(options.jobs) as pool:
        wanted = [one for one in tasks(options) if options.only in one[0]]
        for done in as_completed([pool.submit(call, *arguments) for _, call, arguments in wanted]):
            yield done.result()


def line(part: Part) -> str:
    """A part for people."""
    fact = f"BROKEN: {part.wrong}" if part.wrong else "as it should be"
    return f"{part.name:28} {part.count:>8,} {part.unit:21} {part.seconds:7.1f} s  {fact}"


def totals(done: list[Part]) -> Iterator[Part]:
    """Add up the tasks of each part."""
    for name in dict.fromkeys(part.name for part in done):
        same = [part for part in done if part.name == name]
        count, seconds = sum(part.count for part in same), sum(part.seconds for part in same)
        yield Part(name, same[0].unit, count, seconds, next((part.wrong for part in same if part.wrong), ""))


def main() -> int:
    """Run the campaign."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20_000, help="runs of the machine over each store")
    parser.add_argument("--seeds", type=int, default=5, help="seeds for each wrong protocol")
    parser.add_argument("--sequences", type=int, default=1_000, help="sequences of 100 operations on all stores")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    began, done = time.monotonic(), []
    for part in parts(options):
        done.append(part)
        print(line(part), flush=True)
    print(f"\n{'-' * 28}")
    for part in sorted(totals(done), key=lambda part: part.name):
        print(line(part))
    wrong = sum(bool(part.wrong) for part in done)
    print(f"{time.monotonic() - began:.0f} s with {options.jobs} processes: {wrong or 'nothing'} wrong")
    return 1 if wrong or not done else 0


if __name__ == "__main__":
    sys.exit(main())
