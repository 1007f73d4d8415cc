"""What is proven holds for every event of the plan, and what is impossible for none."""

from __future__ import annotations

import os
from typing import Any

import pytest
from destination_actions import FieldSet, compile_mapping, compile_subscription, fieldset_from_json
from destination_actions.checking.fits import fit_of
from destination_actions.checking.plans import any_event
from destination_actions.checking.resolve import Scope, resolved
from destination_actions.checking.schema_shapes import shape_of
from destination_actions.checking.shapes import MISSING_SHAPE, Shape, constant, meet, union, with_member
from destination_actions.checking.triggers import matching, verdicts
from destination_actions.errors import MappingError
from destination_actions.events import MISSING
from destination_actions.mapping import BUILTIN_DIRECTIVES
from destination_actions.testing import any_values
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("DESTINATION_ACTIONS_CHECK_EXAMPLES", "60"))
FAST = settings(deadline=None, max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
FEW = settings(FAST, max_examples=max(EXAMPLES // 5, 1))

TEXTS = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": st.integers(0, 3),
        "maxLength": st.integers(3, 40),
        "format": st.sampled_from(["date-time", "date", "email", "uuid", "uri"]),
    },
)
PLAIN = st.fixed_dictionaries({"type": st.just("string"), "minLength": st.integers(0, 2)})
NUMBERS = st.fixed_dictionaries(
    {"type": st.sampled_from(["number", "integer"])},
    optional={"minimum": st.integers(-5, 5), "maximum": st.integers(5, 500)},
)
SCALARS = st.one_of(
    PLAIN,
    TEXTS.filter(lambda one: "format" not in one or not {"minLength", "maxLength"} & one.keys()),
    NUMBERS,
    st.just({"type": "boolean"}),
    st.just({"type": ["string", "null"]}),
    st.sampled_from([{"enum": ["a", "12", ""]}, {"enum": [0, 1]}, {"enum": [True, None]}, {"const": "x"}]),
)
LISTS = st.builds(lambda each, low: {"type": "array", "items": each, "minItems": low}, SCALARS, st.integers(0, 1))
VALUES = st.one_of(SCALARS, LISTS, st.builds(lambda a, b: {"anyOf": [a, b]}, SCALARS, SCALARS))
KEYS = ["a", "b", "c"]


def _event(members: dict[str, Any], required: set[str], closed: bool) -> dict[str, Any]:
    inner = {"type": "object", "properties": members, "required": sorted(required & members.keys())}
    if closed:
        inner["additionalProperties"] = False
    return {"type": "object", "properties": {"properties": inner}, "required": ["properties"]}


PLANS = st.builds(
    _event, st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1), st.sets(st.sampled_from(KEYS)), st.booleans()
)
PATHS = st.sampled_from([f"$.properties.{key}" for key in KEYS] + ["$.properties", "$.properties.a[0]", "$.userId"])
LEAVES = st.one_of(
    PATHS.map(lambda path: {"@path": path}),
    PATHS.map(lambda path: {"@template": f"x {{{{{path}}}}}"}),
    PATHS.map(lambda path: {"@template": f"{{{{{path}}}}}"}),
    st.sampled_from(["text", "", 7, 1.5, True, None, [1], ["a", "b"]]),
)


def _around(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def build(name: str, one: Any, other: Any, flag: bool) -> Any:
        return {
            "@case": {"operator": "upper" if flag else "lower", "value": one},
            "@replace": {"pattern": "a", "replacement": "" if flag else "b", "value": one},
            "@if": {"exists" if flag else "blank": one, "then": one, "else": other},
            "@coalesce": [one, other],
            "@join": {"items": one},
            "@split": {"value": one, "separator": ",", "trim": flag},
            "@number": {"value": one} | ({"decimals": 0} if flag else {}),
            "@json": {"value": one, "mode": "encode" if flag else "decode"},
            "@hash": {"value": one, "trim": flag},
            "@date": {"value": one, "to": "unix" if flag else "date", "zone": "UTC"},
            "@map": {"items": one, "to": {"@path": "$"} if flag else other},
            "@filter": {"items": one, "where": "@"},
            "@excludeWhenNull": one,
            "@arrayPath": [one if isinstance(one, dict) else "$.properties.a", {"x": {"@path": "$"}}],
            "@merge": {"objects": [{"k": one}, {"k": other}], "direction": "right" if flag else "left"},
            "@flatten": {"value": one, "separator": "_"},
            "@transform": {"apply": {"p": one}, "mapping": {"q": {"@path": "$.p"}}},
            "@literal": one,
        }[name]

    names = st.sampled_from(sorted(BUILTIN_DIRECTIVES.keys() - {"@path", "@template", "@jmespath", "@liquid"}))
    return st.one_of(
        st.tuples(names, inner, inner, st.booleans()).map(lambda t: {t[0]: build(*t)}),
        st.lists(inner, max_size=2),
        st.dictionaries(st.sampled_from(["m", "n"]), inner, max_size=2),
    )


def _compiles(node: Any) -> bool:
    try:
        compile_mapping({"f": node})
    except MappingError:
        return False
    return True


NODES = st.recursive(LEAVES, _around, max_leaves=4).filter(_compiles)
FIELD = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from(["string", "text", "number", "integer", "boolean", "datetime", "object"])},
        optional={
            "required": st.just(value=True),
            "multiple": st.just(value=True),
            "allowNull": st.just(value=True),
            "default": st.none(),
        },
    ).map(lambda one: {key: value for key, value in one.items() if value is not None}),
    st.sampled_from(
        [
            {"type": "string", "format": "email", "required": True},
            {"type": "string", "choices": ["a", "x", "true"]},
            {"type": "integer", "minimum": 0, "maximum": 20},
            {"type": "number", "minimum": 3},
        ]
    ),
)


def _fields(one: dict[str, Any]) -> type[FieldSet]:
    return fieldset_from_json({"f": {"label": "F", "description": "", **one}})


def _in(shape: Shape, value: Any) -> bool:
    """Whether a shape holds a value: it does when nothing of the value is lost in it."""
    one = MISSING_SHAPE if value is MISSING else constant(value)
    both = meet(shape, one)
    return not both.nothing and (value is MISSING or both.missing is False)


@FAST
@given(st.data())
def test_a_schema_permits_only_what_its_shape_holds(data: st.DataObject) -> None:
    """Every value of a schema is in its shape."""
    schema = data.draw(VALUES)
    assert _in(shape_of(schema), data.draw(any_values(schema)))


@FAST
@given(st.data())
def test_a_mapping_gives_only_what_was_foreseen(data: st.DataObject) -> None:
    """What a mapping gives for an event of the plan is in the shape that was foreseen."""
    plan, node = data.draw(PLANS), data.draw(NODES)
    shape = meet(any_event(), shape_of(plan))
    event = data.draw(any_values(plan))
    document = compile_mapping({"f": node}).resolve(event)
    assert isinstance(document, dict)
    assert _in(resolved(node, Scope(shape, shape, BUILTIN_DIRECTIVES)), document.get("f", MISSING))


@FAST
@given(st.data())
def test_what_is_proven_holds(data: st.DataObject) -> None:
    """No event of the plan makes a field invalid that is proven, and none a value valid that is impossible."""
    plan, node, fields = data.draw(PLANS), data.draw(NODES), _fields(data.draw(FIELD))
    shape = meet(any_event(), shape_of(plan))
    fit = fit_of(resolved(node, Scope(shape, shape, BUILTIN_DIRECTIVES)), fields.fields()[0])
    assume(fit.verdict in ("proven", "impossible"))
    document = compile_mapping({"f": node}).resolve(data.draw(any_values(plan)))
    assert isinstance(document, dict)
    errors = fields.check(document).errors
    if fit.verdict == "proven":
        assert () == errors
    elif document.get("f") is not None and document["f"] != "":
        assert errors


TRIGGERS = [
    'properties.a = "a"',
    "properties.a = 1 or properties.b = true",
    "properties.a >= 3 and properties.a < 9",
    'properties.a in ["a", "12", null]',
    "properties.b != null and properties.a != true",
    '!(properties.a = "x" and properties.b > 0)',
    'typeof(properties.a) = "string" and contains(properties.a, "1")',
    "length(properties.a) > 1",
    "any(properties.a, @ = 1) or all(properties.b, @ = true)",
    'lowercase(properties.a) = "a" or number(properties.b) = 12',
    "properties.a",
]


@FEW
@given(st.data())
@pytest.mark.parametrize("text", TRIGGERS)
def test_verdicts_on_triggers_hold(text: str, data: st.DataObject) -> None:
    """A trigger gives only the verdicts that were foreseen, and what matches is in the shape of what does."""
    plan, trigger = data.draw(PLANS), compile_subscription(text)
    shape, event = meet(any_event(), shape_of(plan)), data.draw(any_values(plan))
    matches, can = trigger.matches(event), verdicts(trigger.condition, shape)
    assert can.hold if matches else can.fail
    assert _in(matching(trigger.condition, shape, wanted=matches), event)


def test_a_shape_that_is_told_apart() -> None:
    """The laws above can fail: a shape that leaves out a value does not hold it."""
    assert not _in(shape_of({"type": "integer"}), "x")
    assert not _in(with_member(any_event(), ("event",), constant("a")), {"event": "b"})
    assert _in(union([constant("a"), constant(1)]), 1)
