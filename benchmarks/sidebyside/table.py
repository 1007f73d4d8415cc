"""The figures as tables: Markdown for the page, aligned text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

HEAD = ("", "ours /s", "spread", "CPU µs", "peer /s", "spread", "CPU µs", "ratio", "by CPU", "target", "of the limit")


def groups(kept: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each group, in their order."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in kept["rows"]:
        found.setdefault(row["group"], []).append(row)
    return found


def cells(row: dict[str, Any]) -> Sequence[str]:
    """One row: title, both sides, ratios to the peer, target, and our part of the raw limit."""
    ratios, target = row["ratios"], row["target"]
    peer, raw = ratios.get("peer"), ratios.get("raw")
    return (
        row["title"],
        *_side(row["sides"]["ours"]),
        *_side(row["sides"].get("peer")),
        f"{peer['wall']:.2f}" if peer else "",
        f"{peer['cpu']:.2f}" if peer else "",
        f"{target:g}, {'met' if peer['wall'] >= target else 'missed'}" if target and peer else "",
        f"{raw['wall']:.0%}" if raw else "",
    )


def _side(side: dict[str, Any] | None) -> Sequence[str]:
    if side is None:
        return ("", "", "")
    cpu = side["cpu_us"]
    return (f"{side['events_per_second']:,.0f}", f"±{side['spread']:.0%}", f"{cpu:.2f}" if cpu < 10 else f"{cpu:.0f}")


def growth(kept: dict[str, Any]) -> str:
    """How much more an event costs with a thousand subscriptions than with one."""
    ours = {row["name"]: row["sides"]["ours"]["cpu_us"] for row in kept["rows"]}
    times = ours["subscriptions-1000"] / ours["subscriptions-1"]
    verdict = "met" if times < 2 else "missed"
    return (
        f"With 1,000 subscriptions an event costs {times:.2f} times as much as with one (target: under 2, {verdict})."
    )


def markdown(rows: Sequence[dict[str, Any]]) -> str:
    """A table of Markdown."""
    lines = ["| " + " | ".join(HEAD) + " |", "|---|" + "---:|" * (len(HEAD) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(cells(row)) + " |" for row in rows)])


def text(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Lines of aligned text."""
    table = [HEAD, *map(cells, rows)]
    widths = [max(len(line[at]) for line in table) for at in range(len(HEAD))]
    for line in table:
        yield line[0].ljust(widths[0]) + "".join(
            f"  {cell.rjust(w)}" for cell, w in zip(line[1:], widths[1:], strict=True)
        )


def pairs(figures: dict[str, float], unit: str) -> str:
    """Figures of one kind as a table of Markdown."""
    return "\n".join([f"| | {unit} |", "|---|---:|", *(f"| {name} | {one:,} |" for name, one in figures.items())])
