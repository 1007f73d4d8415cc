"""Members of members of one scope, read once each.

Most of a mapping's time goes into looking keys up, and its paths begin alike: `$.properties.total`,
`$.properties.currency`. An object on the way to several values is looked up once, and asked once whether it is one; a
value that is read several times is read once. Both happen where the scope begins, whether they are needed or not.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from ._generated import Code

Keys: TypeAlias = tuple[str, ...]

_NOTHING: dict[str, Any] = {}


def as_object(value: Any) -> dict[str, Any]:
    """Give what has the members of a value: objects themselves, and what has none for anything else."""
    return value if isinstance(value, dict) else _NOTHING


class Reads:
    """The reading from one scope: `known` tells that it is a dict."""

    def __init__(self, code: Code, scope: str, *, known: bool = False) -> None:
        self._code, self._scope, self._known = code, scope, known
        self._times: Counter[Keys] = Counter()
        self._values: dict[Keys, str] = {}
        self._objects: dict[Keys, str] = {(): scope} if known else {}

    def read(self, keys: Keys, variable: str) -> None:
        """Write the reading of what is at some keys, or `MISSING`."""
        self._times[keys] += 1
        held = self._values.get(keys)
        if held is not None:
            self._code.line(f"{variable} = {held}")
        else:
            self._read(keys, variable, "MISSING")

    def share(self, drafted: Reads) -> None:
        """Write the reading of what is read more than once, as a draft shows."""
        values = [keys for keys, times in drafted._times.items() if times > 1]
        for keys in sorted({*values, *_crossings(drafted._times)}, key=len):
            if keys in values:
                self._values[keys] = self._code.variable()
                self._read(keys, self._values[keys], "MISSING")
            if keys in _crossings(drafted._times) and keys not in self._objects:
                self._share_object(keys)

    def _share_object(self, keys: Keys) -> None:
        code, variable = self._code, self._code.variable()
        held = self._values.get(keys) if keys else self._scope
        if held is None:
            self._read(keys, variable, code.bind(_NOTHING))
            code.line(f"if type({variable}) is not dict: {variable} = {code.bind(as_object)}({variable})")
        else:
            code.line(f"{variable} = {held} if type({held}) is dict else {code.bind(as_object)}({held})")
        self._objects[keys] = variable

    def _read(self, keys: Keys, variable: str, default: str) -> None:
        """Write the reading by way of the nearest object that is known; what is none on the rest has no members."""
        code = self._code
        known = next((keys[:end] for end in reversed(range(len(keys))) if keys[:end] in self._objects), None)
        start = self._scope if known is None else self._objects[known]
        *between, last = keys[len(known or ()) :]
        steps = [f".get({code.bind(key)}, {code.bind(_NOTHING)})" for key in between]
        found = f"{variable} = {start}{''.join(steps)}.get({code.bind(last)}, {default})"
        if known is not None and not between:
            code.line(found)
            return
        code.line(f"try: {found}", f"except AttributeError: {variable} = {default}")


def _crossings(paths: Counter[Keys]) -> list[Keys]:
    """Give the keys of objects on the way to several values."""
    beyond: dict[Keys, set[str]] = {}
    for keys in paths:
        for end, key in enumerate(keys):
            beyond.setdefault(keys[:end], set()).add(key)
    return [keys for keys, further in beyond.items() if len(further) > 1]
