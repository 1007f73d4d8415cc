"""The README shows what there is."""

from __future__ import annotations

from pathlib import Path

from destination_actions import load_destination

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_configuration_is_the_example() -> None:
    """The configuration in the README is the file that the cases run."""
    assert (ROOT / "example" / "destinations.yaml").read_text(encoding="utf-8") in README


def test_every_field_stands_in_a_table() -> None:
    """Each setting, and each field of an action that has a section, is there with its key and its name."""
    destination = load_destination("slack")
    shown = [one.payload for one in destination.actions if f"## The action `{one.slug}`" in README]
    specs = [spec for fields in (destination.settings, *shown) for spec in fields.fields()]
    assert [] == [spec.key for spec in specs if f"| `{spec.key}` | {spec.label} |" not in README]
    assert shown
