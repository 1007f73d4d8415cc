"""Runs the conformance kit and the case files again and again, with other hash seeds and in other orders: how often
does something fail?

    python tests/testing/flakes.py 200
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLUGS = ("twilio-studio", "webhook")
EACH = 10
"""Runs of one process."""


def main(runs: int) -> int:
    """Run, two processes at a time; the exit code says whether every run came out alike."""
    began, done, flakes = time.perf_counter(), 0, 0
    parts = [(first, min(EACH, runs - first)) for first in range(0, runs, EACH)]
    with ThreadPoolExecutor(2) as pool:
        for (_, count), result in zip(parts, pool.map(_part, parts), strict=True):
            done += count
            flakes += result.stdout.count("\nFAILED") + (result.returncode not in {0, 1})
            print(f"{result.stdout.partition(chr(10))[0]}: {done} runs, {flakes} failed", flush=True)
            if result.returncode:
                print(result.stdout[-3000:], result.stderr[-3000:], flush=True)
    print(f"{runs} runs, {flakes} with a failure, {time.perf_counter() - began:.0f} s")
    return 1 if flakes else 0


def _part(part: tuple[int, int]) -> subprocess.CompletedProcess[str]:
    """Some runs in a process of their own."""
    first, count = part
    command = [sys.executable, __file__, "from", str(first), str(count)]
    environ = os.environ | {"PYTHONHASHSEED": str(first)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def several(first: int, count: int) -> int:
    """Some runs in this process; the exit code says whether any failed."""
    found = [
        failures for failures in (once(seed, first=seed == first) for seed in range(first, first + count)) if failures
    ]
    for failures in found:
        print("\nFAILED", *failures, sep="\n")
    return 1 if found else 0


def once(seed: int, *, first: bool) -> list[str]:
    """One run in an order of its own; what failed."""
    from destination_actions.testing.cases import load_cases, report_of, run_case
    from destination_actions.testing.cases.discover import case_files
    from destination_actions.testing.conformance import conformance
    from destination_actions.testing.conformance import run as kit

    chance = random.Random(seed)
    checks = 0
    failures: list[str] = []
    for name in ("OF_DESTINATION", "OF_ACTION"):
        setattr(kit, name, chance.sample(getattr(kit, name), len(getattr(kit, name))))
    for slug in chance.sample(SLUGS, len(SLUGS)):
        report = conformance(slug)
        checks += len(report.results)
        failures += [f"{slug} {result.name}: {result.complaints}" for result in report.failures]
    cases = [case for file in case_files([ROOT / "destinations", ROOT / "examples"]) for case in load_cases(file)]
    chance.shuffle(cases)
    failures += [report_of(result) for result in map(run_case, cases) if not result.ok]
    if first:
        print(f"{checks} checks of {len(SLUGS)} plugins and {len(cases)} cases", flush=True)
    return failures


if __name__ == "__main__":
    if sys.argv[1:2] == ["from"]:
        sys.exit(several(int(sys.argv[2]), int(sys.argv[3])))
    sys.exit(main(int((sys.argv[1:] or ["200"])[0])))
