"""Making values that fit: one algorithm, driven by whoever picks (Hypothesis, or a counter for fixed examples)."""

from __future__ import annotations

from destination_actions.testing._generate.counted import Counted
from destination_actions.testing._generate.documents import document
from destination_actions.testing._generate.picks import Picks, Unfit
from destination_actions.testing._generate.schemas import value

__all__ = ["Counted", "Picks", "Unfit", "document", "value"]
