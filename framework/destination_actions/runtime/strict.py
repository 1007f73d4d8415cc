"""What may be an event, whichever way it comes in: strict JSON, limits, the shape of `schemas/event.schema.json`."""

from __future__ import annotations

import json
import re
from functools import cache
from math import isfinite
from typing import Any, Final

import jsonschema_rs
import orjson

from destination_actions.schemas import load_schema

EVENT_BYTES: Final = 32 * 1024
"""Segment's limit for one event."""

MAX_DEPTH: Final = 64

ID_LENGTH: Final = 100
"""Characters of a messageId."""

_IDS: Final = ("messageId", "userId", "anonymousId", "groupId", "previousId")
_SHOWN: Final = 300
_EXACT: Final = 2**53
_CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_LONG_DIGITS: Final = re.compile(rb"[0-9]{19}")
_TOKEN: Final = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9]+(?P<fraction>[.eE][-+0-9.eE]*)?')
_KINDS: Final[dict[type, str]] = {list: "a list", str: "text", bool: "true or false", type(None): "null"}


class Refused(Exception):  # noqa: N818 - becomes an answer or a report with a place
    """Input that is no event. `code` is a stable word: bad_encoding, not_json, too_large, too_deep, bad_number,
    bad_id, not_an_object or not_an_event; whoever reads may add more."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def limited(text: bytes, limit: int, message: str) -> None:
    """Refuse text that is longer than `limit` bytes."""
    if len(text) > limit:
        raise Refused("too_large", message)


# --- text to value ---------------------------------------------------------------------------------------------------


def parsed(text: bytes) -> Any:
    """The value of a JSON text, exactly; raises `Refused`."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _not_json(text, error) from None
    if _LONG_DIGITS.search(text) and any(_lossy(token) for token in _TOKEN.finditer(text)):
        raise Refused("bad_number", _TOO_MANY_DIGITS)
    return value


def parsed_parts(text: bytes) -> tuple[Any, bool]:
    """The value of a JSON text, and whether parts of it may be flawed, which `refuse_flaws` then says of each.

    Flaws are numbers and half surrogate pairs that no event may hold; everything else is `Refused` as a whole.
    """
    try:
        return parsed(text), False
    except Refused as refused:
        try:
            value = json.loads(text.decode(), parse_int=_whole, parse_float=_double, parse_constant=_constant)
        except (ValueError, RecursionError):
            raise refused from None
        return value, True


def refuse_flaws(value: Any) -> None:
    """Raise `Refused` for the first flaw of a value that `parsed_parts` gave."""
    level = [value]
    while level:
        one = level.pop()
        if isinstance(one, Refused):
            raise one
        if isinstance(one, str) and _SURROGATE.search(one):
            raise Refused("not_json", "half of a surrogate pair is no text")
        if isinstance(one, dict):
            level += [*one, *one.values()]
        elif isinstance(one, list):
            level += one


def text_of(value: Any) -> bytes:
    """The JSON text of a parsed value, keys sorted; refused when it is deeper than JSON is written."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raise _too_deep() from None


_TOO_MANY_DIGITS: Final = "an integer has more digits than a number can hold; send it as text"


def _whole(digits: str) -> int | Refused:
    if len(digits) > 20 or not -(2**63) <= int(digits) < 2**64:
        return Refused("bad_number", _TOO_MANY_DIGITS)
    return int(digits)


def _double(text: str) -> float | Refused:
    value = float(text)
    return value if isfinite(value) else Refused("not_json", "a number is too large")


def _constant(name: str) -> Refused:
    return Refused("not_json", f"{name} is not JSON")


def _not_json(text: bytes, error: orjson.JSONDecodeError) -> Refused:
    try:
        text.decode()
    except UnicodeDecodeError as fault:
        return Refused("bad_encoding", f"not UTF-8 text: byte {fault.start + 1}")
    if "depth" in error.msg:
        return _too_deep()
    return Refused("not_json", f"not JSON: {error.msg} at character {error.pos + 1}")


def _too_deep() -> Refused:
    return Refused("too_deep", f"the event is nested deeper than {MAX_DEPTH} levels")


def _lossy(token: re.Match[bytes]) -> bool:
    """Whether a number of the text is an integer outside 64 bits."""
    text = token[0]
    if text.startswith(b'"') or token["fraction"]:
        return False
    return len(text) > 20 or not -(2**63) <= int(text) < 2**64


# --- value to event --------------------------------------------------------------------------------------------------


def shaped(value: Any, content: bytes) -> dict[str, Any]:
    """A value as an event: an object, not too deep, of the schema's shape, ids as text without control characters.

    `content` is the JSON text of the value. The value itself is changed and given back; raises `Refused`.
    """
    if not isinstance(value, dict):
        raise Refused("not_an_object", f"an event is a JSON object, not {_KINDS.get(type(value), 'a number')}")
    if content.count(b"{") + content.count(b"[") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise _too_deep()
    if value.get("messageId", "") is None:
        del value["messageId"]
    for key in _IDS:
        if (id_ := value.get(key)) is not None:
            value[key] = _id(key, id_)
    if not _validator().is_valid(value):
        error = next(iter(_validator().iter_errors(value)))
        path = ".".join(str(part) for part in error.instance_path)
        raise Refused("not_an_event", _short(f"{path}: {error.message}" if path else error.message))
    return value


def _id(key: str, value: Any) -> Any:
    """An id as text: a whole number becomes its digits. What is neither is left to the schema."""
    if isinstance(value, str):
        if key == "messageId" and not 0 < len(value) <= ID_LENGTH:
            raise Refused("bad_id", f"messageId: must have 1 to {ID_LENGTH} characters, not {len(value)}")
        if found := _CONTROL.search(value):
            raise Refused("bad_id", f"{key}: holds a control character at position {found.start() + 1}")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
        return value
    if isinstance(value, float) and abs(value) > _EXACT:
        raise Refused("bad_number", f"{key}: a number of this size is not exact; send it as text")
    return str(int(value))


def _depth(value: Any) -> int:
    """Levels of nesting, counted without recursion."""
    level, depth = [value], 0
    while level:
        below = [child for one in level for child in (one.values() if isinstance(one, dict) else one)]
        level = [child for child in below if isinstance(child, dict | list)]
        depth += 1
    return depth


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


@cache
def _validator() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(load_schema("event"))
