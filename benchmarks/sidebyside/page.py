"""The page of the documentation: what stands between its marks is written from the figures that are kept."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from sidebyside.chart import svg
from sidebyside.table import groups, growth, markdown, pairs

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
CHART = ROOT / "docs" / "performance.svg"
KEPT = ROOT / "benchmarks" / "kept.json"


def kept() -> dict[str, Any]:
    """The figures of the run that the page shows."""
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def blocks(figures: dict[str, Any]) -> dict[str, str]:
    """What stands between the marks, by the name of the mark."""
    tables = {_mark(group): markdown(rows) for group, rows in groups(figures).items()}
    return tables | {
        "machine": _machine(figures),
        "growth": growth(figures),
        "memory": pairs(figures["memory"], "KB an event"),
        "startup": pairs(figures["startup"], "ms"),
    }


def written(page: str, figures: dict[str, Any]) -> str:
    """The page with these figures. Raises `ValueError` when a mark is missing."""
    for name, block in blocks(figures).items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not mark.search(page):
            raise ValueError(f'{PAGE.name} has no mark "{name}"')
        page = mark.sub(lambda match, block=block: f"{match[1]}{block}\n{match[2]}", page)
    return page


def keep(figures: dict[str, Any]) -> None:
    """Keep the figures, and write page and picture from them."""
    KEPT.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8"), figures), encoding="utf-8")
    CHART.write_text(svg(figures), encoding="utf-8")


def _mark(group: str) -> str:
    return group.split(",", maxsplit=1)[0].split(" ", maxsplit=1)[0].lower()


def _machine(figures: dict[str, Any]) -> str:
    machine, plan = figures["machine"], figures["plan"]
    lines = [f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}; Python {machine['python']}"]
    lines[0] += f", Node.js {machine['node']}" if machine["node"] else ""
    lines[0] += f"; {figures['date']}. Medians of {plan['rounds']} rounds of {plan['seconds']:g} s a side;"
    lines.append("`spread` is half of the range of the rounds. The load of the machine when it began, one minute's")
    lines.append(f"average, was {machine['load']:g}.")
    return "\n".join(lines)
