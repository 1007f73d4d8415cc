"""Mistakes seeded into the examples and into the configurations of the destinations: how many that break are flagged.

python tests/checking/campaign.py 20        # seeds, from 1,000 on
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "_support"))

from check_trials import Tally, of_destinations, of_examples, tried
from planned_events import CREDENTIALS

WANTED = 0.95
FIRST = 1_000
COUNT = 56
"""Mutants of each configuration."""


def of_seed(seed: int) -> dict[str, Tally]:
    """What becomes of one seed, for the examples and for the destinations."""
    os.environ.update(CREDENTIALS)
    with tempfile.TemporaryDirectory() as folder:
        groups = {"examples": of_examples(), "destinations": list(of_destinations())}
        return {name: tried(trials, Path(folder), COUNT, seed) for name, trials in groups.items()}


def main(seeds: int) -> int:
    """Run; the exit code says whether the check is good enough, and says nothing that is not so."""
    began, broken, flagged, lowest, untrue = time.perf_counter(), Counter[str](), Counter[str](), {}, []
    missed: Counter[str] = Counter()
    with ProcessPoolExecutor(2) as pool:
        for seed, groups in enumerate(pool.map(of_seed, range(FIRST, FIRST + seeds)), FIRST):
            print(f"seed {seed}: " + "; ".join(f"{name} {tally}" for name, tally in groups.items()), flush=True)
            for name, tally in groups.items():
                broken[name] += tally.broken.total()
                flagged[name] += tally.flagged.total()
                lowest[name] = min(tally.rate, lowest.get(name, 1.0))
                untrue += tally.untrue
                missed.update(f"{one.kind}: {one.what} ({config})" for config, one in tally.missed)
    print(*(f"missed {count}x {what}" for what, count in missed.most_common()), sep="\n")
    print(*(f"UNTRUE {one}" for one in untrue), sep="\n")
    rates = {name: flagged[name] / broken[name] for name in broken}
    for name, rate in rates.items():
        print(f"{name}: {flagged[name]} of {broken[name]} flagged ({rate:.1%}), lowest seed {lowest[name]:.1%}")
    print(f"{len(untrue)} verdicts that an event contradicts; {time.perf_counter() - began:.0f} s")
    return 0 if min(rates.values()) >= WANTED and not untrue else 1


if __name__ == "__main__":
    sys.exit(main(int((sys.argv[1:] or ["20"])[0])))
