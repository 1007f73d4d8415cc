"""Values that must not be shown."""

from __future__ import annotations

import hmac
from typing import Any, Final

MASK: Final = "***"
"""What stands in every message, log and dump where a secret would."""


class Secret:
    """A text that shows as `***` wherever it is printed, formatted, dumped or pickled; `reveal()` gives it.

    It is not a `str`, so it cannot slip into a URL, a log line or a JSON document by accident. Two secrets compare in
    constant time; a secret never equals a plain text.
    """

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_Secret__text", str(text))

    def reveal(self) -> str:
        """Give the text itself."""
        return self.__text  # type: ignore[attr-defined, no-any-return]

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a secret does not change."""
        raise AttributeError("a Secret cannot be changed")

    def __delattr__(self, name: str) -> None:
        """Refuse: a secret does not change."""
        raise AttributeError("a Secret cannot be changed")

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        """Hash the text, so that secrets can be keys."""
        return hash((Secret, self.reveal()))

    def __bool__(self) -> bool:
        """Be false when empty, as a text is."""
        return bool(self.reveal())

    def __repr__(self) -> str:
        """Show the mask."""
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        """Show the mask."""
        return MASK

    def __format__(self, spec: str) -> str:
        """Show the mask."""
        return format(MASK, spec)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the mask only; keep secrets in memory or read them anew."""
        return Secret, (MASK,)

    def __getstate__(self) -> str:
        """Give the mask to whoever asks for what is inside."""
        return MASK

    def __copy__(self) -> Secret:
        """Give itself, as immutable values do."""
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Secret:
        """Give itself, as immutable values do."""
        return self


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")
