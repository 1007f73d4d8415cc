"""Parts of a case file that remember where they stand, also after they were laid over one another.

A `Piece` is a JSON value whose members and items are pieces, each with the pointer of its place in the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.config.nodes import escape
from destination_actions.events import Json

_COLUMN: Final = re.compile(r"\$(\$?)\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(frozen=True, slots=True)
class Piece:
    """A value and the JSON pointer of its place; `value` is a dict or list of pieces, or a scalar."""

    pointer: str
    value: Any

    def get(self, key: str) -> Piece | None:
        """A member, or None."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self) -> list[Piece]:
        """The items of a list; empty for anything else."""
        return self.value if isinstance(self.value, list) else []

    def plain(self) -> Any:
        """The JSON value."""
        if isinstance(self.value, dict):
            return {key: piece.plain() for key, piece in self.value.items()}
        return [piece.plain() for piece in self.value] if isinstance(self.value, list) else self.value

    def find(self, pointer: str) -> Piece:
        """The piece at a pointer that starts here, or the nearest one above it."""
        here = self
        for part in pointer.split("/")[1:]:
            below = here.below(part.replace("~1", "/").replace("~0", "~"))
            if below is None:
                break
            here = below
        return here

    def below(self, part: str) -> Piece | None:
        """The member or item that one part of a pointer names."""
        if isinstance(self.value, list):
            return self.value[int(part)] if part.isdigit() and int(part) < len(self.value) else None
        return self.get(part)


EMPTY: Final = Piece("", {})


def pieces(value: Json, pointer: str = "") -> Piece:
    """A JSON value that stands at `pointer`, as pieces."""
    if isinstance(value, dict):
        return Piece(pointer, {key: pieces(item, f"{pointer}/{escape(key)}") for key, item in value.items()})
    if isinstance(value, list):
        return Piece(pointer, [pieces(item, f"{pointer}/{at}") for at, item in enumerate(value)])
    return Piece(pointer, value)


def laid_over(under: Piece | None, over: Piece | None) -> Piece:
    """Objects key by key; everything else of `over` replaces what is under it."""
    if under is None or over is None:
        return over or under or EMPTY
    if not isinstance(under.value, dict) or not isinstance(over.value, dict):
        return over
    both = {key: laid_over(under.value.get(key), piece) for key, piece in over.value.items()}
    return Piece(over.pointer or under.pointer, {**under.value, **both})


def filled(piece: Piece, row: Mapping[str, Piece], used: Callable[[str], None], unknown: Callable[..., None]) -> Piece:
    """Put a row's values in place of `${column}`: the value itself where that is the whole text, else as text.

    `$${column}` stays text, without the first dollar. `unknown` is told of the piece and name of a column there is not.
    """
    if isinstance(piece.value, dict):
        return Piece(piece.pointer, {key: filled(one, row, used, unknown) for key, one in piece.value.items()})
    if isinstance(piece.value, list):
        return Piece(piece.pointer, [filled(one, row, used, unknown) for one in piece.value])
    if not isinstance(piece.value, str):
        return piece

    def column(match: re.Match[str]) -> str:
        if match[1]:
            return match[0][1:]
        if match[2] not in row:
            unknown(piece, match[2])
            return match[0]
        used(match[2])
        return _text(row[match[2]].plain())

    whole = _COLUMN.fullmatch(piece.value)
    if whole and not whole[1] and whole[2] in row:
        used(whole[2])
        return row[whole[2]]
    return Piece(piece.pointer, _COLUMN.sub(column, piece.value))


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)
