"""An operation of a document as the plan of a plugin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from destination_actions.errors import ConfigurationError
from destination_actions.fields import fieldset_from_json
from destination_actions.scaffold.addresses import base_url
from destination_actions.scaffold.names import camel, pascal, slug_of, title
from destination_actions.scaffold.openapi.answers import answers_of
from destination_actions.scaffold.openapi.document import Api, Object, Operation
from destination_actions.scaffold.openapi.schemas import Reader, sentence
from destination_actions.scaffold.openapi.security import auth_of, check_path
from destination_actions.scaffold.plan import PLACE, ActionPlan, Encoding, PluginPlan

_IGNORED: Final = frozenset({"accept", "content-type", "authorization"})
_PLACE: Final = re.compile(r"\{([^{}]+)\}")


@dataclass(slots=True)
class _Fields:
    """The fields found so far, and where each goes under which name of the API."""

    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    places: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, place: str, name: str, definition: dict[str, Any]) -> None:
        """Take one more; a key that is taken gets its place before it."""
        key = camel(name)
        if key in self.definitions:
            key = camel(f"{place} {name}")
            definition["label"] = f"{definition['label']} ({place})"
        while key in self.definitions:
            key += "2"
        self.definitions[key] = definition
        self.places.setdefault(place, {})[name] = key

    def at(self, place: str) -> dict[str, str]:
        """Names of the API and keys of fields."""
        return self.places.get(place, {})


def plan_of(api: Api, name: str) -> PluginPlan:
    """The plan of a plugin whose action is this operation. Raises `ConfigurationError` where that cannot be."""
    operation = api.operation(name)
    reader = Reader(api)
    action = _action(operation, reader)
    url = _url(operation, reader)
    auth = auth_of(api, operation, reader.notes)
    return PluginPlan(
        slug=slug_of(api.title),
        name=api.title,
        description=sentence(str(api.root.get("info", {}).get("description") or "")) or f"Sends events to {api.title}.",
        action=action,
        url=url,
        auth=replace(auth, check_path=check_path(api, operation)) if auth.scheme != "none" else auth,
        notes=tuple(dict.fromkeys(reader.notes)),
    )


def _action(operation: Operation, reader: Reader) -> ActionPlan:
    """The operation as an action: its parameters and the members of its body are the fields."""
    fields = _Fields()
    idempotency = _parameters(operation, reader, fields)
    encoding = _body(operation, reader, fields)
    slug = _slug(operation)
    return ActionPlan(
        slug=slug,
        title=title(slug),
        description=_about(operation) or f"{title(slug)}.",
        payload=fieldset_from_json(fields.definitions, name=pascal(slug)),
        method=operation.method.upper(),
        path=_path(operation, fields, reader.api),
        encoding=encoding,
        body=fields.at("body"),
        query=fields.at("query"),
        headers=fields.at("header"),
        idempotency=idempotency,
        fixed=frozenset(fields.at("path").values()),
        answers=answers_of(operation, reader),
    )


def _about(operation: Operation) -> str:
    """What the document says of it, as a sentence; empty where it says nothing."""
    about = sentence(str(operation.own.get("summary") or operation.own.get("description") or ""))
    return about if not about or about.endswith((".", "!", "?")) else f"{about}."


def _slug(operation: Operation) -> str:
    words = f"{operation.method} {operation.path}" if " " in operation.name else operation.name
    return camel(words)


def _parameters(operation: Operation, reader: Reader, fields: _Fields) -> str:
    """Take the parameters as fields; gives the header that is for idempotency keys, if there is one."""
    idempotency = ""
    for given in _merged(operation, reader):
        place, name = str(given.get("in")), str(given.get("name"))
        required = given.get("required") is True or place == "path"
        if place == "cookie":
            reader.notes.append(f"{name}: cookies are not sent; it is left out")
        elif place == "header" and name.lower() in _IGNORED:
            continue
        elif place == "header" and "idempotency" in name.lower():
            idempotency = name
        else:
            about = str(given.get("description") or "")
            definition = reader.field(name, given.get("schema"), required=required, about=about)
            if place == "path" and definition.get("type") not in {"string", "integer"}:
                definition = {**definition, "type": "string"}
                definition = {word: definition[word] for word in ("label", "description", "required", "type")}
            fields.add(place, name, definition)
    return idempotency


def _merged(operation: Operation, reader: Reader) -> list[Object]:
    """The parameters; those of the operation in place of the path's."""
    found: dict[tuple[Any, Any], Object] = {}
    for owner in (operation.shared, operation.own):
        for one in owner.get("parameters") or ():
            given = reader.api.resolved(one)
            found[given.get("name"), given.get("in")] = given
    return sorted(found.values(), key=lambda given: given.get("in") != "path")


def _body(operation: Operation, reader: Reader, fields: _Fields) -> Encoding:
    """Take the members of the body as fields; gives its encoding."""
    body = reader.api.resolved(operation.own.get("requestBody"))
    content = body.get("content")
    if not isinstance(content, Mapping) or not content:
        return "none"
    encoding, schema = _chosen(operation, content, reader)
    whole = reader.merged(schema)
    if not whole.get("properties"):
        hint = "write the action by hand: destinations new NAME, and its body in perform"
        raise ConfigurationError(f"{operation.name}: its body has no properties to make fields of", hint=hint)
    for name, inner, required in reader.properties(whole):
        fields.add("body", name, reader.field(name, inner, required=required))
    return encoding


def _chosen(operation: Operation, content: Object, reader: Reader) -> tuple[Encoding, Any]:
    kinds = {str(kind).partition(";")[0].strip().lower(): reader.api.resolved(one) for kind, one in content.items()}
    for kind, one in kinds.items():
        if kind == "application/json" or kind.endswith("+json"):
            return "json", one.get("schema")
    if "application/x-www-form-urlencoded" in kinds:
        return "form", kinds["application/x-www-form-urlencoded"].get("schema")
    named = ", ".join(kinds)
    hint = "JSON and application/x-www-form-urlencoded can be; write others by hand"
    raise ConfigurationError(f"{operation.name}: a body of {named} cannot be made of fields", hint=hint)


def _path(operation: Operation, fields: _Fields, api: Api) -> tuple[str, ...]:
    """The segments, with the keys of fields in place of the names of parameters."""
    known = fields.at("path")

    def key(match: re.Match[str]) -> str:
        if match[1] not in known:
            raise ConfigurationError(f"{api.file}: {operation.path} has no parameter for {match[0]}")
        return f"{{{known[match[1]]}}}"

    return tuple(_PLACE.sub(key, part) for part in operation.path.split("/") if part)


def _url(operation: Operation, reader: Reader) -> str:
    """The API's address: the first server of the operation, the path or the document."""
    server = reader.api.resolved(next(_servers(operation, reader.api), {"url": ""}))
    text = str(server.get("url") or "")
    for name, variable in (server.get("variables") or {}).items():
        default = str(reader.api.resolved(variable).get("default") or "")
        reader.notes.append(f'URL: "{default}" stands for {{{name}}}; make it a setting if it is not always that')
        text = text.replace(f"{{{name}}}", default)
    if not text.startswith(("https://", "http://")):
        reader.notes.append(f'URL: the document says "{text}"; put the API\'s whole address into settings.py')
        text = PLACE + ("/" + text.strip("/") if text.strip("/") else "")
    return base_url(text)


def _servers(operation: Operation, api: Api) -> Iterator[Any]:
    for owner in (operation.own, operation.shared, api.root):
        yield from owner.get("servers") or ()
