"""A slow, obvious interpreter of Segment's thirteen directives, in two dialects: what is right, and what Segment does.

It shares no code with the package. In Segment's dialect it notes the id of each rule at the place where it does the
other thing, so that a difference between the two results is explained by the rules in `fired`, and by nothing else.
"""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from typing import Any

from _suite import UNDEFINED, Date, same

JS_SPACE = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"


class Failure(Exception):  # noqa: N818 - an outcome
    """The mapping cannot be resolved."""


class Interpreter:
    """Resolves one mapping for one event."""

    def __init__(self, *, segment: bool, liquid: Any = None) -> None:
        self.segment = segment
        self.fired: set[str] = set()
        self.liquid = liquid
        self.event: Any = None

    def fire(self, rule: str) -> bool:
        if self.segment:
            self.fired.add(rule)
        return self.segment

    # The whole

    def transform(self, mapping: Any, event: Any) -> Any:
        if not isinstance(event, dict):
            raise Failure("an event is an object")
        self.event = event
        root = "__segment_internal_directive"
        if isinstance(mapping, dict) and root in mapping:
            rest = {key: value for key, value in mapping.items() if key != root}
            inner = mapping[root]
            if not isinstance(inner, dict) or len(inner) != 1 or not isinstance(next(iter(inner.values())), dict):
                raise Failure("the root directive is one directive with an object")
            ((name, argument),) = inner.items()
            mapping = {name: {**argument, "mapping": rest}}
        return self.cleaned(self.resolve(mapping, event))

    def cleaned(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.cleaned(item) for item in value]
        if isinstance(value, dict):
            return {key: self.cleaned(item) for key, item in value.items() if item is not UNDEFINED}
        return value

    def resolve(self, node: Any, scope: Any) -> Any:
        if isinstance(node, list):
            return [self.hole(self.resolve(item, scope)) for item in node]
        if not isinstance(node, dict):
            return node
        names = [key for key in node if key.startswith("@")]
        others = [key for key in node if not key.startswith("@") and key != "_metadata"]
        if names and not others:
            work = getattr(self, "do_" + names[0][1:], None)
            if work is None:
                raise Failure(f"no directive {names[0]}")
            return work(node[names[0]], scope)
        found = {key: self.resolve(value, scope) for key, value in node.items()}
        return found if self.segment else {key: value for key, value in found.items() if value is not UNDEFINED}

    def hole(self, value: Any) -> Any:
        """An item of a list that is missing is null; Segment keeps it undefined until the end."""
        return None if value is UNDEFINED and not self.segment else value

    # Paths

    def get(self, scope: Any, text: str, *, template: bool = False) -> Any:
        right = tokens(text)
        if not self.segment:
            return self.walk(self.event if right and right[0] == "$$" else scope, right[1:])
        theirs = text if template else text.replace("$.", "", 1)
        keys = [] if theirs in ("", ".") else segment_tokens(theirs)
        if right[0] == "$$" or [str(key) for key in right[1:]] != keys:
            self.fire("paths")
        value = scope
        for key in keys:
            if value is UNDEFINED or value is None or value is False or value == "" or is_zero(value):
                if value is not UNDEFINED:
                    self.fire("falsy-stop")
                return value
            value = self.js_member(value, key)
        return value

    def js_member(self, value: Any, key: str) -> Any:
        if isinstance(value, dict):
            return value.get(key, UNDEFINED)
        if isinstance(value, str | list):
            if key == "length":
                self.fire("host-properties")
                return len(value) if isinstance(value, list) else utf16(value)
            if re.fullmatch("0|[1-9][0-9]*", key) and int(key) < len(value):
                if isinstance(value, str):
                    self.fire("host-properties")
                if value[int(key)] is UNDEFINED:
                    self.fire("undefined")
                return value[int(key)]
        return UNDEFINED

    def walk(self, value: Any, keys: list[Any]) -> Any:
        for number, key in enumerate(keys):
            if key is ...:
                if not isinstance(value, list):
                    return UNDEFINED
                found = [self.walk(item, keys[number + 1 :]) for item in value]
                return [item for item in found if item is not UNDEFINED]
            if isinstance(value, dict) and str(key) in value:
                value = value[str(key)]
            elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < 0:
                value = value[key]
            elif isinstance(value, list) and re.fullmatch("0|[1-9][0-9]*", str(key)) and int(key) < len(value):
                value = value[int(key)]
            else:
                return UNDEFINED
        return value

    def string(self, node: Any, scope: Any) -> str:
        text = self.resolve(node, scope)
        if not isinstance(text, str):
            raise Failure("expected text")
        return text

    # Directives

    def do_path(self, argument: Any, scope: Any) -> Any:
        return self.get(scope, self.string(argument, scope))

    def do_literal(self, argument: Any, scope: Any) -> Any:
        if not self.segment:
            return argument
        try:
            found = self.resolve(argument, scope)
        except (Failure, LookupError):
            self.fire("literal")
            raise
        if found is UNDEFINED or not same(argument, found):
            self.fire("literal")
        return found

    def do_template(self, argument: Any, scope: Any) -> str:
        template = self.string(argument, scope)

        def shown(path: str) -> str:
            value = self.get(scope, path.strip(JS_SPACE), template=True)
            return "" if value is UNDEFINED or value is None else self.text(value)

        triple, double = r"\{\{\{([^}]+)\}\}\}", r"\{\{([^}]+)\}\}"
        pieces = re.split(triple, template)
        once = "".join(
            shown(piece) if number % 2 else re.sub(double, lambda match: shown(match[1]), piece)
            for number, piece in enumerate(pieces)
        )
        if not self.segment:
            return once
        first = re.sub(triple, lambda match: shown(match[1]), template)
        twice = re.sub(double, lambda match: shown(match[1]), first)
        if once != twice:
            self.fire("templates")
        return twice

    def text(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return self.number(value)
        if holds_object(value):
            return js_joined(value, self) if self.fire("templates") else self.json(value)
        return ",".join("" if item is None or item is UNDEFINED else self.text(item) for item in value)

    def number(self, value: float) -> str:
        theirs = js_float(float(value)) if abs(value) < 1e308 else "Infinity"
        if isinstance(value, int) and Decimal(theirs) != value:
            return theirs if self.fire("exact-text") else str(value)
        return js_float(value) if isinstance(value, float) else theirs

    def do_if(self, argument: dict[str, Any], scope: Any) -> Any:
        if "exists" not in argument and "blank" not in argument:
            raise Failure("no condition")
        if self.segment and falsy(argument.get("exists")) and falsy(argument.get("blank")):
            self.fire("falsy-argument")
            raise Failure("no condition")
        if "exists" in argument:
            holds = self.resolve(argument["exists"], scope) not in NOTHING
        else:
            holds = not self.blank(self.resolve(argument["blank"], scope))
        if holds:
            return self.resolve(argument["then"], scope) if "then" in argument else UNDEFINED
        if "else" in argument and falsy(argument["else"]) and self.fire("falsy-argument"):
            return UNDEFINED
        return self.resolve(argument["else"], scope) if "else" in argument else UNDEFINED

    def blank(self, value: Any) -> bool:
        right = value in NOTHING or value in ("", [])
        theirs = value in NOTHING or loosely_empty(value)
        if right != theirs:
            self.fire("blank")
        return theirs if self.segment else right

    def do_case(self, argument: dict[str, Any], scope: Any) -> Any:
        if "value" not in argument or (falsy(argument["value"]) and self.fire("falsy-argument")):
            return UNDEFINED
        value = self.resolve(argument["value"], scope)
        if not isinstance(value, str):
            return value
        if argument["operator"] not in ("lower", "upper"):
            raise Failure("no such case")
        return value.lower() if argument["operator"] == "lower" else value.upper()

    def do_replace(self, argument: dict[str, Any], scope: Any) -> Any:
        if falsy(argument["value"]) and self.fire("falsy-argument"):
            return UNDEFINED
        value = self.resolve(argument["value"], scope)
        if not isinstance(value, str | int | float):
            return "" if self.fire("replace") else value
        text = self.text(value)
        for pattern, replacement in (("pattern", "replacement"), ("pattern2", "replacement2")):
            if argument.get(pattern):
                text = self.replaced(text, argument[pattern], argument.get(replacement) or "", argument)
        return text

    def replaced(self, text: str, pattern: str, replacement: str, argument: dict[str, Any]) -> str:
        same = (lambda one: "".join(map(canonical, one))) if argument.get("ignorecase", False) else str
        out, at = "", 0
        while at < len(text):
            if same(text[at : at + len(pattern)]) == same(pattern):
                out += self.replacement(replacement, text, at, len(pattern))
                at += len(pattern)
                if not argument.get("global", True):
                    break
            else:
                out += text[at]
                at += 1
        return out + text[at:]

    def replacement(self, replacement: str, text: str, at: int, size: int) -> str:
        if not re.search(r"\$[$&`']", replacement) or not self.fire("replace"):
            return replacement
        values = {"$": "$", "&": text[at : at + size], "`": text[:at], "'": text[at + size :]}
        return re.sub(r"\$([$&`'])", lambda match: values[match[1]], replacement)

    def do_arrayPath(self, argument: list[Any], scope: Any) -> Any:
        first = argument[0] if argument else UNDEFINED
        items = self.get(scope, first) if isinstance(first, str) else self.resolve(first, scope)
        shape = argument[1] if len(argument) > 1 else None
        if not isinstance(items, dict | list) or not isinstance(shape, dict) or not shape:
            return items
        return [self.hole(self.resolve(shape, item)) for item in (items if isinstance(items, list) else [items])]

    def do_flatten(self, argument: dict[str, Any], scope: Any) -> Any:
        if not isinstance(argument.get("separator"), str) or not argument["separator"]:
            raise Failure("no separator")
        flat: dict[str, Any] = {}
        self.flatten(self.resolve(argument["value"], scope), "", argument, flat)
        return flat

    def flatten(self, value: Any, prefix: str, argument: dict[str, Any], flat: dict[str, Any]) -> None:
        keep = bool(argument.get("omitArrays"))
        if isinstance(value, dict):
            members = list(value.items())
        elif isinstance(value, list) and not keep:
            members = [(str(number), item) for number, item in enumerate(value)]
            if UNDEFINED in value:
                self.fire("undefined")
        else:
            flat[prefix] = value
            if value is UNDEFINED and not self.segment:
                del flat[prefix]
            return
        for key, item in members:
            self.flatten(item, f"{prefix}{argument['separator']}{key}" if prefix else key, argument, flat)

    def do_json(self, argument: dict[str, Any], scope: Any) -> Any:
        if falsy(argument["value"]) and self.fire("falsy-argument"):
            raise Failure("no value")
        value, mode = self.resolve(argument["value"], scope), argument["mode"]
        if mode not in ("encode", "decode") and self.fire("mode-case"):
            return UNDEFINED
        if mode.lower() == "encode":
            return UNDEFINED if value is UNDEFINED else self.json(value)
        return decoded(value) if isinstance(value, str) else value

    def json(self, value: Any) -> str:
        if isinstance(value, dict):
            keys = [key for key in value if value[key] is not UNDEFINED]
            ordered = sorted((key for key in keys if is_index(key)), key=int) + [
                key for key in keys if not is_index(key)
            ]
            if ordered != keys and self.fire("exact-text"):
                keys = ordered
            return "{" + ",".join(f"{self.json(key)}:{self.json(value[key])}" for key in keys) + "}"
        if isinstance(value, list):
            return "[" + ",".join(self.json(item) for item in value) + "]"
        if value is UNDEFINED or value is None or (isinstance(value, float) and not math.isfinite(value)):
            return "null"
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.number(value)
        if isinstance(value, Date):
            return json.dumps(value.iso)
        return json.dumps(value, ensure_ascii=False)

    def do_merge(self, argument: dict[str, Any], scope: Any) -> Any:
        if "direction" not in argument:
            raise Failure("no direction")
        direction = argument["direction"]
        if direction not in ("left", "right") and direction.lower() == "left":
            self.fire("mode-case")
        objects = [self.resolve(item, scope) for item in argument["objects"]]
        if (direction if self.segment else direction.lower()) == "left":
            objects.reverse()
        merged: dict[str, Any] = {}
        for item in objects:
            for key, value in self.spread(item).items():
                if value is UNDEFINED and (not self.segment or (key in merged and not self.fire("undefined"))):
                    continue
                merged[key] = value
        return merged

    def spread(self, value: Any) -> dict[str, Any]:
        if isinstance(value, str | list) and value and self.fire("undefined"):
            return {str(number): item for number, item in enumerate(units(value) if isinstance(value, str) else value)}
        return value if isinstance(value, dict) else {}

    def do_transform(self, argument: dict[str, Any], scope: Any) -> Any:
        return self.resolve(argument["mapping"], self.cleaned(self.resolve(argument["apply"], scope)))

    def do_excludeWhenNull(self, argument: Any, scope: Any) -> Any:
        value = self.resolve(argument, scope)
        return UNDEFINED if value is None else self.without_nulls(value)

    def without_nulls(self, value: Any) -> Any:
        if isinstance(value, list):
            right = [self.without_nulls(item) for item in value]
            return value if right != value and self.fire("nulls-in-lists") else right
        if isinstance(value, dict):
            return {key: self.without_nulls(item) for key, item in value.items() if item is not None}
        return value

    def do_liquid(self, argument: Any, scope: Any) -> Any:
        return self.liquid(argument, scope)


class _Nothing:
    def __contains__(self, value: object) -> bool:
        return value is None or value is UNDEFINED


NOTHING = _Nothing()


def falsy(value: Any) -> bool:
    return value is None or value is False or value == "" or is_zero(value) or value is UNDEFINED


def is_zero(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and (value == 0 or math.isnan(value))


def loosely_empty(value: Any) -> bool:
    """What `value == ''` is in JavaScript."""
    if isinstance(value, str):
        return not value
    if isinstance(value, bool | int | float):
        return value == 0
    if isinstance(value, list):
        return js_join(value) == ""
    return False


def js_join(value: list[Any]) -> str:
    parts = (
        js_join(item) if isinstance(item, list) else "" if item in NOTHING else "x" if item != "" else ""
        for item in value
    )
    return ",".join(parts)


def js_joined(value: Any, interpreter: Interpreter) -> str:
    if isinstance(value, dict):
        return "[object Object]"
    if isinstance(value, list):
        return ",".join("" if item in NOTHING else js_joined(item, interpreter) for item in value)
    return interpreter.text(value)


def holds_object(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(map(holds_object, value)))


def is_index(key: str) -> bool:
    return bool(re.fullmatch("0|[1-9][0-9]*", key)) and int(key) < 2**32 - 1


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def units(text: str) -> list[str]:
    packed = text.encode("utf-16-le", "surrogatepass")
    return [packed[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(packed), 2)]


def canonical(character: str) -> str:
    upper = character.upper()
    plain = len(upper) != 1 or ord(character) > 0xFFFF or (ord(character) >= 128 and ord(upper) < 128)
    return character if plain else upper


def decoded(text: str) -> Any:
    def refuse(name: str) -> Any:
        raise ValueError(name)

    def fitting(digits: str) -> Any:
        return int(digits) if len(digits) < 25 and -(2**63) <= int(digits) < 2**64 else finite(digits)

    def finite(digits: str) -> Any:
        return float(digits) if math.isfinite(float(digits)) else None

    try:
        return json.loads(text, parse_constant=refuse, parse_float=finite, parse_int=fitting)
    except ValueError:
        return text


def js_float(value: float) -> str:
    """ECMAScript's Number::toString."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    digits, exponent = f"{Decimal(repr(abs(value))).normalize():e}".split("e")
    digits, n = digits.replace(".", ""), int(exponent) + 1
    sign, k = "-" if value < 0 else "", len(digits)
    if k <= n <= 21:
        return sign + digits + "0" * (n - k)
    if 0 < n <= 21:
        return f"{sign}{digits[:n]}.{digits[n:]}"
    if -6 < n <= 0:
        return f"{sign}0.{'0' * -n}{digits}"
    tail = "." + digits[1:] if k > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if n > 0 else '-'}{abs(n - 1)}"


def segment_tokens(path: str) -> list[str]:
    """How Segment splits a path: brackets count next to a digit or a quote, dots always, quotes vanish."""
    parts = re.split(r"""\[(?=["'0-9])|\.|(?<=["'0-9])\]+""", path)
    return [re.sub("['\"]", "", part) for part in parts if part]


def tokens(path: str) -> list[Any]:
    """How a path is read here: the root mark, then keys; a negative number is an index from the end, `...` is `[*]`."""
    root, rest = "$", path
    for mark in ("$$", "$"):
        if path == mark or path[: len(mark) + 1] in (mark + ".", mark + "["):
            root, rest = mark, path[len(mark) :]
            break
    pattern = re.compile(
        r"""(?P<dot>\.) | \[(?:(?P<all>\*)|(?P<index>-?[0-9]+))\]
        | \[(?P<quote>['"])(?P<quoted>(?:\\[.\[\]\\'"]|(?!(?P=quote)\]).)*)(?:(?P=quote)\]|$)
        | (?P<char>\\[.\[\]\\'"]|.)""",
        re.VERBOSE | re.DOTALL,
    )
    keys: list[Any] = []
    key = ""
    for match in pattern.finditer(rest):
        if match["char"]:
            key += match["char"][-1]
            continue
        keys += [key] if key else []
        key = ""
        if match["all"]:
            keys.append(...)
        elif match["index"]:
            number = int(match["index"])
            keys.append(number if number < 0 else match["index"].lstrip("-"))
        elif match["quote"]:
            keys.append(re.sub(r"""\\([.\[\]\\'"])""", r"\1", match["quoted"]))
    return [root, *keys, *([key] if key else [])]
