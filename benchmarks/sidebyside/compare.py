"""Running a row: both sides and the raw limit take turns, round after round, on the same core."""

from __future__ import annotations

import json
import statistics
import tempfile
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sidebyside.job import inputs
from sidebyside.rows import Row
from sidebyside.sides import Mock, Side, SideFailed, cache, cores, ours, peer


@dataclass(frozen=True)
class Plan:
    """How long and how often."""

    seconds: float
    warm_up: float
    rounds: int
    modules: Path | None


@dataclass
class Figures:
    """One side's rounds: events a wall-clock second, and microseconds of processor time an event."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def add(self, measured: list[dict[str, float]]) -> None:
        """Put a round of one or more processes together."""
        self.rates.append(sum(one["events"] / one["wall"] for one in measured))
        self.cpu.append(1e6 * sum(one["cpu"] for one in measured) / sum(one["events"] for one in measured))

    def to_json(self) -> dict[str, Any]:
        """Median, spread (half of the range around it, as a part of it) and the rounds."""
        rate = statistics.median(self.rates)
        return {
            "events_per_second": round(rate, 1),
            "spread": round((max(self.rates) - min(self.rates)) / 2 / rate, 3),
            "cpu_us": round(statistics.median(self.cpu), 3),
            "rounds": [round(one) for one in self.rates],
        }


def compared(row: Row, plan: Plan, mock: Mock) -> dict[str, Any]:
    """Check that all sides do the same work, then measure. Raises `SideFailed` where they do not."""
    side_core = None if row.processes > 1 else cores()[0]
    with ExitStack() as stack:
        sides: dict[str, list[Side]] = {"ours": [stack.enter_context(ours(side_core)) for _ in range(row.processes)]}
        if row.peer and plan.modules:
            sides["peer"] = [stack.enter_context(peer(plan.modules, side_core)) for _ in range(row.processes)]
        if row.raw:
            sides["raw"] = [stack.enter_context(ours(side_core))]
        names = {"ours": row.case, "peer": row.peer, "raw": row.raw}
        # Not the system's temporary folder, which may be in memory, where making durable costs nothing.
        cache().mkdir(parents=True, exist_ok=True)
        folder = stack.enter_context(tempfile.TemporaryDirectory(dir=cache()))
        options = row.options | {"port": mock.port, "folder": folder}
        for name, processes in sides.items():
            for one in processes:
                one.ask(do="open", case=names[name], inputs=inputs(), **options)
        _check(row, sides, mock)
        figures = {name: Figures() for name in sides}
        for name, processes in sides.items():
            _measured(processes, row, plan.warm_up, mock, name)  # the peer's compiler needs a while
        for _ in range(plan.rounds):
            for name, processes in sides.items():
                figures[name].add(_measured(processes, row, plan.seconds, mock, name))
        for one in sides["ours"]:
            one.ask(do="close")
    return _result(row, figures)


def _check(row: Row, sides: dict[str, list[Side]], mock: Mock) -> None:
    """Both sides come to the expected result, and make as many requests."""
    results = {}
    for name in ("ours", "peer"):
        for one in sides.get(name, ()):
            before = mock.requests()
            results[name] = one.ask(do="check")["result"]
            if row.requests and mock.requests() - before != row.requests:
                raise SideFailed(f"{row.name}: {name} made {mock.requests() - before} requests for one event")
    known = inputs()
    wanted = {"true": True}.get(row.expected or "", known.get(row.expected or ""))
    for name, result in results.items():
        if row.expected and result != wanted:
            raise SideFailed(f"{row.name}: {name} has a result of its own: {json.dumps(result)[:500]}")
    if "peer" in results and results["peer"] != results["ours"]:
        raise SideFailed(f"{row.name}: the results differ: {json.dumps(results)[:1000]}")


def _measured(processes: list[Side], row: Row, seconds: float, mock: Mock, name: str) -> list[dict[str, float]]:
    """One round; where requests are made, the mock must have counted those of every event."""
    before = mock.requests() if row.requests else 0
    for one in processes:
        one.begin(do="measure", seconds=seconds, **row.options)
    measured = [one.answer() for one in processes]
    if row.requests:
        counted, events = mock.requests() - before, sum(one["events"] for one in measured)
        if counted != row.requests * events:
            raise SideFailed(f"{row.name}: {name} made {counted} requests for {events} events")
    return measured


def _result(row: Row, figures: dict[str, Figures]) -> dict[str, Any]:
    found = {name: one.to_json() for name, one in figures.items()}
    ratios = {}
    for other in ("peer", "raw"):
        if other in found:
            ratios[other] = {
                "wall": round(found["ours"]["events_per_second"] / found[other]["events_per_second"], 3),
                "cpu": round(found[other]["cpu_us"] / found["ours"]["cpu_us"], 3),
            }
    return {key: value for key, value in asdict(row).items() if key != "options"} | {"sides": found, "ratios": ratios}
