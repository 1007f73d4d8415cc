"""The figures as a picture: for each row how many times the peer's rate ours is, and where the raw limit lies."""

from __future__ import annotations

import math
from typing import Any
from xml.sax.saxutils import escape

LEFT, WIDTH, ROW = 340, 520, 24
LOW, HIGH = 0.1, 100.0
OURS, PEER, LIMIT, INK = "#2563eb", "#9ca3af", "#d97706", "#374151"


def svg(kept: dict[str, Any]) -> str:
    """Draw every row that has a peer; a logarithmic scale from a tenth to a hundred times the peer's rate."""
    rows = [row for row in kept["rows"] if "peer" in row["sides"]]
    height = 60 + ROW * len(rows)
    parts = [*_scale(height), *_legend()]
    for number, row in enumerate(rows):
        parts += _bars(row, 52 + ROW * number)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 60} {height}" font-family="sans-serif"'
        f' font-size="12" fill="{INK}" role="img">\n<title>Events a second, as multiples of the peer\'s</title>\n'
        f'<rect width="100%" height="100%" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _x(ratio: float) -> float:
    part = math.log10(min(max(ratio, LOW), HIGH) / LOW) / math.log10(HIGH / LOW)
    return round(LEFT + WIDTH * part, 1)


def _scale(height: int) -> list[str]:
    parts = []
    for mark in (0.1, 1, 10, 100):
        parts.append(f'<line x1="{_x(mark)}" y1="40" x2="{_x(mark)}" y2="{height - 8}" stroke="#e5e7eb"/>')
        parts.append(f'<text x="{_x(mark)}" y="34" text-anchor="middle">{mark:g}x</text>')
    return parts


def _legend() -> list[str]:
    words = ((OURS, "ours"), (PEER, "Segment on Node.js = 1x"), (LIMIT, "raw limit"))
    return [
        f'<rect x="{8 + 190 * at}" y="8" width="12" height="12" fill="{colour}"/>'
        f'<text x="{26 + 190 * at}" y="18">{word}</text>'
        for at, (colour, word) in enumerate(words)
    ]


def _bars(row: dict[str, Any], top: int) -> list[str]:
    rates = {name: side["events_per_second"] for name, side in row["sides"].items()}
    ratio = rates["ours"] / rates["peer"]
    group = "Twilio Studio: " if row["group"].startswith("Twilio") else ""
    parts = [
        f'<text x="{LEFT - 10}" y="{top + 13}" text-anchor="end">{escape(group + row["title"])}</text>',
        f'<rect x="{LEFT}" y="{top + 2}" width="{_x(ratio) - LEFT}" height="9" fill="{OURS}"/>',
        f'<rect x="{LEFT}" y="{top + 12}" width="{_x(1) - LEFT}" height="5" fill="{PEER}"/>',
        f'<text x="{_x(ratio) + 5}" y="{top + 11}">{ratio:.1f}x</text>',
    ]
    if "raw" in rates:
        at = _x(rates["raw"] / rates["peer"])
        parts.append(f'<line x1="{at}" y1="{top}" x2="{at}" y2="{top + 18}" stroke="{LIMIT}" stroke-width="3"/>')
    return parts
