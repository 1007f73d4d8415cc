"""Code blocks of the documents, and what they run against."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the document it stands in."""

    language: str
    text: str
    document: str
    line: int


def blocks_of(name: str) -> list[Block]:
    """Every fenced block of a document."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [Block(m[1], m[2], name, text.count("\n", 0, m.start()) + 1) for m in _BLOCK.finditer(text)]


@pytest.fixture(scope="session")
def readme() -> list[Block]:
    """The blocks of README.md."""
    return blocks_of("README.md")


@pytest.fixture(scope="session")
def contributing() -> list[Block]:
    """The blocks of CONTRIBUTING.md."""
    return blocks_of("CONTRIBUTING.md")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT
