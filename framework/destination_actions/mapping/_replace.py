"""Replacing one literal text by another, in time that grows with the text alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replacement:
    """Put `text` in the place of `pattern`, everywhere or only the first time."""

    pattern: str
    text: str
    every: bool
    ignore_case: bool

    def applied(self, value: str) -> str:
        """Give the text with the replacements made."""
        if not self.ignore_case:
            return value.replace(self.pattern, self.text, -1 if self.every else 1)
        return "".join(self._pieces(value))

    def _pieces(self, value: str) -> list[str]:
        folded, pattern = folded_text(value), folded_text(self.pattern)
        pieces, begin = list[str](), 0
        while (at := folded.find(pattern, begin)) >= 0:
            pieces += (value[begin:at], self.text)
            begin = at + len(pattern)
            if not self.every:
                break
        return [*pieces, value[begin:]]


def folded_text(text: str) -> str:
    """Give a text of the same length in which letters that differ by case alone are the same for JavaScript."""
    return text.upper() if text.isascii() else "".join(map(_folded, text))


def _folded(character: str) -> str:
    """Fold one character as ECMAScript's Canonicalize does without the `u` flag.

    Nothing outside the Basic Multilingual Plane folds, nothing folds to several characters, nothing folds into ASCII.
    """
    upper = character.upper()
    if len(upper) != 1 or character > "\uffff" or (character > "\x7f" >= upper):
        return character
    return upper
