"""The loop of a command: garbage is looked for seldom while it runs, and as before when it has ended."""

import gc
from collections.abc import Iterator

import pytest
from destination_actions.cli.loop import SELDOM, completed


@pytest.fixture(autouse=True)
def threshold() -> Iterator[None]:
    """Leave the process as it was."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


async def seen() -> int:
    """The threshold as a command finds it."""
    return gc.get_threshold()[0]


@pytest.mark.parametrize(
    ("given", "while_running"), [(700, SELDOM), (SELDOM * 2, SELDOM * 2), (0, 0)], ids=["usual", "higher", "off"]
)
def test_cycles_are_looked_for_seldom(given: int, while_running: int) -> None:
    """The usual threshold is raised while a command runs; a higher one and none at all are left alone."""
    gc.set_threshold(given, 10, 10)
    assert completed(seen()) == while_running
    assert gc.get_threshold() == (given, 10, 10)
