"""The module of the settings, and that of the test of credentials."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from destination_actions.fields import FieldSet, fieldset_from_json
from destination_actions.scaffold.classes import classes, names_in
from destination_actions.scaffold.names import camel, snake
from destination_actions.scaffold.plan import Auth, PluginPlan
from destination_actions.scaffold.python import imported, laid_out, literal, module, prose, quoted, with_head

_NAMES: Final = ("FieldSet", "OAuth2", "Origin", "Secret", "field")


def settings_fields(plan: PluginPlan) -> type[FieldSet]:
    """The fields that a user fills in."""
    if plan.settings is not None:
        return plan.settings
    return fieldset_from_json(dict(_definitions(plan)), name="Settings")


def secret_key(auth: Auth) -> str:
    """The key of a setting that holds an API's key."""
    return camel(auth.secret)


def settings_source(plan: PluginPlan) -> str:
    """`settings.py`."""
    parts = [f"URL: Final = {quoted(plan.url)}"]
    if plan.auth.scheme == "oauth2":
        parts.append(f"OAUTH_URL: Final = {quoted(plan.auth.token_url)}")
    parts += classes(settings_fields(plan), "Settings", f"What a user of {prose(plan.name)} fills in.", set())
    parts.append(_origins(plan))
    if plan.auth.scheme == "oauth2":
        parts.append(_oauth(plan.auth))
    imports = [["from typing import Final"], [imported("destination_actions", names_in(parts, _NAMES))]]
    return module(
        f"How to reach {plan.name}: its address, the settings, and who gets the credentials.", imports, *parts
    )


def credentials_source(plan: PluginPlan) -> str:
    """`credentials.py`, for every scheme but none."""
    oauth = plan.auth.scheme == "oauth2"
    names = [
        "Authentication",
        "Check",
        "Context",
        "MaybeSent",
        "NotSent",
        *(["url_of"] if plan.auth.check_path else []),
    ]
    ours = ["URL", "Settings", *(["oauth"] if oauth else [])]
    advice = {"basic": "check the user name and the password", "oauth2": "check clientId and clientSecret"}
    what = advice.get(plan.auth.scheme, f"check {secret_key(plan.auth)}")
    path = "".join(f", {quoted(segment)}" for segment in plan.auth.check_path)
    body = _CHECK.format(
        name=quoted(plan.name), address=f"url_of(URL{path})" if path else "URL", advice=what, hint=_hint(plan.auth)
    )
    given = f'scheme="{plan.auth.scheme}", test=check_credentials{", oauth=oauth" if oauth else ""}'
    imports = [
        [imported("destination_actions", names)],
        [imported(f"{plan.package}.settings", ours)],
    ]
    last = f"authentication: Authentication[Settings] = Authentication({given})"
    return module("Whether the credentials work, as a request tells that only reads.", imports, body, last)


_CHECK: Final = '''\
async def check_credentials(ctx: Context[Settings]) -> list[Check]:
    """{hint}"""
    try:
        response = await ctx.http.get({address})
    except (NotSent, MaybeSent) as error:
        return [Check({name}, ok=False, message=f"could not be reached: {{error}}")]
    status = response.status_code
    if status in {{401, 403}}:
        return [Check({name}, ok=False, message=f"answered {{status}}: {advice}")]
    return [Check({name}, ok=status < 500, message=f"answered {{status}}")]'''


def _hint(auth: Auth) -> str:
    if auth.check_path:
        return "Get what the credentials let one read; it changes nothing."
    return "Get an address that needs credentials and changes nothing; put the cheapest of the API here."


def _definitions(plan: PluginPlan) -> Iterator[tuple[str, dict[str, Any]]]:
    auth, name = plan.auth, plan.name
    if auth.scheme == "basic":
        yield "username", _setting("User Name", f"Of your account at {name}.")
        yield "password", _setting("Password", "Or the token that stands for it.", secret=True)
    elif auth.scheme == "key":
        yield secret_key(auth), _setting(auth.secret, f"From your account at {name}.", secret=True)
    elif auth.scheme == "oauth2":
        yield "clientId", _setting("Client ID", f"Of your application at {name}.")
        yield "clientSecret", _setting("Client Secret", "Of the same application.", secret=True)
        if auth.refresh:
            yield "refreshToken", _setting("Refresh Token", "The first one; it is renewed from then on.", secret=True)


def _setting(label: str, description: str, *, secret: bool = False) -> dict[str, Any]:
    kind = "password" if secret else "string"
    return {"label": label, "description": description, "type": kind, "required": True}


def _origins(plan: PluginPlan) -> str:
    auth = plan.auth
    given = {"basic": ", auth=(settings.username, settings.password.reveal())"}.get(auth.scheme, "")
    lines = ["def origins(settings: Settings) -> list[Origin]:"]
    if auth.scheme == "key":
        value = f"settings.{snake(auth.secret)}.reveal()"
        value = f'f{quoted(auth.prefix)[:-1]}{{{value}}}"' if auth.prefix else value
        headers = laid_out(with_head("headers = ", literal({auth.header: ""})), 4).replace('""', value)
        lines += ['    """The API, and the credentials that go there and nowhere else."""', headers]
        given = ", headers=headers"
    elif auth.scheme == "basic":
        lines.append('    """The API, and the credentials that go there and nowhere else."""')
    else:
        unused = "" if auth.scheme == "oauth2" else " It takes no credentials."
        lines = ["def origins(_settings: Settings) -> list[Origin]:", f'    """The API.{unused}"""']
    return "\n".join([*lines, f"    return [Origin(URL{given})]"])


def _oauth(auth: Auth) -> str:
    lines = [
        "oauth: OAuth2[Settings] = OAuth2(",
        "    token_url=lambda _: OAUTH_URL,",
        "    client=lambda settings: (settings.client_id, settings.client_secret.reveal()),",
        "    origins=lambda _: [URL],",
        *(["    refresh_token=lambda settings: settings.refresh_token.reveal(),"] if auth.refresh else []),
        *([f"    scope={quoted(auth.scope)},"] if auth.scope else []),
        ")",
        '"""The access token is fetched with these, kept, shared by all workers, and sent to the API alone."""',
    ]
    return "\n".join(lines)
