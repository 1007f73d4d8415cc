"""The reference page names what exists."""

from pathlib import Path

import destination_actions.stores as package
import pytest
from destination_actions.protocols import ClaimStore, Verdict

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "cooldown.md").read_text(encoding="utf-8")
OPERATIONS = [name for name in vars(ClaimStore) if not name.startswith("_") and name != "aclose"]


@pytest.mark.parametrize("name", [verdict.name for verdict in Verdict] + OPERATIONS)
def test_the_reference_has_a_row_for_each(name: str) -> None:
    """Every verdict and every operation of the protocol has a row in the reference."""
    assert f"\n| `{name}` |" in PAGE


def test_the_public_names_exist() -> None:
    """Every name of `__all__` can be imported, and they are in order."""
    assert [name for name in package.__all__ if not hasattr(package, name)] == []
    assert package.__all__ == sorted(package.__all__)


def test_the_operations_are_known() -> None:
    """The protocol has six operations."""
    assert sorted(OPERATIONS) == ["ambiguous", "claim", "confirm", "mark_sent", "release", "settle"]
