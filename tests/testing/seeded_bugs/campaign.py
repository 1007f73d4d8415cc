"""Runs the conformance kit on every seeded bug: prints which it misses, and fails below nine in ten."""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import seeded_bugs
from destination_actions.testing.conformance import conformance
from seeded_model import PROFILE, beacon

WANTED = 0.9


def main() -> int:
    """Run; the exit code says whether the kit is good enough."""
    began = time.perf_counter()
    clean = conformance(beacon(), profile=PROFILE)
    for result in clean.failures:
        print(f"the model fails {result.name}: {result.complaints[0]}")
    found = seeded_bugs.bugs()
    missed = 0
    for name, bug in found.items():
        failures = conformance(bug(), profile=PROFILE).failures
        missed += not failures
        print(f"{'caught' if failures else 'MISSED'}  {name:28} {', '.join(one.check for one in failures[:4])}")
    took = (time.perf_counter() - began) / (len(found) + 1)
    rate = 1 - missed / len(found)
    print(f"{len(found) - missed} of {len(found)} caught ({rate:.0%}), {took:.1f} s a plugin")
    return 0 if rate >= WANTED and not clean.failures else 1


if __name__ == "__main__":
    sys.exit(main())
