"""What somebody wants from `destinations new`, from options or from answers to questions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, cast

import typer

from destination_actions.errors import ConfigurationError, nearest
from destination_actions.scaffold.addresses import base_url
from destination_actions.scaffold.existing import Existing, add_action
from destination_actions.scaffold.names import checked_action, checked_slug, display_name, slug_of, title
from destination_actions.scaffold.openapi import listed, plan_of, read_api
from destination_actions.scaffold.plan import PLACE, SCHEMES, Auth, PluginPlan, Scheme, plain_action

FIRST_ACTION: Final = "sendMessage"


@dataclass(frozen=True, slots=True)
class Given:
    """The options of the command, as they were given."""

    name: str | None
    slug: str | None
    description: str | None
    url: str | None
    auth: str | None
    action: str | None
    document: Path | None
    operation: str | None

    @property
    def slug_to_be(self) -> str:
        """The slug, given or made from the name."""
        return checked_slug(self.slug) if self.slug is not None else checked_slug(slug_of(self.name or ""))


def planned(given: Given) -> PluginPlan:
    """The plan of a new plugin. Raises `ConfigurationError` for what cannot be."""
    slug, name = given.slug_to_be, display_name(given.name or "")
    if given.document is not None:
        plan = _from_document(given).named(slug, name, given.description)
    else:
        if given.operation is not None:
            raise ConfigurationError("--operation is of a document", hint="name it with --from-openapi")
        description = given.description or f"Sends events to {name}."
        action = plain_action(checked_action(given.action or FIRST_ACTION))
        plan = PluginPlan(slug=slug, name=name, description=description, action=action, notes=_notes(given))
        plan = replace(plan, auth=Auth(scheme="key"))
    if given.url is not None:
        plan = replace(plan, url=checked_url(given.url, secret=(given.auth or plan.auth.scheme) != "none"))
    if given.auth is not None and given.auth != plan.auth.scheme:
        plan = replace(plan, auth=Auth(scheme=cast("Scheme", given.auth)))
    return plan


def added(given: Given, plugin: Existing) -> list[Path]:
    """Write one more action for a plugin that is there; gives the files."""
    for option, value in (("--auth", given.auth), ("--description", given.description)):
        if value is not None:
            message = f"{option} is for a new plugin, and {plugin.folder} is one already"
            raise ConfigurationError(message, hint="leave it out; the new action uses the settings that there are")
    url = None if given.url is None else checked_url(given.url, secret=True)
    if given.document is None:
        return add_action(plugin, plain_action(checked_action(given.action or FIRST_ACTION)), url)
    plan = _from_document(given)
    return add_action(plugin, plan.action, url)


def asked(given: Given) -> Given:
    """Ask for what is not given."""
    api = read_api(given.document) if given.document is not None else None
    name = _answer("Name", api.title if api is not None else None, display_name)
    slug = given.slug or _answer("Slug", slug_of(name), checked_slug)
    about = given.description or _answer("What it does, in a sentence", f"Sends events to {name}.")
    operation = given.operation
    if api is not None and operation is None:
        operation = _answer("Operation", api.names[0], lambda text: api.operation(text).name)
    given = replace(given, name=name, slug=slug, description=about, operation=operation)
    if api is not None:
        return given
    auth = given.auth or _answer(f"Authentication ({', '.join(SCHEMES)})", "key", lambda text: _one_of(text, SCHEMES))
    secret = auth != "none"
    url = given.url or _answer("The API's address", PLACE, lambda text: checked_url(text, secret=secret))
    action = given.action or _answer("First action", FIRST_ACTION, checked_action)
    return replace(given, auth=auth, url=url, action=action)


def checked_url(text: str, *, secret: bool) -> str:
    """An address that an API can have; one that gets secrets is https, or on this machine."""
    url = base_url(text)
    local = url.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
    if secret and not url.startswith("https://") and not local:
        raise ConfigurationError(f'the address "{text}" must start with https://, since credentials go there')
    return url


def _from_document(given: Given) -> PluginPlan:
    assert given.document is not None  # noqa: S101 - only called then
    api = read_api(given.document)
    if given.operation is None:
        hint = f"name one with --operation: {listed(api.names)}"
        raise ConfigurationError(f"{given.document}: there are {len(api.operations)} operations", hint=hint)
    plan = plan_of(api, given.operation)
    if given.action is None:
        return plan
    slug = checked_action(given.action)
    return replace(plan, action=replace(plan.action, slug=slug, title=title(slug)))


def _notes(given: Given) -> tuple[str, ...]:
    if given.url is not None:
        return ()
    return (f"{PLACE} stands in settings.py, README.md and the cases: put the API's address there",)


def _one_of(text: str, known: Any) -> str:
    if text not in known:
        hint = nearest(text, known) or f"one of {', '.join(list(known)[:12])}"
        raise ConfigurationError(f'there is no "{text}"', hint=hint)
    return text


def _answer(question: str, default: str | None, check: Callable[[str], str] = str.strip) -> str:
    """Ask until the answer is one. Raises `ConfigurationError` when nobody answers."""

    def checked(text: str) -> str:
        try:
            return check(text.strip())
        except ConfigurationError as error:
            raise typer.BadParameter(f"{error.message}{f'; {error.hint}' if error.hint else ''}") from None

    try:
        found: str = typer.prompt(question, default=default, value_proc=checked)
    except typer.Abort:
        hint = "give NAME, and options for what else matters: destinations new --help"
        raise ConfigurationError(f'there is no answer to "{question}"', hint=hint) from None
    return found
