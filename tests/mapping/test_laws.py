"""Laws of mappings, over generated mappings and events."""

from __future__ import annotations

import copy
from typing import Any

from _interpreter import Failure, Interpreter
from _suite import UNDEFINED, same
from destination_actions.events import MISSING
from destination_actions.mapping import Frame, ResolveError, compile_mapping, js_number
from destination_actions.mapping._paths import compile_path, parse_path, path_text, walk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapping_strategies import EVENTS, MAPPINGS, PATHS, VALUES

law = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])

ERROR = "error"


def resolved(mapping: Any, event: Any) -> Any:
    try:
        found = compile_mapping(mapping).resolve(event)
    except ResolveError:
        return ERROR
    return UNDEFINED if found is MISSING else found


def interpreted(mapping: Any, event: Any) -> Any:
    try:
        return Interpreter(segment=False).transform(mapping, event)
    except Failure:
        return ERROR


@law
@given(MAPPINGS, EVENTS)
def test_a_compiled_mapping_gives_what_the_slow_interpreter_gives(mapping: Any, event: Any) -> None:
    """Compiling changes nothing but the speed."""
    assert same(interpreted(mapping, event), resolved(mapping, event))


@law
@given(MAPPINGS, EVENTS)
def test_the_event_is_not_changed(mapping: Any, event: Any) -> None:
    """Resolving reads."""
    before = copy.deepcopy(event)
    resolved(mapping, event)
    assert repr(before) == repr(event)


@law
@given(MAPPINGS, EVENTS)
def test_a_document_shares_nothing_with_the_mapping(mapping: Any, event: Any) -> None:
    """Spoiling one document leaves the next one whole, however the mapping that was given is changed meanwhile."""
    compiled = compile_mapping(mapping)
    first = resolved_by(compiled, copy.deepcopy(event))
    expected = copy.deepcopy(first)
    spoil(first)
    spoil(mapping)
    spoil(compiled.source)
    assert same(expected, resolved_by(compiled, event))


@given(st.floats(allow_nan=False, allow_infinity=False) | st.floats(1e-4, 1e4) | st.integers())
def test_numbers_in_templates_are_printed_as_javascript_does(number: float) -> None:
    """What is written quickly is what the printing of numbers gives."""
    assert f"<{js_number(number)}>" == compile_mapping({"a": {"@template": "<{{n}}>"}}).resolve({"n": number})["a"]


def resolved_by(compiled: Any, event: Any) -> Any:
    try:
        return compiled.resolve(event)
    except ResolveError:
        return ERROR


def spoil(value: Any) -> None:
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    for item in list(inner):
        spoil(item)
    if isinstance(value, dict | list):
        value.clear()


@law
@given(PATHS)
def test_a_path_in_canonical_form_is_the_same_path(text: str) -> None:
    """parse(print(parse(x))) == parse(x)."""
    path = parse_path(text)
    assert path == parse_path(path_text(path))


@law
@given(st.text(st.sampled_from("a.[]'\"\\$*-01 é"), max_size=12))
def test_every_text_is_a_path(text: str) -> None:
    """Reading a path never fails, and its canonical form is the same path."""
    path = parse_path(text)
    assert path == parse_path(path_text(path))


@law
@given(PATHS, VALUES, EVENTS)
def test_a_compiled_path_reads_what_a_walk_finds(text: str, value: Any, event: Any) -> None:
    """The generated reader and the loop agree on every value."""
    path, frame = parse_path(text), Frame(event)
    assert same(walk(event if path.event else value, path.steps, frame, ""), compile_path(path, "")(value, frame))


@law
@given(MAPPINGS, EVENTS)
def test_paths_lists_what_is_read(mapping: Any, event: Any) -> None:
    """A mapping gives the same document for an event of which only the listed paths are left."""
    compiled = compile_mapping(mapping)
    if "$" in compiled.paths() or any("[*]" in path or "[-" in path or "[0]" in path for path in compiled.paths()):
        return
    pruned: dict[str, Any] = {}
    for text in compiled.paths():
        graft(pruned, event, [str(step) for step in parse_path(text).steps])
    assert same(resolved_by(compiled, event), resolved_by(compiled, pruned))


def graft(target: dict[str, Any], source: Any, keys: list[str]) -> None:
    """Copy what is at a path, or the value that ends it early."""
    key, *rest = keys
    if not isinstance(source, dict) or key not in source:
        return
    value = source[key]
    if rest and isinstance(value, dict):
        inner = target.setdefault(key, {})
        if isinstance(inner, dict):
            graft(inner, value, rest)
    else:
        target[key] = value
