"""What a destination's functions say about its settings, tried while the runtime is built: later they must not fail.

They are the plugin's own code and run outside of any delivery, so that a fault of theirs would be everybody's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from destination_actions.definitions import Action, Destination, OAuth2, Origin
from destination_actions.errors import ConfigurationError, DefinitionError
from destination_actions.fields import FieldSet
from destination_actions.http import AddressGuard, Credentials, Redactor, origin_of

T = TypeVar("T")


def tried(what: str, call: Callable[[], T], redactor: Redactor | None = None) -> T:
    """Call a plugin's function; whatever it raises becomes a `DefinitionError` that names it, without secrets."""
    try:
        return call()
    except (KeyboardInterrupt, ConfigurationError):
        raise
    except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
        text = f"{what} failed: {type(error).__name__}: {error}"
        raise DefinitionError(redactor.text(text) if redactor else text) from None


def check_functions(destination: Destination[Any], settings: FieldSet, redactor: Redactor) -> None:
    """Try every function of settings. Raises `DefinitionError` with all that fail or give what cannot be used."""
    failures: list[ConfigurationError] = []
    for name, call in _calls(destination, settings):
        try:
            tried(f"{destination.slug}.{name}", call, redactor)
        except ConfigurationError as error:
            failures += error.errors
    if failures:
        raise DefinitionError("\n".join(error.message for error in failures), errors=failures)


def _calls(destination: Destination[Any], settings: FieldSet) -> Iterator[tuple[str, Callable[[], object]]]:
    origins, account, allowed = destination.origins, destination.account, destination.allowed_addresses
    oauth = destination.authentication.oauth if destination.authentication else None
    if origins is not None:
        yield "origins", lambda: [_usable(origin) for origin in origins(settings)]
    if account is not None:
        yield "account", lambda: account(settings).encode()
    if allowed is not None:
        yield "allowed_addresses", lambda: AddressGuard(allow=tuple(allowed(settings)))
    if oauth is not None:
        yield "authentication.oauth", lambda: _asked(oauth, settings)
    for action in destination.actions:
        if callable(action.rate):
            yield f"{action.slug}.rate", lambda action=action: _rate(action, settings)  # type: ignore[misc]


def _usable(origin: Origin) -> object:
    return (
        origin_of(origin.url),
        Credentials.of_headers(origin.headers),
        origin.auth and Credentials.basic(*origin.auth),
    )


def _asked(oauth: OAuth2[Any], settings: FieldSet) -> object:
    """What a request for a token is made of; nothing is asked for where no origin takes one."""
    if not [origin_of(url) for url in oauth.origins(settings)]:
        return None
    client, secret = oauth.client(settings)
    first = oauth.refresh_token(settings) if oauth.refresh_token else None
    parameters = oauth.parameters(settings) if callable(oauth.parameters) else oauth.parameters
    return origin_of(oauth.token_url(settings)), f"{client}{secret}", first, dict(parameters)


def _rate(action: Action[Any, Any], settings: FieldSet) -> float:
    rate = action.rate(settings) if callable(action.rate) else action.rate
    return float(rate or 0)
