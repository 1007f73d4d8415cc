"""The one error of this package that is neither an answer nor the network's: a request that must not leave as given."""

from __future__ import annotations

from destination_actions.errors import DestinationActionsError


class UnsafeRequest(DestinationActionsError, ValueError):  # noqa: N818 - a fact about the request
    """The request would not say on the wire what its author meant; nothing was sent and sending it again is no use.

    Raised for a URL that leaves its template, a header that breaks out of its line, and a body that cannot be encoded.
    """


def utf8(text: str, what: str) -> bytes:
    """Give `text` in UTF-8; raises `UnsafeRequest` naming `what` when it contains half of a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise UnsafeRequest(f"{what}: contains half of a surrogate pair, which cannot be encoded") from None
