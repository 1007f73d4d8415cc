"""What all requests of a configured webhook share: the signature, the credentials, and where connections may go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Literal

from destination_actions import FieldProblem, FieldSet, OAuth2, Origin, Secret, field

from destination_actions_webhook.addresses import complaint, is_private_enough, origin_of


def _one_kind_of_credentials(settings: Settings) -> Iterator[FieldProblem]:
    kinds = {
        "bearer_token": settings.bearer_token is not None,
        "username": settings.username is not None or settings.password is not None,
        "token_url": _oauth_begun(settings),
    }
    given = [name for name, there in kinds.items() if there]
    for name in given[1:]:
        yield FieldProblem(name, "is one way too many: give a bearer token, a user name, or OAuth 2.0", code="conflict")
    if given and settings.credentials_origin is None:
        yield FieldProblem("credentials_origin", "is needed: it says who gets the credentials", code="required")


def _oauth_begun(settings: Settings) -> bool:
    return any((settings.token_url, settings.client_id, settings.client_secret))


def _complete(settings: Settings) -> Iterator[FieldProblem]:
    parts: dict[str, object] = {"username": settings.username, "password": settings.password}
    oauth = {
        "token_url": settings.token_url,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
    }
    for group in (parts, oauth):
        if any(value is not None for value in group.values()):
            lacking = [name for name, value in group.items() if value is None]
            yield from (FieldProblem(name, "is needed with the other ones", code="required") for name in lacking)
    if settings.username is not None and ":" in settings.username:
        yield FieldProblem("username", "cannot contain a colon", code="format")


def _safe_addresses(settings: Settings) -> Iterator[FieldProblem]:
    for name, url in (("token_url", settings.token_url), ("credentials_origin", settings.credentials_origin)):
        if url is None:
            continue
        if wrong := complaint(url):
            yield FieldProblem(name, wrong, code="format")
        elif not is_private_enough(url):
            yield FieldProblem(name, "must start with https://, since credentials go there", code="format")
        elif name == "credentials_origin" and url.split("/", 3)[3:] not in ([], [""]):
            yield FieldProblem(name, "is scheme, host and port only, without a path", code="format")


def _networks(settings: Settings) -> Iterator[FieldProblem]:
    for text in settings.allow_networks:
        try:
            ip_network(text)
        except ValueError as error:
            yield FieldProblem("allow_networks", f'has "{text}": {error}; write 10.1.0.0/16', code="format")


class Settings(FieldSet):
    """How to sign, how to authenticate, where connections may go."""

    shared_secret: Secret | None = field(
        "Shared Secret", "Signs every request; the receiver knows it too.", default=None
    )
    signature: Literal["sha256", "sha1", "both"] = field(
        "Signature", "sha256: X-Signature-256, with a timestamp. sha1: X-Signature, as Segment signs.", default="sha256"
    )
    credentials_origin: str | None = field(
        "Credentials Origin",
        "The scheme, host and port that get the credentials below; no other address does.",
        placeholder="https://hooks.example.com",
        default=None,
    )
    bearer_token: Secret | None = field("Bearer Token", "Sent as Authorization: Bearer.", default=None)
    username: str | None = field("User Name", "For Basic authentication.", default=None)
    password: Secret | None = field("Password", "For Basic authentication.", default=None)
    token_url: str | None = field(
        "Token URL", "For OAuth 2.0 client credentials: where access tokens come from.", default=None
    )
    client_id: str | None = field("Client ID", "For OAuth 2.0.", default=None)
    client_secret: Secret | None = field("Client Secret", "For OAuth 2.0.", default=None)
    scope: str | None = field("Scope", "For OAuth 2.0, if the server wants one; separated by spaces.", default=None)
    audience: str | None = field("Audience", "For OAuth 2.0, if the server wants one.", default=None)
    allow_networks: list[str] = field(
        "Allowed Networks",
        "Networks that are not public but may be connected to, such as 10.1.0.0/16.",
        default=[],
    )

    validators = (_one_kind_of_credentials, _complete, _safe_addresses, _networks)


def origins(settings: Settings) -> list[Origin]:
    """The one origin that gets the fixed credentials, if there are any."""
    if settings.credentials_origin is None:
        return []
    if settings.bearer_token is not None:
        headers = {"Authorization": f"Bearer {settings.bearer_token.reveal()}"}
        return [Origin(settings.credentials_origin, headers=headers)]
    if settings.username is not None and settings.password is not None:
        return [Origin(settings.credentials_origin, auth=(settings.username, settings.password.reveal()))]
    return []


def has_credentials(settings: Settings, url: str) -> bool:
    """Whether requests to this address carry credentials of the settings."""
    home = settings.credentials_origin
    given = settings.bearer_token or settings.username or settings.token_url
    return bool(home and given and origin_of(home) == origin_of(url))


def allowed_networks(settings: Settings) -> list[str]:
    """What the guard lets through besides public addresses."""
    return settings.allow_networks


def _client(settings: Settings) -> tuple[str, str]:
    return settings.client_id or "", settings.client_secret.reveal() if settings.client_secret else ""


def _token_origins(settings: Settings) -> list[str]:
    return [settings.credentials_origin] if settings.token_url and settings.credentials_origin else []


def _token_parameters(settings: Settings) -> Mapping[str, str]:
    given = {"scope": settings.scope, "audience": settings.audience}
    return {name: value for name, value in given.items() if value}


oauth: OAuth2[Settings] = OAuth2(
    token_url=lambda settings: settings.token_url or "",
    client=_client,
    origins=_token_origins,
    parameters=_token_parameters,
)
