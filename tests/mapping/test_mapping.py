"""What mappings do and how they fail, case by case from data."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from _suite import same
from destination_actions.errors import MappingError
from destination_actions.events import MISSING
from destination_actions.mapping import (
    BUILTIN_DIRECTIVES,
    MAPPING_LIMITS,
    NODE,
    CompileContext,
    Directive,
    Frame,
    ResolveError,
    Resolver,
    compile_mapping,
    js_number,
)

HERE = Path(__file__).parent


def rows(name: str) -> list[Any]:
    lines = (HERE / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [pytest.param(json.loads(line), id=json.loads(line)["fact"]) for line in lines]


@pytest.mark.parametrize("case", rows("cases"))
def test_a_mapping_gives_its_document(case: dict[str, Any]) -> None:
    """Every line of cases.jsonl holds."""
    if "error_at_load" in case:
        with pytest.raises(MappingError) as refused:
            compile_mapping(case["mapping"])
        assert case["error_at_load"] == refused.value.pointer
        return
    mapping = compile_mapping(case["mapping"])
    if "error" in case:
        with pytest.raises(ResolveError) as caught:
            mapping.resolve(case["event"])
        assert case["error"] == caught.value.pointer
        return
    found = mapping.resolve(case["event"])
    assert found is MISSING if case.get("missing") else same(case["document"], found), found


@pytest.mark.parametrize("case", rows("errors"))
def test_a_wrong_mapping_is_refused_with_everything_that_is_wrong(case: dict[str, Any]) -> None:
    """Every line of errors.jsonl holds: the pointers in order, what the message says, and the hint."""
    with pytest.raises(MappingError) as caught:
        compile_mapping(case["mapping"])
    assert case["pointers"] == [error.pointer for error in caught.value.errors]
    assert case["pointers"][0] == caught.value.pointer
    assert case["says"] in str(caught.value)
    if "hint" in case:
        assert case["hint"] == caught.value.errors[0].hint


@pytest.mark.parametrize("directive", BUILTIN_DIRECTIVES.values(), ids=lambda directive: directive.name)
def test_the_example_of_a_directive_holds(directive: Directive) -> None:
    """The documentation's examples are run."""
    mapping, event, document = directive.example
    assert document == compile_mapping(mapping).resolve(dict(event))


def test_the_directives_are_those_of_segment_and_ten_more() -> None:
    """Their names and their order in the reference."""
    assert {
        *("@path", "@template", "@literal", "@if", "@case", "@replace", "@arrayPath", "@flatten", "@json", "@merge"),
        *("@transform", "@excludeWhenNull", "@liquid"),
        *("@jmespath", "@coalesce", "@map", "@filter", "@join", "@split", "@date", "@hash", "@number"),
    } == set(BUILTIN_DIRECTIVES)


@pytest.mark.parametrize("event", [None, [], "x", 5])
def test_an_event_is_an_object(event: Any) -> None:
    """Anything else is an error, as at Segment."""
    with pytest.raises(ResolveError, match="an event is a JSON object"):
        compile_mapping({"a": 1}).resolve(event)


@pytest.mark.parametrize(
    ("value", "says"),
    [(float("nan"), "the number NaN"), ({1: 2}, "the key 1 is not text"), ({"a": object()}, "a Python object")],
)
def test_a_mapping_is_json(value: Any, says: str) -> None:
    """What YAML or Python lets in beside JSON is refused."""
    with pytest.raises(MappingError, match=says):
        compile_mapping({"x": value})


def test_a_mapping_keeps_its_source() -> None:
    """The source is a copy, and gives copies."""
    mapping = {"a": [{"@path": "$.b"}]}
    compiled = compile_mapping(mapping)
    mapping["a"].clear()
    compiled.source["a"].clear()
    assert compiled.source == {"a": [{"@path": "$.b"}]}


@pytest.mark.parametrize(
    ("mapping", "paths"),
    [
        ({"a": {"@path": "properties.x.y"}, "b": {"@path": "$.properties.x.y"}}, ("$.properties.x.y",)),
        ({"@template": "{{a}} {{$.b['c.d']}}"}, ("$.a", "$.b['c.d']")),
        (
            {"@if": {"exists": {"@path": "$.a"}, "then": {"@path": "$.b"}, "else": {"@path": "$.c"}}},
            ("$.a", "$.b", "$.c"),
        ),
        ({"@arrayPath": ["$.l", {"i": {"@path": "$.id"}, "u": {"@path": "$$.u"}}]}, ("$.l", "$.l[*].id", "$.u")),
        (
            {"@arrayPath": [{"@path": "$.l"}, {"@arrayPath": ["$.m", {"@path": "$.x"}]}]},
            ("$.l", "$.l[*].m", "$.l[*].m[*].x"),
        ),
        ({"@merge": {"objects": [{"@path": "$.a"}, {"b": {"@path": "$.b"}}], "direction": "left"}}, ("$.a", "$.b")),
        ({"@transform": {"apply": {"x": {"@path": "$.a"}}, "mapping": {"y": {"@path": "$.x"}}}}, ("$.a",)),
        ({"@excludeWhenNull": {"@path": "$.a"}}, ("$.a",)),
        ({"@literal": {"@path": "$.a"}}, ()),
        ({"@path": {"@template": "$.{{kind}}"}}, ("$", "$.kind")),
        (
            {"@liquid": "{{ a.b[0] | append: c }}{% if d.size > 1 %}{% assign e = f %}{{ e }}{% endif %}"},
            ("$.a.b[0]", "$.c", "$.d", "$.f"),
        ),
        ({"@map": {"items": {"@path": "$.l"}, "to": {"@jmespath": "a.b"}}}, ("$.l", "$.l[*].a.b")),
        ({"@filter": {"items": {"@path": "$.l"}, "where": "a > `1`"}}, ("$.l", "$.l[*].a")),
    ],
)
def test_paths_lists_every_path_once(mapping: Any, paths: tuple[str, ...]) -> None:
    """All directives report what they read."""
    assert paths == compile_mapping(mapping).paths()


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((1, "1"), (1.0, "1"), (-0.0, "0"), (0.1, "0.1"), (1e21, "1e+21"), (1e20, "100000000000000000000")),
        *((1e-7, "1e-7"), (1e-6, "0.000001"), (1.5e-10, "1.5e-10"), (123.456, "123.456"), (5e-324, "5e-324")),
        *((1.7976931348623157e308, "1.7976931348623157e+308"), (2**53, "9007199254740992"), (10**23, "1e+23")),
        *(
            (2**53 + 1, "9007199254740993"),
            (float("inf"), "Infinity"),
            (float("nan"), "NaN"),
            (1e16, "10000000000000000"),
        ),
    ],
)
def test_a_number_prints_as_in_javascript(number: float, text: str) -> None:
    """But an integer whose digits JavaScript would lose keeps them."""
    assert text == js_number(number)


def _shout(context: CompileContext, argument: Any) -> Resolver:
    inner, pointer = context.node(argument["value"], "value"), context.pointer

    def resolve_shout(scope: Any, frame: Frame) -> Any:
        found = inner(scope, frame)
        frame.spend(1, pointer)
        return f"{found}!" if isinstance(found, str) else MISSING

    return resolve_shout


SHOUT = Directive(
    name="@shout",
    schema={"type": "object", "properties": {"value": NODE}, "required": ["value"], "additionalProperties": False},
    compile=_shout,
    summary="A text with an exclamation mark.",
    example=({"@shout": {"value": "a"}}, {}, "a!"),
)


def test_a_directive_of_a_plugin_works_as_the_others_do() -> None:
    """It nests, is checked by its schema, reports paths, and exists only where it is given."""
    directives = MappingProxyType({**BUILTIN_DIRECTIVES, "@shout": SHOUT})
    mapping = compile_mapping({"a": [{"@shout": {"value": {"@path": "$.x"}}}]}, directives=directives)
    assert mapping.resolve({"x": "hey"}) == {"a": ["hey!"]}
    assert mapping.paths() == ("$.x",)
    with pytest.raises(MappingError, match='"value" is missing'):
        compile_mapping({"@shout": {}}, directives=directives)
    with pytest.raises(MappingError, match='there is no directive "@shout"'):
        compile_mapping({"@shout": {"value": 1}})


def test_liquid_says_what_to_install_where_it_is_not_there() -> None:
    """Without python-liquid the directive is not registered, and the error names the extra."""
    without = {name: directive for name, directive in BUILTIN_DIRECTIVES.items() if name != "@liquid"}
    with pytest.raises(MappingError) as caught:
        compile_mapping({"a": {"@liquid": "x"}}, directives=without)
    assert 'it needs an extra: pip install "destination-actions[liquid]"' == caught.value.hint


def benchmark() -> Any:
    path = HERE.parents[1] / "benchmarks" / "mapping.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_mappings", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


BENCHMARK = benchmark()


@pytest.mark.parametrize(
    ("name", "mapping"), list(BENCHMARK.bombs()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_a_bomb_is_refused_or_stopped(name: str, mapping: Any) -> None:
    """No mapping takes for ever or fills the memory; the error says which limit."""
    with pytest.raises((MappingError, ResolveError)) as caught:
        compile_mapping(mapping).resolve(BENCHMARK.ITEMS)
    assert "limit: " in str(caught.value) or "unexpected tag" in str(caught.value)


def test_a_text_is_refused_where_it_is_worked_on() -> None:
    """A text that is longer than a document is not worked on, though nothing of it would be in the document."""
    mapping = compile_mapping(
        {"@if": {"exists": {"@case": {"operator": "upper", "value": {"@path": "$.t"}}}, "then": 1}}
    )
    with pytest.raises(ResolveError) as caught:
        mapping.resolve({"t": "x" * (MAPPING_LIMITS.output + 1)})
    assert "output" == caught.value.limit
    assert 1 == mapping.resolve({"t": "x" * MAPPING_LIMITS.output})


@pytest.mark.parametrize("number", [10**5_000, -(10**5_000), 10**400, float("inf"), float("nan")], ids=lambda _: "")
@pytest.mark.parametrize(
    "mapping",
    [
        {"@template": "{{n}}"},
        {"@json": {"mode": "encode", "value": {"@path": "$.n"}}},
        {"@replace": {"pattern": "1", "value": {"@path": "$.n"}}},
        {"@number": {"value": {"@path": "$.n"}, "multiply": 3}},
        {"@hash": {"value": {"@path": "$.n"}}},
        {"@date": {"value": {"@path": "$.n"}, "from": "unix", "to": "iso8601", "zone": "UTC"}},
        {"@liquid": "{{ n | plus: 1 }}{% if n < 5 %}{% endif %}{{ n }}{{ n | json }}"},
    ],
    ids=lambda mapping: mapping if isinstance(mapping, str) else next(iter(mapping)),
)
def test_numbers_that_json_cannot_hold_are_infinite_or_missing(mapping: Any, number: float) -> None:
    """Whoever hands in a number that no JSON parser gives gets a short document, never an exception of Python's."""
    found = compile_mapping({"out": mapping}).resolve({"n": number})
    assert isinstance(found, dict)
    assert len(str(found.get("out", ""))) < 200


def test_the_limits_are_the_documented_ones() -> None:
    """They are the same for everyone."""
    assert (32, 10_000, 1_000, 1_000, 262_144, 500_000) == (
        MAPPING_LIMITS.depth,
        MAPPING_LIMITS.nodes,
        MAPPING_LIMITS.path,
        MAPPING_LIMITS.liquid_template,
        MAPPING_LIMITS.output,
        MAPPING_LIMITS.steps,
    )


def test_the_benchmark_does_the_same_work() -> None:
    """The twelve fields come out as they should."""
    mapping = compile_mapping(BENCHMARK.read("mapping"))
    assert BENCHMARK.read("expected_mapped") == mapping.resolve(BENCHMARK.read("event"))
