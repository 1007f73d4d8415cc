"""What is right for a document of fields, worked out plainly: no JSON Schema, none of the code under test.

`judge` gives `{"document": ...}`, `{"errors": [pointers]}` or `{"refused": True}`. It knows what the rules need:
the types, empty values, coercion, bounds, choices, conditions and the reading of dates; formats are jsonschema's, but
for `email`, `ipv4` and `time`, which it reads too widely or too narrowly.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import Any

from _suite import UNDEFINED
from jsonschema import FormatChecker

NOTHING = object()
DATES = ("%Y-%m-%d", "%Y-%m", "%Y/%m/%d", "%m/%d/%Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d %B %Y")
DATES += ("%d %b %Y", "%a %b %d %Y", "%a, %d %b %Y")
CLOCKS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p")
ZONES = ("", "%z", " %z", " %Z")
FORMS = (
    *DATES,
    *(f"{day}{joint}{clock}{zone}" for day in DATES for joint in "T " for clock in CLOCKS for zone in ZONES),
)
FORMS += ("%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S%z")
CHECKER = FormatChecker()
PATTERNS = {
    "ipv4": r"((0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(\.(?!$)|$)){4}",
    "email": r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*",
    "time": r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?([Zz]|[+-]([01]\d|2[0-3]):?[0-5]\d)",
}


def judge(fields: dict[str, Any], payload: Any) -> dict[str, Any]:
    """Give the right result for a whole document."""
    if not isinstance(payload, dict):
        return {"errors": [""]}
    if any(not _possible(field) for field in fields.values()):
        return {"refused": True}
    errors: set[str] = set()
    document = _object(fields, payload, "", errors)
    _conditions(fields, [(fields, document, None)], "", errors)
    return {"errors": sorted(errors)} if errors else {"document": document}


def _possible(field: dict[str, Any]) -> bool:
    return all(_type_error(field, _coerced(field["type"], value)) is None for value in choice_values(field))


def choice_values(field: dict[str, Any]) -> list[Any]:
    """Give the values of a field's choices."""
    return [choice["value"] if isinstance(choice, dict) else choice for choice in field.get("choices") or []]


def _object(fields: dict[str, Any], given: dict[str, Any], at: str, errors: set[str]) -> dict[str, Any]:
    out = {}
    for key, field in fields.items():
        where = f"{at}/{key.replace('~', '~0').replace('/', '~1')}"
        value = _value(field, given.get(key, NOTHING), where, errors, top=not at)
        if value is NOTHING and _literal_default(field):
            value = field["default"]
        if value is not NOTHING:
            out[key] = value
        elif field.get("required") is True:
            errors.add(where)
    return out


def _literal_default(field: dict[str, Any]) -> bool:
    return "default" in field and "@" not in repr(field["default"])


def _value(field: dict[str, Any], value: Any, at: str, errors: set[str], *, top: bool) -> Any:
    if value is NOTHING or value is UNDEFINED or (value is None and not field.get("allowNull")):
        return NOTHING
    if value is None:
        return None
    if not field.get("multiple"):
        return _single(field, value, at, errors, empty_counts=not top)
    if value == "":
        return NOTHING
    items = value if isinstance(value, list) else [value]
    read = [_single(field, item, f"{at}/{n}", errors, empty_counts=True) for n, item in enumerate(items)]
    return [item for item in read if item is not NOTHING]


def _single(field: dict[str, Any], value: Any, at: str, errors: set[str], *, empty_counts: bool) -> Any:
    kind = field.get("type")
    if (
        isinstance(value, list)
        and len(value) == 1
        and kind not in ("object", None)
        and not isinstance(value[0], list | dict)
    ):
        (value,) = value
    if value is None or value is UNDEFINED:
        return None if field.get("allowNull") and not field.get("multiple") else NOTHING
    if value == "" and not (empty_counts and kind in ("string", "text", "password")):
        return NOTHING
    if kind == "object" and isinstance(value, dict) and field.get("properties") is not None:
        known = _object(field["properties"], value, at, errors)
        others = {key: one for key, one in value.items() if key not in field["properties"]}
        return {**known, **(others if field.get("additionalProperties") else {})}
    value = _coerced(kind, value)
    if _type_error(field, value) or _bounds_error(field, value):
        errors.add(at)
    return value


def _coerced(kind: str | None, value: Any) -> Any:
    if kind in ("string", "text", "password") and isinstance(value, bool | int | float) and math.isfinite(value):
        return _written(value)
    if kind in ("number", "integer"):
        number = _number(value)
        return int(number) if isinstance(number, float) and kind == "integer" and number % 1 == 0 else number
    if kind == "boolean" and value in ("true", "false", 0, 1):
        return value in ("true", 1)
    return value


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and abs(value) >= 1e21:
        return repr(value)
    return repr(value) if value % 1 else str(int(value))


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if (
        not isinstance(value, str)
        or not value.strip()
        or "_" in value
        or (not value.isascii() and value.strip().isalpha())
    ):
        return value
    try:
        return (
            int(value, 0) if re.match(r"\s*0[xob]", value) else float(value) if math.isfinite(float(value)) else value
        )
    except ValueError:
        return value


def _type_error(field: dict[str, Any], value: Any) -> str | None:
    kind = field.get("type")
    number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    text = isinstance(value, str)
    fits = {
        "string": text,
        "text": text,
        "password": text,
        "number": number,
        "integer": number and value % 1 == 0,
        "boolean": isinstance(value, bool),
        "object": isinstance(value, dict),
        "datetime": number or (text and is_date(value)),
        None: True,
    }
    return None if fits[kind] else f"no {kind}"


def is_date(text: str) -> bool:
    """Tell whether a text is a number in decimal digits or a date in one of the stated forms."""
    bare = re.sub(r"(\.\d{6})\d+", r"\1", text.strip())
    bare = re.sub(r"(:\d\d):60", r"\1:59", bare)
    bare = re.sub(r"(GMT|UTC)(?=[+-])|\s*\(.*\)$", "", bare)
    if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", bare):
        return True
    for form in FORMS:
        try:
            datetime.strptime(bare, form)  # noqa: DTZ007 - only whether it can be read
        except ValueError:
            continue
        return True
    return False


def _bounds_error(field: dict[str, Any], value: Any) -> bool:
    if choice_values(field) and value not in [_coerced(field["type"], choice) for choice in choice_values(field)]:
        return True
    if field.get("type") in ("string", "text", "password") and not _conforms(str(field.get("format")), value):
        return True
    size = len(value) if isinstance(value, str) else value
    if not isinstance(size, int | float) or isinstance(size, bool) or field.get("type") in ("datetime", "object"):
        return False
    return size < field.get("minimum", -math.inf) or size > field.get("maximum", math.inf)


def _conforms(name: str, value: Any) -> bool:
    if not isinstance(value, str):
        return True
    plain = PATTERNS.get(name)
    return re.fullmatch(plain, value) is not None if plain else CHECKER.conforms(value, name)


def _conditions(fields: dict[str, Any], levels: list[Any], at: str, errors: set[str]) -> None:
    document = levels[-1][1]
    for key, field in fields.items():
        required = field.get("required")
        if isinstance(required, dict) and key not in document and _holds(required, levels):
            errors.add(f"{at}/{key}")
        inner = field.get("properties") and document.get(key)
        several = enumerate(inner) if isinstance(inner, list) else [(None, inner)]
        for index, item in several if inner else []:
            step = f"{at}/{key}" if index is None else f"{at}/{key}/{index}"
            if isinstance(item, dict):
                _conditions(field["properties"], [*levels, (field["properties"], item, key)], step, errors)


def _holds(required: dict[str, Any], levels: list[Any]) -> bool:
    test = any if required.get("match") == "any" else all
    return test(_condition(one, levels) for one in required["conditions"])


def _condition(one: dict[str, Any], levels: list[Any]) -> bool:
    wanted = one.get("value", UNDEFINED)
    wanted = wanted if isinstance(wanted, list) else [] if wanted in (UNDEFINED, None, "") else [wanted]
    found = NOTHING if one.get("type") == "syncMode" else _found(one["fieldKey"].split("."), levels)
    if not wanted:
        return (found in (NOTHING, None, "", [])) == (one["operator"] == "is")
    present = found is not NOTHING and found != []
    hit = any(_text(value) == _text(v) for value in wanted for v in (found if isinstance(found, list) else [found]))
    return present and hit == (one["operator"] == "is")


def _found(path: list[str], levels: list[Any]) -> Any:
    for depth in range(len(levels) - 1, -1, -1):
        if path[0] in levels[depth][0]:
            break
    else:
        return NOTHING
    value = levels[depth][1]
    for step in path:
        inside = depth + 1 < len(levels) and levels[depth + 1][2] == step
        depth = depth + 1 if inside else len(levels)
        value = levels[depth][1] if inside else value.get(step, NOTHING) if isinstance(value, dict) else NOTHING
    return value


def _text(value: Any) -> str:
    return _coerced("string", value) if isinstance(value, bool | int | float) else repr(value).strip("'\"")


def schema(fields: dict[str, Any]) -> dict[str, Any]:
    """Give the right JSON Schema of definitions, without the words that Segment's schemas do not have either."""
    if any(not _possible(field) for field in fields.values()):
        return {"refused": True}
    required = [key for key, field in fields.items() if field.get("required") is True]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _field_schema(field) for key, field in fields.items()},
        **({"required": required} if required else {}),
        **_single_conditions(fields),
    }


def _field_schema(field: dict[str, Any]) -> dict[str, Any]:
    head = {"title": field["label"], **({"description": field["description"]} if "description" in field else {})}
    tail = {"default": field["default"]} if _literal_default(field) else {}
    if not field.get("multiple"):
        return {**head, **_value_schema(field, null=bool(field.get("allowNull"))), **tail}
    kind = ["array", "null"] if field.get("allowNull") else "array"
    return {**head, "type": kind, "items": _value_schema(field, null=False), **tail}


def _value_schema(field: dict[str, Any], *, null: bool) -> dict[str, Any]:
    kind = field.get("type")
    text = kind in ("string", "text", "password")
    types = {"datetime": ["string", "number"], None: []}.get(kind, ["string" if text else kind])
    types = [*types, "null"] if null and types else types
    out: dict[str, Any] = {"type": types[0] if len(types) == 1 else types} if types else {}
    own = {"datetime": "date-like", "text": "text", "password": "password"}.get(str(kind))
    wanted = field.get("format") if text else None
    out |= {"format": wanted or own} if wanted or own else {}
    if text or kind in ("number", "integer"):
        low, high = ("minLength", "maxLength") if text else ("minimum", "maximum")
        out |= {word: field[key] for word, key in ((low, "minimum"), (high, "maximum")) if field.get(key) is not None}
    if choice_values(field):
        out["enum"] = [_coerced(kind, value) for value in choice_values(field)] + ([None] if null else [])
    return out | (schema(field["properties"]) if field.get("properties") else {})


def _single_conditions(fields: dict[str, Any]) -> dict[str, Any]:
    """Give the `allOf` of conditions on one field that stands beside, written as `key` or `around.key`."""
    pairs = []
    for key, field in fields.items():
        if isinstance(field.get("required"), dict):
            (one,) = field["required"]["conditions"]
            other = one["fieldKey"].split(".")[-1]
            test = {"const": one["value"]} if one["operator"] == "is" else {"not": {"const": one["value"]}}
            pairs.append({"if": {"properties": {other: test}, "required": [other]}, "then": {"required": [key]}})
    return {"allOf": pairs} if pairs else {}
