"""From whatever an embedder hands in as `http=` to an engine."""

from __future__ import annotations

import inspect

import httpx

from destination_actions.errors import ConfigurationError
from destination_actions.http.direct_engine import DirectEngine
from destination_actions.http.httpx_engine import HttpxEngine
from destination_actions.protocols import HttpEngine


def make_engine(http: object = None) -> HttpEngine:
    """Give an engine for None (the default one), an httpx transport or client, or an engine, which is given back.

    Raises `ConfigurationError` for anything else.
    """
    if http is None:
        return DirectEngine()
    if isinstance(http, httpx.AsyncBaseTransport | httpx.AsyncClient):
        return HttpxEngine(http)
    if isinstance(http, HttpEngine) and not inspect.isclass(http):
        return http
    raise ConfigurationError(f"http: cannot send requests with {_shown(http)}", hint=_hint(http))


def _shown(http: object) -> str:
    kind = http if inspect.isclass(http) else type(http)
    return f"{'the class' if inspect.isclass(http) else 'a'} {kind.__module__}.{kind.__qualname__}"


def _hint(http: object) -> str:
    if inspect.isclass(http):
        return "give an object of it, not the class"
    if isinstance(http, httpx.Client | httpx.BaseTransport):
        return "requests run on an event loop: give an httpx.AsyncClient or an httpx.AsyncBaseTransport"
    return "give an httpx.AsyncBaseTransport, an httpx.AsyncClient, an engine, or nothing for the default one"
