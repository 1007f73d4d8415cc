"""HTTP for destinations: a request client over exchangeable engines, safe URLs, and redaction.

An engine says of every request whether it was answered, certainly not sent, or possibly sent; see `errors.HttpError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from destination_actions.http._unsafe import UnsafeRequest
from destination_actions.http.client import CAP, TIMEOUT, HttpClient, OriginClients
from destination_actions.http.credentials import Credentials
from destination_actions.http.direct_engine import DirectEngine
from destination_actions.http.engines import make_engine
from destination_actions.http.guard import AddressGuard
from destination_actions.http.headers import Headers
from destination_actions.http.httpx_engine import HttpxEngine
from destination_actions.http.redaction import MASK, Redactor, mask_phones, untouched
from destination_actions.http.response import NotJson, Response
from destination_actions.http.urls import Params, origin_of, url_of

if TYPE_CHECKING:
    from destination_actions.http.aiohttp_engine import AiohttpEngine

__all__ = [
    "CAP",
    "MASK",
    "TIMEOUT",
    "AddressGuard",
    "AiohttpEngine",
    "Credentials",
    "DirectEngine",
    "Headers",
    "HttpClient",
    "HttpxEngine",
    "NotJson",
    "OriginClients",
    "Params",
    "Redactor",
    "Response",
    "UnsafeRequest",
    "make_engine",
    "mask_phones",
    "origin_of",
    "untouched",
    "url_of",
]


def __getattr__(name: str) -> Any:
    """Import the engine over aiohttp when it is asked for: it takes as long as all the rest of this package."""
    if name == "AiohttpEngine":
        from destination_actions.http.aiohttp_engine import AiohttpEngine

        return AiohttpEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
