"""What a document says of authentication."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from destination_actions.scaffold.names import title, words_of
from destination_actions.scaffold.openapi.document import Api, Object, Operation
from destination_actions.scaffold.plan import Auth

_FLOWS: Final = ("clientCredentials", "authorizationCode")


def auth_of(api: Api, operation: Operation, notes: list[str]) -> Auth:
    """How an operation is authenticated: by the first of its ways that can be used."""
    wanted = _wanted(api, operation)
    if not wanted or any(not one for one in wanted):
        return Auth()
    for requirement in wanted:
        names = list(requirement)
        found = _read(_scheme(api, names[0]), requirement[names[0]])
        if found is not None:
            notes += [f"security: {name} is needed too; add it to settings.py" for name in names[1:]]
            return found
    named = ", ".join(name for one in wanted for name in one)
    notes.append(f"security: {named} cannot be used; write settings.py and credentials.py by hand")
    return Auth()


def check_path(api: Api, operation: Operation) -> tuple[str, ...]:
    """The shortest address with the same authentication that only reads, and needs nothing."""
    mine = [sorted(one) for one in _wanted(api, operation)]
    found = [
        one.path
        for one in api.operations.values()
        if one.method == "get"
        and "{" not in one.path
        and [sorted(names) for names in _wanted(api, one)] == mine
        and not any(api.resolved(given).get("required") for given in _parameters(one))
    ]
    shortest = min(found, key=lambda path: (len(path), path), default="")
    return tuple(part for part in shortest.split("/") if part)


def _parameters(operation: Operation) -> Iterator[Any]:
    for owner in (operation.shared, operation.own):
        yield from owner.get("parameters") or ()


def _wanted(api: Api, operation: Operation) -> list[Mapping[str, Any]]:
    found = operation.own.get("security", api.root.get("security"))
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _scheme(api: Api, name: str) -> Object:
    schemes = api.resolved(api.root.get("components")).get("securitySchemes") or {}
    return api.resolved(schemes.get(name))


def _read(scheme: Object, scopes: Any) -> Auth | None:
    kind, way = str(scheme.get("type")), str(scheme.get("scheme", "")).lower()
    if kind == "http" and way == "basic":
        return Auth(scheme="basic")
    if kind == "http" and way == "bearer":
        return Auth(scheme="key", secret="Access Token")  # noqa: S106 - what people call it
    if kind == "apiKey" and scheme.get("in") == "header":
        header = str(scheme.get("name") or "X-Api-Key")
        return Auth(scheme="key", header=header, prefix="", secret=_called(header))
    if kind == "oauth2":
        return _oauth(scheme, scopes)
    return None


def _oauth(scheme: Object, scopes: Any) -> Auth | None:
    flows = scheme.get("flows") or {}
    for name in _FLOWS:
        flow = flows.get(name)
        if isinstance(flow, Mapping) and str(flow.get("tokenUrl", "")).startswith("https://"):
            wanted = " ".join(map(str, scopes)) if isinstance(scopes, list) else ""
            return Auth(scheme="oauth2", token_url=str(flow["tokenUrl"]), scope=wanted, refresh=name != _FLOWS[0])
    return None


def _called(header: str) -> str:
    """What people call the key in a header: `X-Api-Key` is `API Key`."""
    words = [word for word in words_of(header) if word != "x"]
    return " ".join(title(word) for word in words) if words and words[0] != "authorization" else "API Key"
