"""The module of an action: its fields, what it sends, and the action itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from destination_actions.scaffold.classes import classes, names_in
from destination_actions.scaffold.names import class_name, function_name, module_name
from destination_actions.scaffold.plan import ActionPlan, Auth, PluginPlan
from destination_actions.scaffold.python import (
    Code,
    Group,
    call,
    imported,
    laid_out,
    literal,
    lowered,
    module,
    prose,
    quoted,
)

TRIGGER: Final = 'type = "track"'
"""The default subscription of a new action."""

_NAMES: Final = ("Accepted", "Action", "Context", "FieldSet", "accepted", "field", "url_of")
_PLACE: Final = re.compile(r"\{(\w+)\}")


def action_source(plan: PluginPlan, action: ActionPlan, *, first: bool = True) -> str:
    """`ACTION.py`."""
    parts = [
        *_own_address(action),
        *_tables(action),
        *classes(action.payload, class_name(action.slug), _about(action), {"Settings"}),
    ]
    parts += ["\n".join(_perform(action)), laid_out(_action(action))]
    standard = [name for name in ("Any", "Final") if names_in(parts, (name,))]
    framework = [imported("destination_actions", names_in(parts, _NAMES))]
    framework += ["from destination_actions.fields import Timestamp"] if names_in(parts, ("Timestamp",)) else []
    answers = f"{plan.package}.{answers_module(action, first=first)}"
    ours = [imported(answers, ["answered"])] if action.answers is not None else []
    ours.append(imported(f"{plan.package}.settings", ["Settings"] if action.address else ["URL", "Settings"]))
    helpers = names_in(parts, ("lines", "members", "texts"))
    ours += [imported(f"{plan.package}.wire", helpers)] if helpers else []
    ours.sort()
    imports = [[imported("typing", standard)] if standard else [], framework, ours]
    return module(f"The action {action.slug}: {lowered(action.description)}", imports, *parts)


def answers_module(action: ActionPlan, *, first: bool) -> str:
    """The module that reads the answers of an action, where they are documented."""
    return "answers" if first else f"{module_name(action.slug)}_answers"


def segments(action: ActionPlan) -> list[str]:
    """The path's segments as Python expressions."""
    return [_segment(action, text) for text in action.path]


def is_whole(action: ActionPlan) -> bool:
    """Whether the body is the payload as it is."""
    keys = {spec.key for spec in action.payload.fields()}
    return action.encoding == "json" and (not action.body or {k: k for k in keys} == dict(action.body))


def _about(action: ActionPlan) -> str:
    return f"What {prose(action.slug)} is given; a mapping fills it from an event."


def _own_address(action: ActionPlan) -> Iterator[str]:
    if action.address:
        yield f'URL: Final = {quoted(action.address)}\n"""The API\'s address."""'


def _tables(action: ActionPlan) -> Iterator[str]:
    named = {"BODY": {} if is_whole(action) else action.body, "QUERY": action.query, "HEADERS": action.headers}
    told = "The API's names, and the keys of the fields that their values come from."
    for name, table in named.items():
        if table:
            yield laid_out(_assigned(name, table)) + f'\n"""{told}"""'
            told = "As above."


def _assigned(name: str, table: object) -> Code:
    code = literal(table)
    return f"{name}: Final = {code}" if isinstance(code, str) else type(code)(f"{name}: Final = {{", code.items, "}")


def _perform(action: ActionPlan) -> Iterator[str]:
    payload = class_name(action.slug)
    yield f"async def perform(ctx: Context[Settings], payload: {payload}) -> Accepted:"
    yield '    """Send it. `ctx.send` is the one effect; what reads goes through `ctx.http`."""'
    if not is_whole(action) and (action.body or action.query or action.headers):
        yield "    given = payload.to_json()"
    yield laid_out(call("response = await ctx.send", _arguments(action)), 4)
    if action.answers is not None:
        yield "    return answered(ctx, response)"
    else:
        yield '    return accepted(response, {"status": response.status_code})'


def _arguments(action: ActionPlan) -> Iterator[Code]:
    yield quoted(action.method)
    yield call("url_of", ["URL", *segments(action)]) if action.path else "URL"
    if action.query:
        yield "params=texts(given, QUERY)"
    yield from _headers(action)
    if is_whole(action):
        yield "json=payload.to_json()"
    elif action.encoding == "json":
        yield "json=members(given, BODY)"
    elif action.encoding == "form":
        yield "data=texts(given, BODY)"


def _headers(action: ActionPlan) -> Iterator[Code]:
    key = f"{quoted(action.idempotency)}: ctx.delivery_key"
    if action.headers and action.idempotency:
        yield Group("headers={", ("**lines(given, HEADERS)", key), "}")
    elif action.headers:
        yield "headers=lines(given, HEADERS)"
    elif action.idempotency:
        yield Group("headers={", (key,), "}")


def _segment(action: ActionPlan, text: str) -> str:
    names = {spec.key: spec for spec in action.payload.fields()}
    whole = _PLACE.fullmatch(text)
    if whole is not None:
        spec = names[whole[1]]
        return f"payload.{spec.name}" if spec.type == "string" else f"str(payload.{spec.name})"
    if not _PLACE.search(text):
        return quoted(text)
    return "f" + quoted(_PLACE.sub(lambda m: f"{{payload.{names[m[1]].name}}}", text))


def _action(action: ActionPlan) -> Code:
    parts = [
        f"slug={quoted(action.slug)}",
        f"title={quoted(action.title)}",
        f"description={quoted(action.description)}",
        f"payload={class_name(action.slug)}",
        "perform=perform",
        f"default_subscription={quoted(TRIGGER)}",
    ]
    return call(f"{function_name(action.slug)} = Action", parts)


ANSWERS: Final = '''\
def answered(ctx: Context[Settings], response: Response) -> Accepted:
    """Read an answer of 2xx as done, and raise what every other one means; 408 and 5xx never come here."""
    status, body = response.status_code, _object(response)
    if response.is_success:
        return Accepted({name: body[name] for name in RESULT if isinstance(body.get(name), str | int)})
    code, text = _member(body, CODE) or status, _member(body, MESSAGE)
    said = f', "{text[:LONGEST]}"' if isinstance(text, str) else ""
    message = f"the API answered {status}{said}: {MEANINGS.get(status, 'its document does not say why')}"
    if status in LATER:
        raise TryAgain(message, after=retry_after(response, now=ctx.clock.now()), lane=True, code=code, status=status)
    if status in CREDENTIALS:
        raise AuthenticationFailed(message, code=code, status=status)
    raise Refused(message, code=code, status=status)


def _member(body: Mapping[str, Any], path: tuple[str, ...]) -> str | int | None:
    found: Any = body if path else None
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, str | int) else None


def _object(response: Response) -> Mapping[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}'''


def answers_source(plan: PluginPlan, action: ActionPlan) -> str | None:
    """`answers.py`, for an action whose answers are documented."""
    answers = action.answers
    if answers is None:
        return None
    meanings = "\n".join(f"    {status}: {quoted(text)}," for status, text in sorted(answers.meanings.items()))
    parts = [
        f"MEANINGS: Final = {{\n{meanings}\n}}" if meanings else "MEANINGS: Final[dict[int, str]] = {}",
        f"LATER: Final = frozenset({{{', '.join(map(str, sorted(answers.later)))}}})",
        f"CREDENTIALS: Final = frozenset({{{_refusals(plan.auth)}}})",
        f"CODE: Final[tuple[str, ...]] = {_tuple(answers.code)}",
        f'MESSAGE: Final[tuple[str, ...]] = {_tuple(answers.message)}\n"""Where an error says what is wrong."""',
        f'RESULT: Final[tuple[str, ...]] = {_tuple(answers.result)}\n"""Members of a success that an outcome keeps."""',
        'LONGEST: Final = 200\n"""Characters of the API\'s own sentence that are quoted."""',
        ANSWERS,
    ]
    names = ["Accepted", "AuthenticationFailed", "Context", "Refused", "Response", "TryAgain", "retry_after"]
    imports = [
        ["from collections.abc import Mapping", "from typing import Any, Final"],
        [imported("destination_actions", names)],
        [imported(f"{plan.package}.settings", ["Settings"])],
    ]
    return module("What the API's answers mean, as its document lists them.", imports, *parts)


def _refusals(auth: Auth) -> str:
    return "401, 403" if auth.scheme != "none" else "401"


def _tuple(items: tuple[str, ...]) -> str:
    inner = ", ".join(map(quoted, items))
    return f"({inner},)" if len(items) == 1 else f"({inner})"


WIRE: Final = '''\
"""From the values of fields to what the API is sent: what is not given is left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def members(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A JSON object in the API's names."""
    return {name: given[key] for name, key in names.items() if key in given}


def texts(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str | list[str]]:
    """The values of a form or a query; a list repeats its name, an object is JSON."""
    return {name: _texts(value) for name, value in members(given, names).items()}


def lines(given: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, str]:
    """The values of headers."""
    return {name: _text(value) for name, value in members(given, names).items()}


def _texts(value: Any) -> str | list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
'''
"""`wire.py`, for actions whose names on the wire are others than those of the fields."""
