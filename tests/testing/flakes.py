"""Runs the conformance kit and the case files again and again, each time in a process with another hash seed and in
another order: how often does something fail?

    python tests/testing/flakes.py 200
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLUGS = ("twilio-studio", "webhook")


def main(runs: int) -> int:
    """Run; the exit code says whether every run came out alike."""
    began, flakes = time.perf_counter(), 0
    for number in range(runs):
        environ = os.environ | {"PYTHONHASHSEED": str(number)}
        done = subprocess.run(
            [sys.executable, __file__, "once", str(number)], env=environ, capture_output=True, text=True, check=False
        )
        flakes += done.returncode != 0
        if done.returncode:
            print(f"run {number}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        elif number == 0:
            print(done.stdout.strip(), flush=True)
    print(f"{runs} runs, {flakes} with a failure, {time.perf_counter() - began:.0f} s")
    return 1 if flakes else 0


def once(seed: int) -> int:
    """One run in an order of its own; the exit code says whether anything failed."""
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
    print(f"{checks} checks of {len(SLUGS)} plugins and {len(cases)} cases")
    print("\n".join(failures))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(once(int(sys.argv[2])) if sys.argv[1:2] == ["once"] else main(int((sys.argv[1:] or ["200"])[0])))
