"""An example of a new plugin in use: a configuration, and cases that run it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from destination_actions.events import MISSING
from destination_actions.fields import FieldSpec
from destination_actions.http import url_of
from destination_actions.scaffold.action import TRIGGER, is_whole
from destination_actions.scaffold.names import title
from destination_actions.scaffold.plan import ActionPlan, PluginPlan
from destination_actions.scaffold.settings import settings_fields
from destination_actions.testing.examples import example_document

_MOST: Final = 6
"""Fields that an example maps besides those that are required."""

_LINE: Final = 70
"""Characters of an object that is written on one line."""

_EVENT: Final = "Order Completed"
_PLACE: Final = re.compile(r"\{(\w+)\}")


def config_of(plan: PluginPlan) -> str:
    """`example/destinations.yaml`: one configured destination, its secrets from the environment."""
    configured = {
        "destination": plan.slug,
        "settings": {spec.key: f"${{env:{variable(plan, spec)}}}" for spec in settings_fields(plan).fields()},
        "subscriptions": [subscription(plan.action)],
    }
    if not configured["settings"]:
        del configured["settings"]
    return written({"destinations": {plan.slug: configured}})


def events_of(plan: PluginPlan) -> str:
    """`example/events.ndjson`: an event that is taken, and one that is not."""
    event = event_of(plan.action)
    events = (
        {**event, "messageId": "event-1"},
        {"type": "page", "name": "Home", "userId": "jane", "messageId": "event-2"},
    )
    return "".join(json.dumps(one, ensure_ascii=False) + "\n" for one in events)


def subscription(action: ActionPlan) -> dict[str, Any]:
    """A subscription to the action; what the defaults do not say is mapped."""
    mapping = mapping_of(action)
    return {
        "name": title(_EVENT),
        "subscribe": f'{TRIGGER} and event = "{_EVENT}"',
        "action": action.slug,
        **({"mapping": mapping} if mapping else {}),
    }


def variable(plan: PluginPlan, spec: FieldSpec) -> str:
    """The environment variable of a setting: `ACME_CHAT_API_KEY`."""
    return f"{plan.slug.replace('-', '_')}_{spec.name.rstrip('_')}".upper()


def mapping_of(action: ActionPlan) -> dict[str, Any]:
    """Where the values of an example come from: the event's properties, or the configuration itself."""
    document = _example(action)
    return {
        spec.key: document[spec.key] if spec.key in action.fixed else {"@path": f"$.properties.{spec.key}"}
        for spec in _shown(action)
    }


def event_of(action: ActionPlan) -> dict[str, Any]:
    """An event that the example's subscription takes."""
    document = _example(action)
    properties = {spec.key: document[spec.key] for spec in _shown(action) if spec.key not in action.fixed}
    event = {"type": "track", "event": _EVENT, "userId": "jane"}
    return event | ({"properties": properties} if properties else {})


def cases_of(plan: PluginPlan, action: ActionPlan, *, first: bool = True) -> str:
    """`tests/ACTION.cases.yaml`."""
    head = f"# What {action.slug} does, as data, for `destinations test`. Time is virtual, and the API is a script.\n\n"
    given = {**_given(plan, action, first=first), "event": event_of(action), "api": list(_api(plan, action))}
    cases = written({"cases": list(_cases(plan, action))}).replace("\n  - name: ", "\n\n  - name: ")
    return head + written({"given": given}) + "\n" + cases.replace("cases:\n\n", "cases:\n", 1)


def written(value: Any) -> str:
    """A value as YAML."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True
    )
    return text.replace("'on': ", "on: ")


class _Dumper(yaml.SafeDumper):
    """Indents lists, repeats what is the same, and writes short objects on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 - PyYAML's
        """Indent the items of a list within an object."""
        super().increase_indent(flow, False)

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        """Break up long objects."""
        node = super().represent_mapping(tag, mapping, flow_style)
        if node.flow_style and sum(len(key.value) + len(value.value) for key, value in node.value) > _LINE:
            node.flow_style = False
        return node

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's
        """Write everything out."""
        return True


def _shown(action: ActionPlan) -> Iterator[FieldSpec]:
    """The fields of the example: those that are required and have no default mapping, and some that are not."""
    room = _MOST
    for spec in action.payload.fields():
        if spec.mapping is not MISSING or spec.hints.deprecated:
            continue
        if spec.always_required or room > 0:
            room -= not spec.always_required
            yield spec


def _given(plan: PluginPlan, action: ActionPlan, *, first: bool) -> dict[str, Any]:
    fields = settings_fields(plan)
    made = example_document(fields, optional=False)
    settings = {spec.key: _setting(spec, made[spec.key]) for spec in fields.fields() if spec.key in made}
    if first:
        named = {variable(plan, spec): settings[spec.key] for spec in fields.fields()}
        return {"config": "../example/destinations.yaml", **({"environment": named} if named else {})}
    return {
        "destination": plan.slug,
        **({"settings": settings} if settings else {}),
        "subscription": subscription(action),
    }


def _setting(spec: FieldSpec, made: Any) -> Any:
    free = spec.type in {"string", "password"} and not (spec.pattern or spec.format or spec.choices or spec.maximum)
    return f"some-{'-'.join(spec.name.split('_'))}" if free and not spec.multiple else made


def _api(plan: PluginPlan, action: ActionPlan) -> Iterator[dict[str, Any]]:
    if plan.auth.scheme == "oauth2":
        token = {"access_token": "some-token", "token_type": "Bearer", "expires_in": 3600}
        yield {"on": f"POST {plan.auth.token_url}", "json": token}
    answers = action.answers
    body = {name: f"some-{name}" for name in answers.result} if answers else {"id": "some-id"}
    yield {"on": f"{action.method} {plan.url}*", "status": answers.success if answers else 200, "json": body}


def _cases(plan: PluginPlan, action: ActionPlan) -> Iterator[dict[str, Any]]:
    on = f"{action.method} {plan.url}*"
    yield {
        "name": "an order is sent with what the event says",
        "expect": {"outcome": "delivered", "requests": [*_token_requests(plan), _request(plan, action)]},
    }
    alone = {"outcome": "filtered", "stopsAt": "match", "fires": False}
    others = ({"event": "Something Else"}, {"type": "page"})
    yield {
        "name": "other events are left alone",
        "steps": [{"event": other, "expect": alone} for other in others],
    }
    missing = next((spec for spec in action.payload.fields() if spec.always_required and _path_of(action, spec)), None)
    if missing is not None:
        problem = {"$includes": {"pointer": f"/{missing.key}"}}
        yield {
            "name": f"without {missing.key} an event is invalid, and nothing is sent",
            "without": [_path_of(action, missing)],
            "expect": {"outcome": {"outcome": "invalid", "problems": problem}, "fires": False},
        }
    yield {
        "name": "an API that is asked too often is left alone for as long as it says",
        "api": [{"on": on, "status": 429, "headers": {"Retry-After": "30"}}],
        "expect": {"outcome": {"outcome": "failed", "reason": "try_again", "after": 30}},
    }
    yield from _refusals(plan, action, on)


def _refusals(plan: PluginPlan, action: ActionPlan, on: str) -> Iterator[dict[str, Any]]:
    later = action.answers.later if action.answers else frozenset({429})
    documented = sorted(action.answers.meanings) if action.answers else []
    refused = [status for status in documented if 400 <= status < 500 and status not in {401, 403, 408, *later}]
    yield {
        "name": "what the API refuses is rejected, and not sent again (${status})",
        "table": [{"status": status} for status in refused or [400]],
        "api": [{"on": on, "status": "${status}", "json": {"message": "no"}}],
        "expect": {"outcome": "rejected"},
    }
    if plan.auth.scheme in {"basic", "key"}:
        yield {
            "name": "when the credentials are refused, the event waits until they are mended",
            "api": [{"on": on, "status": 401}],
            "expect": {"outcome": {"outcome": "failed", "reason": "authentication"}},
        }


def _token_requests(plan: PluginPlan) -> Iterator[dict[str, Any]]:
    if plan.auth.scheme == "oauth2":
        yield {"method": "POST", "url": plan.auth.token_url}


def _path_of(action: ActionPlan, spec: FieldSpec) -> str | None:
    """The event's member that a field is filled from."""
    if spec.key in action.fixed:
        return None
    if spec.mapping is MISSING:
        return f"properties.{spec.key}"
    path = spec.mapping.get("@path", "") if isinstance(spec.mapping, Mapping) else ""
    return path.removeprefix("$.") or None


def _request(plan: PluginPlan, action: ActionPlan) -> dict[str, Any]:
    """The request that the example's event becomes."""
    document = _document(action)
    wanted: dict[str, Any] = {"method": action.method, "url": _address(plan, action, document)}
    if is_whole(action):
        wanted["json"] = {"$exactly": document}
    elif action.encoding == "json":
        wanted["json"] = {"$exactly": _named(action.body, document)}
    elif action.encoding == "form":
        wanted["form"] = {"$exactly": _texts(action.body, document)}
    if action.headers:
        wanted["headers"] = _texts(action.headers, document)
    if action.query:
        wanted["query"] = {"$exactly": _texts(action.query, document)}
    return wanted


def _example(action: ActionPlan) -> dict[str, Any]:
    """Values for all fields; where there are but two, the one that the field does not have by itself, so that a case
    tells whether it was mapped."""
    document = example_document(action.payload)
    own = {spec.key: spec.default for spec in action.payload.fields() if spec.type == "boolean"}
    return {key: not value if key in own and value == own[key] else value for key, value in document.items()}


def _document(action: ActionPlan) -> dict[str, Any]:
    """The payload of the example's event as JSON, defaults included."""
    shown = {spec.key for spec in _shown(action)}
    example = _example(action)
    made = {key: value for key, value in example.items() if key in shown}
    for spec in action.payload.fields():
        if spec.mapping == {"@path": "$.userId"}:
            made[spec.key] = "jane"
        elif isinstance(spec.mapping, Mapping) and "@template" in spec.mapping:
            made[spec.key] = f"jane: {_EVENT}"
    payload = action.payload.check(made).value
    return made if payload is None else payload.to_json()


def _address(plan: PluginPlan, action: ActionPlan, document: Mapping[str, Any]) -> str:
    filled = [_PLACE.sub(lambda m: str(document[m[1]]), text) for text in action.path]
    return url_of(plan.url, *filled) if filled else plan.url


def _named(names: Mapping[str, str], document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: document[key] for name, key in names.items() if key in document}


def _texts(names: Mapping[str, str], document: Mapping[str, Any]) -> dict[str, Any]:
    named = _named(names, document)
    return {name: [_text(one) for one in v] if isinstance(v, list) else _text(v) for name, v in named.items()}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
