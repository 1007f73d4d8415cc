"""Rows by their keys, many with one statement: a look at one costs a third of a statement of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

_SIZES: Final = (8, 64)
"""How many keys a statement takes, so that few statements have to be prepared; what is left of them is NULL."""


class Lookup:
    """`statement` ends with what is compared, such as `SELECT ... WHERE key`; rows come in no order."""

    def __init__(self, statement: str) -> None:
        self._statements = {size: f"{statement} IN ({', '.join('?' * size)})" for size in _SIZES}

    def rows(self, connection: sqlite3.Connection, keys: Sequence[object]) -> Iterator[Any]:
        """Give the rows that are there."""
        few, many = _SIZES
        for at in range(0, len(keys), many):
            part = keys[at : at + many]
            size = few if len(part) <= few else many
            yield from connection.execute(self._statements[size], (*part, *[None] * (size - len(part))))
