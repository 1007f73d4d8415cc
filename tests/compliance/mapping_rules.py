"""Where mappings differ from Segment's on purpose: the rules of `docs/compatibility.md`, Mapping.

What is right comes from `_interpreter` and from the published JSON Schema, never from the compiler. The one exception
is the text of a Liquid template: no rule excuses a difference there, so what ours gives must be what Segment gave
before a rule can apply to the mapping around it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from _interpreter import Failure, Interpreter
from _suite import UNDEFINED, Case, Rule, as_json, same
from destination_actions.errors import MappingError
from destination_actions.mapping import ResolveError, compile_mapping
from jsonschema import Draft202012Validator

ROOT = "__segment_internal_directive"
SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "mapping.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)

MISSING = {"missing": True}
ERROR: dict[str, Any] = {"error": []}


def segment_outcome(case: Case) -> dict[str, Any]:
    """Give Segment's recorded result: a value, missing, or an error with the pointers that its message names."""
    expect = case.expect
    if "error" in expect:
        return {
            "error": [pointer for message in messages(expect["error"]) for pointer in re.findall(r"^(/.*?) ", message)]
        }
    if expect.get("undefined") is True:
        return MISSING
    return outcome_of(expect["output"])


def messages(error: dict[str, Any]) -> list[str]:
    return [each["message"] for each in error["errors"]] if "errors" in error else [error.get("message", "")]


def outcome_of(value: Any) -> dict[str, Any]:
    return MISSING if value is UNDEFINED else {"value": as_json(value)}


def agree(segment: dict[str, Any], ours: dict[str, Any]) -> bool:
    """Compare two outcomes; an error of ours points at least where Segment's does."""
    if "error" in segment and "error" in ours:
        known = {as_segment_points(pointer) for pointer in ours["error"]} | {*ours["error"]}
        return not ours["error"] or all(pointer.rstrip("/") in known for pointer in segment["error"])
    return same(segment, ours)


def as_segment_points(pointer: str) -> str:
    """Give our pointer as Segment writes it: without places in lists, and from an item of @merge on only."""
    pointer = re.sub(r"^.*/@merge/objects/[0-9]+", "", pointer)
    pointer = pointer.removeprefix(f"/{ROOT}")
    return re.sub(r"(?<=/@arrayPath)/[01](?=/|$)", "", pointer).replace("~1", "/").replace("~0", "~")


def event_of(case: Case) -> Any:
    text = case.input.get("payload_json")
    return json.loads(text) if text is not None else as_json(case.input.get("payload"))


def mapping_of(case: Case) -> Any:
    return as_json(case.input["mapping"])


def is_valid(mapping: Any) -> bool:
    """Tell by the published schema, and what a schema cannot say about Liquid, whether a mapping may be used here."""
    return VALIDATOR.is_valid(mapping) and not any(map(uses_unknown_liquid, liquid_templates(mapping)))


def liquid_templates(node: Any) -> list[str]:
    if isinstance(node, list):
        return [found for item in node for found in liquid_templates(item)]
    if not isinstance(node, dict):
        return []
    if "@literal" in node:
        return []
    return [
        found
        for key, item in node.items()
        for found in ([item] if key == "@liquid" and isinstance(item, str) else liquid_templates(item))
    ]


ALLOWED = json.loads((Path(__file__).parent / "liquid_allowed.json").read_text(encoding="utf-8"))
ALLOWED_FILTERS = frozenset(ALLOWED["filters"])


ALLOWED_TAGS = frozenset(ALLOWED["tags"])


def uses_unknown_liquid(template: str) -> bool:
    tags = re.findall(r"\{%-?\s*(\w+|#)", template)
    return len(template) > 1000 or not set(tags) <= ALLOWED_TAGS or uses_unknown_filter(template)


def uses_unknown_filter(template: str) -> bool:
    expressions = re.findall(r"\{\{(.*?)\}\}|\{%-?\s*(?:assign|echo)\s(.*?)%\}", template, re.DOTALL)
    filters = [name for pair in expressions for part in pair for name in re.findall(r"\|\s*(\w+)", unquoted(part))]
    return not set(filters) <= ALLOWED_FILTERS


def unquoted(text: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"", "''", text)


class Reading:
    """A case read by the interpreter: the right outcome, Segment's as it tells it, and the rules between the two."""

    def __init__(self, mapping: Any, event: Any) -> None:
        self.valid = is_valid(mapping)
        self.right, _ = interpreted(mapping, event, segment=False) if self.valid else (ERROR, set())
        self.theirs, self.fired = interpreted(mapping, event, segment=True)


def interpreted(mapping: Any, event: Any, *, segment: bool) -> tuple[dict[str, Any], set[str]]:
    interpreter = Interpreter(segment=segment, liquid=rendered)
    try:
        return outcome_of(interpreter.transform(mapping, event)), interpreter.fired
    except (Failure, LookupError, AttributeError, TypeError):
        return ERROR, interpreter.fired


def rendered(template: Any, scope: Any) -> Any:
    try:
        return compile_mapping({"@liquid": template}).resolve(as_json(scope))
    except (MappingError, ResolveError) as error:
        raise Failure("Liquid refuses it") from error


@cache
def reading(mapping: str, event: str) -> Reading:
    return Reading(json.loads(mapping), json.loads(event))


def read(case: Case) -> Reading:
    events = event_of(case)
    if case.input.get("op") != "transform_batch":
        return reading(json.dumps(mapping_of(case)), json.dumps(events))
    return Readings([reading(json.dumps(mapping_of(case)), json.dumps(event)) for event in events])


class Readings(Reading):
    """A batch, read event by event."""

    def __init__(self, readings: list[Reading]) -> None:
        self.valid = all(each.valid for each in readings)
        self.right = as_batch([each.right for each in readings])
        self.theirs = as_batch([each.theirs for each in readings])
        self.fired = set().union(*(each.fired for each in readings))


def as_batch(outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"value": [outcome["value"] for outcome in outcomes]} if all("value" in each for each in outcomes) else ERROR


def right(case: Case, segment: Any) -> Any:
    return read(case).right if "op" in case.input else schema_verdict(case, segment)


def interpreted_rule(rule: str, segment: str, ours: str, why: str) -> Rule:
    """Make a rule that applies where the interpreter goes Segment's way there, and ends where Segment ended,"
    " wrongly."""

    return Rule(rule, segment, ours, why, lambda case, theirs: resolved_otherwise(rule, case, theirs), right)


def resolved_otherwise(rule: str, case: Case, theirs: Any) -> bool:
    found = read(case)
    explained = found.valid and rule in found.fired and agree(theirs, found.theirs)
    return explained and not agree(theirs, found.right)


def unprotected(case: Case, theirs: Any) -> bool:
    """Tell whether Segment resolved, or refused, what stands in an @literal."""
    pointers = theirs.get("error", ())
    if any("/@literal" in pointer for pointer in pointers):
        return True
    return "op" in case.input and resolved_otherwise("literal", case, theirs)


def fails_at_load(case: Case, theirs: Any) -> bool:
    return "error" not in theirs and not VALIDATOR.is_valid(mapping_of(case)) and is_object(mapping_of(case))


def is_object(mapping: Any) -> bool:
    return isinstance(mapping, dict)


def misuses_liquid(case: Case, theirs: Any) -> bool:
    return "error" not in theirs and any(map(uses_unknown_liquid, liquid_templates(mapping_of(case))))


def holds_root_directive(case: Case, theirs: Any) -> bool:
    mapping = mapping_of(case)
    alone = "op" not in case.input and isinstance(mapping, dict) and ROOT in mapping
    return alone and not agree(theirs, schema_verdict(case, theirs))


def schema_verdict(case: Case, _segment: Any) -> Any:
    return {"value": "valid"} if is_valid(mapping_of(case)) else ERROR


def refused(_case: Case, _segment: Any) -> Any:
    return ERROR


RULES = [
    interpreted_rule(
        "falsy-stop",
        "A path that meets null, false, 0 or an empty text on its way gives that value: `$.total.tax` is 0 if the"
        " total is 0.",
        "What is not there is missing.",
        "Half a path is not the value that was asked for.",
    ),
    interpreted_rule(
        "paths",
        "A dot splits a key even in quotes; quotes vanish everywhere; `$['a']`, `$`, `[-1]` and `[*]` read nothing;"
        " `$.` is cut out"
        " wherever it first stands; in a template `$.` is a part of the key.",
        "`['a.b']` is one key, `$` is the whole, `[-1]` the last item, `[*]` every item, `$$` the event in an item"
        " shape;"
        " templates read the same paths as `@path`.",
        "Keys with dots cannot be read at Segment at all, and `{{$.a}}` gives an empty text.",
    ),
    interpreted_rule(
        "host-properties",
        "Paths read JavaScript's own properties: `$.name.length`, the characters of a text by number.",
        "Only members of objects and items of lists are there.",
        "They are accidents of the language that Segment is written in.",
    ),
    interpreted_rule(
        "templates",
        "A value put in by triple braces is read as a template again; an object is `[object Object]`.",
        "A value is put in once, as it is; an object, or a list that holds one, is JSON.",
        "Text from an event must not choose what else is read; and no one means `[object Object]`.",
    ),
    interpreted_rule(
        "falsy-argument",
        "0, false, null and an empty text count as not given: as `else` of `@if` they are ignored, as `value` of"
        " `@case` and `@replace`"
        " they are dropped, as `value` of `@json` and as the condition of `@if` they are an error for every event.",
        "What is given is given.",
        '`"else": 0` says what it means.',
    ),
    interpreted_rule(
        "blank",
        "`blank` compares loosely with an empty text: 0, false and lists such as `[null]` are blank.",
        "Blank is missing, null, an empty text or an empty list.",
        "A total of 0 is a total.",
    ),
    Rule(
        "literal",
        "`@literal` resolves the directives in it, and refuses wrong ones.",
        "`@literal` gives its argument as it stands.",
        "There is no other way to write an object that looks like a directive.",
        unprotected,
        right,
    ),
    interpreted_rule(
        "replace",
        "`@replace` gives an empty text where the value is missing, null, a list or an object; `$&`, `$$` and the"
        " like in the"
        " replacement have a meaning.",
        "Missing stays missing, null stays null, lists and objects stay as they are; the replacement is plain text.",
        "An empty text hides that nothing was there, and overwrites what a destination has.",
    ),
    interpreted_rule(
        "undefined",
        "In `@merge`, a member that is missing erases the same member of another object, and texts and lists are"
        " spread into"
        " numbered members; a missing item of a list is missing again when it is read.",
        "A missing member changes nothing, only objects are merged, a missing item of a list is null.",
        "Data that is not there should not delete data that is.",
    ),
    interpreted_rule(
        "mode-case",
        "`ENCODE`, `DECODE` and `LEFT` pass validation; then `@json` gives nothing, and `@merge` merges to the right.",
        "They mean what they say.",
        "What is accepted should work.",
    ),
    interpreted_rule(
        "nulls-in-lists",
        "`@excludeWhenNull` does not look into lists.",
        "Null members of objects in lists are left out as well; null items keep their places.",
        "It is to leave out nulls.",
    ),
    interpreted_rule(
        "exact-text",
        "In texts, integers beyond 2^53 lose digits; in JSON texts, keys that look like numbers come first.",
        "Every digit and the order of keys are kept.",
        "They are often identifiers.",
    ),
    Rule(
        "checked-at-load",
        "A mapping is checked when it is saved, but not inside lists, and not for unknown or missing arguments or"
        " their types:"
        " such mistakes show, or pass unseen, while events flow.",
        "All of them are refused when the mapping is compiled.",
        "A mistake should be found by who made it.",
        fails_at_load,
        refused,
    ),
    Rule(
        "root-directive",
        "The validator by itself knows no `__segment_internal_directive`, and misses the `mapping` that is put in"
        " later.",
        "`compile_mapping` is the one way in, and knows it.",
        "What can be resolved is valid.",
        holds_root_directive,
        schema_verdict,
    ),
    Rule(
        "liquid",
        "A Liquid filter that does not exist lets its value pass; one that is turned off, an unknown tag and a"
        " template that is"
        " too long fail while events flow.",
        "All are refused when the mapping is compiled.",
        "A mistyped `sha256` would send the value itself.",
        misuses_liquid,
        refused,
    ),
]
