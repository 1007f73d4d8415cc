"""Cases of data files whose input is bytes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any


def cases(path: Path) -> list[Any]:
    """The lines of a data file."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def joined(parts: list[Any]) -> bytes:
    """The text of a data file's `raw`: parts, or parts with how often they come."""
    return "".join(part if isinstance(part, str) else part[0] * part[1] for part in parts).encode(
        "utf-8", "surrogatepass"
    )


def content_of(case: dict[str, Any]) -> bytes:
    """The bytes of a case: `body` as JSON, `raw` as text in parts, `hex`, or `gzip` of text in parts."""
    if "gzip" in case:
        return gzip.compress(joined(case["gzip"]))
    if "hex" in case:
        return bytes.fromhex(case["hex"])
    return joined(case["raw"]) if "raw" in case else json.dumps(case.get("body")).encode()
