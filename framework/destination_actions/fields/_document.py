"""A document as a source of values for generated code: its members are read by key, and none is known beforehand."""

from __future__ import annotations

from destination_actions.generated import Code, Value


class Document:
    """The members of a document, read by what is in a variable: its `get`. Which there are is not known."""

    def __init__(self, get: str) -> None:
        self._get = get

    def keys(self) -> frozenset[str]:
        """Give the keys that are known."""
        return frozenset()

    def value(self, key: str) -> Value:
        """Give the value of a key."""
        return Member(self._get, key)


class Member:
    """A member of a document: all that is known of it is where it stands."""

    def __init__(self, get: str, key: str) -> None:
        self._get, self._key = get, key

    def put(self, code: Code, variable: str) -> None:
        """Read it."""
        code.line(f"{variable} = {self._get}({code.bind(self._key)}, MISSING)")

    def members(self) -> None:
        """Say that only the value itself can tell."""

    def items(self) -> None:
        """Say that only the value itself can tell."""
