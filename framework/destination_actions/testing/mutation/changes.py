"""One small change at a time: of a mapping, or of an expression. Pure; what does not compile is for others to drop."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from destination_actions.config.nodes import escape
from destination_actions.events import MISSING, Json

_PLACEHOLDER: Final = re.compile(r"\{\{\{?([^{}]+)\}?\}\}")
_ONE_PATH: Final = frozenset({"@path", "@jmespath"})
_LONGEST: Final = 50


@dataclass(frozen=True, slots=True)
class Edit:
    """A value that takes the place of what stands at `pointer`; `MISSING` drops it.

    `what` says so for people; `kind` names the change whatever other path the mapping has to offer.
    """

    pointer: str
    value: Any
    kind: str
    what: str


def mapping_edits(mapping: Mapping[str, Any], paths: Sequence[str]) -> Iterator[Edit]:
    """Every change of a mapping: fields dropped, paths swapped among `paths`, constants and directives changed."""
    for key, value in mapping.items():
        pointer = f"/{escape(key)}"
        yield Edit(pointer, MISSING, "drop", f"drop it, which is {shown(value)}")
        yield from _edits(value, pointer, paths)


def _edits(node: Json, pointer: str, paths: Sequence[str]) -> Iterator[Edit]:
    if isinstance(node, dict):
        name = next((key for key in node if key.startswith("@")), None)
        yield from _members(node, pointer, paths) if name is None else _directive(name, node[name], pointer, paths)
    elif isinstance(node, list):
        for at, item in enumerate(node):
            rest = [*node[:at], *node[at + 1 :]]
            yield Edit(pointer, rest, f"without {at}", f"leave out item {at + 1}, which is {shown(item)}")
            yield from _edits(item, f"{pointer}/{at}", paths)
    else:
        other = other_constant(node)
        yield Edit(pointer, other, "constant", f"{shown(node)} becomes {shown(other)}")


def _members(node: Mapping[str, Any], pointer: str, paths: Sequence[str]) -> Iterator[Edit]:
    for key, value in node.items():
        below = f"{pointer}/{escape(key)}"
        yield Edit(below, MISSING, "drop", f"drop it, which is {shown(value)}")
        yield from _edits(value, below, paths)


def _directive(name: str, argument: Json, pointer: str, paths: Sequence[str]) -> Iterator[Edit]:
    below = f"{pointer}/{escape(name)}"
    if name in _ONE_PATH and isinstance(argument, str):
        other = _other_path(argument, paths)
        yield Edit(below, other, "swap", f"{argument} becomes {other}")
    elif name == "@template" and isinstance(argument, str):
        yield from _template(argument, below, paths)
    else:
        yield from _unwrapped(name, argument, pointer)
        yield from _argument(argument, below, paths)


def _unwrapped(name: str, argument: Json, pointer: str) -> Iterator[Edit]:
    """A directive that does nothing: its value as it comes."""
    inner = argument.get("value", MISSING) if isinstance(argument, dict) else MISSING
    if isinstance(argument, dict) and any(key.startswith("@") for key in argument):
        inner = argument
    if inner is not MISSING:
        yield Edit(pointer, inner, "unwrap", f"without {name}")


def _argument(argument: Json, pointer: str, paths: Sequence[str]) -> Iterator[Edit]:
    if isinstance(argument, str) and argument.startswith("$."):
        other = _other_path(argument, paths)
        yield Edit(pointer, other, "swap", f"{argument} becomes {other}")
    elif isinstance(argument, dict) and {"then", "else"} <= argument.keys():
        turned = {**argument, "then": argument["else"], "else": argument["then"]}
        yield Edit(pointer, turned, "turn", '"then" and "else" change places')
        yield from _edits(argument, pointer, paths)
    elif isinstance(argument, list):
        for at, item in enumerate(argument):
            rest = [*argument[:at], *argument[at + 1 :]]
            yield Edit(pointer, rest, f"without {at}", f"leave out {shown(item)}")
            yield from _argument(item, f"{pointer}/{at}", paths)
    else:
        yield from _edits(argument, pointer, paths)


def _template(text: str, pointer: str, paths: Sequence[str]) -> Iterator[Edit]:
    for match in _PLACEHOLDER.finditer(text):
        path = match[1].strip()
        other = _other_path(path, paths)
        changed = text[: match.start(1)] + other + text[match.end(1) :]
        yield Edit(pointer, changed, f"swap {match.start()}", f"{{{{{path}}}}} becomes {{{{{other}}}}}")
    if _PLACEHOLDER.sub("", text):
        yield Edit(pointer, text + "~", "text", f"the text {shown(text)} gets a ~ at its end")


def _other_path(path: str, paths: Sequence[str]) -> str:
    """The next path that the mapping reads, by the alphabet; one that no event has if there is no other."""
    plain = path.removeprefix("$.")
    others = sorted({other.removeprefix("$.") for other in paths} - {plain, "$"})
    bigger = [other for other in others if other > plain]
    found = (bigger or others or [f"{plain}_mutant"])[0]
    return f"$.{found}" if path.startswith("$.") else found


def other_constant(value: Any) -> Any:
    """Another value of the same kind that looks alike: the last letter or digit of a text changes."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if not isinstance(value, str):
        return "mutant"
    for at in range(len(value) - 1, -1, -1):
        if value[at].isascii() and value[at].isalnum():
            return value[:at] + _turned(value[at]) + value[at + 1 :]
    return value + "~"


def _turned(char: str) -> str:
    """The neighbour of a letter or digit; what is hexadecimal stays so."""
    if char.isdigit():
        return str((int(char) + 1) % 10)
    return chr(ord(char) - 1) if char.lower() in "fz" else chr(ord(char) + 1)


def edited(mapping: Mapping[str, Any], edit: Edit) -> dict[str, Any]:
    """The mapping with one edit done."""
    changed: dict[str, Any] = _with(dict(mapping), _parts(edit.pointer), edit.value)
    return changed


def _with(node: Any, parts: Sequence[str], value: Any) -> Any:
    head, rest = parts[0], parts[1:]
    if isinstance(node, list):
        return [_put(item, rest, value) if at == int(head) else item for at, item in enumerate(node)]
    if rest:
        return {**node, head: _with(node[head], rest, value)}
    return {key: one for key, one in node.items() if key != head} if value is MISSING else {**node, head: value}


def _put(node: Any, rest: Sequence[str], value: Any) -> Any:
    return _with(node, rest, value) if rest else value


def at_pointer(value: Any, pointer: str) -> Any:
    """What stands at a pointer."""
    for part in _parts(pointer):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return value


def _parts(pointer: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def shown(value: Any) -> str:
    """A value as JSON, cut to a readable length."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
