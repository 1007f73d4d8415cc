"""Running generated Python, in the one place where it is done.

Sources are made of fixed words and numbered names alone. Every text and constant of a mapping is bound to a name, so no
text of a mapping is ever a part of a source; and what has the same shape has the same source, which is compiled once.
"""

from __future__ import annotations

from functools import lru_cache
from types import CodeType
from typing import Any


def defined(source: str, name: str, names: dict[str, Any]) -> Any:
    """Run a source that defines a function, with `names` as its globals, and give the function."""
    exec(_code(source), names)  # noqa: S102 - see above
    return names[name]


@lru_cache(maxsize=1024)
def _code(source: str) -> CodeType:
    return compile(source, "<mapping>", "exec")
