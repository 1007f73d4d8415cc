"""What can go wrong, as one tree.

::

    DestinationActionsError
    ├── ConfigurationError        raised while something is built; never while an event is on its way
    │   ├── DefinitionError       a destination, an action or a field is declared wrongly (its author mends it)
    │   ├── PluginError           a plugin cannot be loaded, or two claim one name
    │   ├── SettingsError         the settings of a configured destination are not valid
    │   ├── MappingError          a mapping is not valid; points into it
    │   └── SubscriptionError     a subscription expression is not valid; gives line and column
    ├── HttpError                 one HTTP exchange came to nothing
    │   ├── NotSent               certain: the other side never had the request
    │   └── MaybeSent             unknown: the request left, or may have left, and no answer is known
    └── StoreError                a store did not do what was asked; the event is kept

The exceptions that `perform` raises (`Refused`, `TryAgain`, `AuthenticationFailed`) are answers and live in
`destination_actions.answers`. Outcomes of deliveries are values, in `destination_actions.outcomes`.

A message starts in lower case, names the thing, quotes the value, points to where it stands and never holds a secret.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches


class DestinationActionsError(Exception):
    """Base of every error of this package."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a text file something stands; lines and columns count from 1."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """Give `file:line:column`, as compilers print it."""
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class ConfigurationError(DestinationActionsError):
    """A definition or a configuration is wrong; found when the runtime is built.

    `pointer` is a JSON pointer into the document (`""` is its root), `place` a position in its file, and `hint` says
    what to do. `errors` holds every finding when several were made at once; the message is then their sum. `code` is a
    stable word for the kind of mistake, explained in `docs/reference/findings.md`.
    """

    code: str = "configuration"

    def __init__(
        self,
        message: str,
        *,
        pointer: str = "",
        hint: str | None = None,
        place: Place | None = None,
        errors: Sequence[ConfigurationError] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code
        self.message = message
        self.pointer = pointer
        self.hint = hint
        self.place = place
        self.errors: tuple[ConfigurationError, ...] = tuple(errors) or (self,)

    def __str__(self) -> str:
        """Give place, message and hint in one paragraph."""
        head = f"{self.place}: {self.message}" if self.place else self.message
        return f"{head}\n  hint: {self.hint}" if self.hint else head


class DefinitionError(ConfigurationError):
    """A destination, an action or a field is declared wrongly."""

    code = "definition"


class PluginError(ConfigurationError):
    """A plugin cannot be loaded, or two plugins claim one name."""

    code = "unknown-destination"


class SettingsError(ConfigurationError):
    """The settings of a configured destination are not valid."""

    code = "setting-invalid"


class MappingError(ConfigurationError):
    """A mapping is not valid; `pointer` leads to the node."""

    code = "mapping-invalid"


class SubscriptionError(ConfigurationError):
    """A subscription expression is not valid; `line` and `column` count from 1 within the expression."""

    code = "trigger-syntax"

    def __init__(self, message: str, *, line: int, column: int, hint: str | None = None, caret: str = "") -> None:
        super().__init__(message, hint=hint)
        self.line = line
        self.column = column
        self.caret = caret

    def __str__(self) -> str:
        """Give position and message, the line with a caret under the place, and the hint."""
        parts = [f"line {self.line}, column {self.column}: {self.message}"]
        parts += [self.caret] if self.caret else []
        parts += [f"  hint: {self.hint}"] if self.hint else []
        return "\n".join(parts)


class HttpError(DestinationActionsError):
    """One HTTP exchange came to nothing. `reason` is a short stable word such as `connect`, `timeout`, `reset`."""

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class NotSent(HttpError):  # noqa: N818 - a fact about the request, which is how callers read it
    """The other side never had the request: name not resolved, no connection, no TLS, no free connection in time."""


class MaybeSent(HttpError):  # noqa: N818
    """The request left or may have left, and no answer is known: whether it took effect cannot be told from here.

    An answer of 408 or 5xx says as little; `reason` is then `status 503`, and `after` its Retry-After in seconds.
    """

    def __init__(self, message: str, *, reason: str, after: float | None = None) -> None:
        super().__init__(message, reason=reason)
        self.after = after


class StoreError(DestinationActionsError):
    """A store did not do what was asked (locked, full, unreadable); the event is kept."""


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Give a hint such as `did you mean "@path"?` for a word that is close to a known one, else None."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else None
