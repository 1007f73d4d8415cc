"""JMESPath in mappings: the three ways to run an expression mean what jmespath.py means."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from _suite import same
from destination_actions.errors import MappingError
from destination_actions.mapping import Frame, ResolveError, compile_mapping
from destination_actions.mapping._jmespath import _budgeted, _growth, _nodes, _searched, parsed, query_resolver
from destination_actions.mapping._jmespath_code import CODED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mapping_strategies import SCALARS

WRONG_TYPE = (TypeError, ValueError, jmespath.exceptions.JMESPathError)

FIELDS = st.sampled_from(["a", "b", "c", '"x y"', '"a-b"', "@"])
LITERALS = st.sampled_from(
    ["`1`", "`0`", "`true`", "`false`", "`null`", "'x'", "''", "`2.5`", '`"x"`', "`[]`", "`[1, 2]`"]
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "b", "c", "x y", "a-b"]), inner, max_size=4)
    ),
    max_leaves=15,
)


def _extended(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    operators = st.sampled_from(["||", "&&", "==", "!=", "<", ">=", "|"])
    return st.one_of(
        st.builds("{0[0]} {1} {0[1]}".format, two, operators),
        st.builds("({})".format, inner),
        st.builds("!{}".format, FIELDS),
        st.builds("{}.{}".format, inner, st.sampled_from(["a", "b", "c", '"x y"', "[a, b]", "{k: a, n: b}", "*"])),
        st.builds(
            "{}[{}]".format, inner, st.sampled_from(["0", "1", "-1", "*", "", "1:", "::2", "?a", "?a == b", "?@ > `1`"])
        ),
        st.builds("[{0[0]}, {0[1]}]".format, two),
        st.builds("{{k: {0[0]}, n: {0[1]}}}".format, two),
        st.builds(
            "{}({})".format,
            st.sampled_from(["length", "keys", "sort", "to_string", "type", "not_null", "reverse"]),
            inner,
        ),
        st.builds("map(&{}, {})".format, inner, inner),
        st.builds("join(',', {})".format, inner),
    )


EXPRESSIONS = st.recursive(FIELDS | LITERALS, _extended, max_leaves=7)

law = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


def outcome(run: Any, value: Any) -> Any:
    try:
        return run(value)
    except WRONG_TYPE:
        return "wrong type"


def tree_of(expression: str) -> Any:
    try:
        return parsed(expression)
    except jmespath.exceptions.JMESPathError:
        return None


@law
@given(EXPRESSIONS, VALUES)
def test_every_way_gives_what_jmespath_gives(expression: str, value: Any) -> None:
    """Generated Python, jmespath's search and the budgeted interpreter agree with jmespath.py."""
    tree = tree_of(expression)
    if tree is None:
        return
    expected = outcome(lambda data: jmespath.search(expression, data), value)
    ways = [query_resolver(expression, tree, "", repeated=False), query_resolver(expression, tree, "", repeated=True)]
    for way in [*ways, _budgeted(tree, ""), _searched(expression)]:
        assert same(expected, outcome(lambda data, way=way: way(data, Frame(data)), value)), expression


CODED_FIELDS = st.recursive(
    FIELDS | LITERALS,
    lambda inner: st.one_of(
        st.builds("{} {} {}".format, inner, st.sampled_from(["||", "&&", "==", "!=", "<", ">", "<=", ">="]), inner),
        st.builds("({}).{}".format, inner, FIELDS),
        st.builds("({})[{}]".format, inner, st.sampled_from(["0", "-1", "*", "?a", "?a == `1`", "*].a[*"])),
        st.builds("[{}, {}]".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=8,
)


@law
@given(CODED_FIELDS, VALUES)
def test_generated_python_gives_what_jmespath_gives(expression: str, value: Any) -> None:
    """The expressions that can be generated are generated, and agree."""
    tree = tree_of(expression)
    if tree is None or _growth(tree, made=False) is None:
        return
    assert {node["type"] for node in _nodes(tree)} <= CODED
    expected = outcome(lambda data: jmespath.search(expression, data), value)
    resolver = query_resolver(expression, tree, "", repeated=False)
    assert same(expected, outcome(lambda data: resolver(data, Frame(data)), value)), expression


@pytest.mark.parametrize(
    ("expression", "way"),
    [
        ("properties.products[0].name", "query"),
        ("a || b", "query"),
        ("products[*].{id: id, p: price}", "query"),
        ("products[?price > `10`].name", "query"),
        ("products[1:]", "search"),
        ("products[].tags[]", "search"),
        ("traits.*", "search"),
        ("length(products)", "interpret"),
        ("[@, @][]", "interpret"),
        ("products[*].[a, b] | [*][0]", "interpret"),
    ],
)
def test_the_way_is_chosen_by_what_is_bounded(expression: str, way: str) -> None:
    """What makes values and goes through them again runs on the budget; the rest runs as fast as it can."""
    assert way == query_resolver(expression, parsed(expression), "", repeated=False).__name__


def test_null_is_missing_and_so_is_a_wrong_type() -> None:
    """JMESPath says null for what is not there; a function that meets a wrong type gives nothing."""
    mapping = compile_mapping(
        {"a": {"@jmespath": "nope.x"}, "b": {"@jmespath": "length(n)"}, "c": {"@jmespath": "'x' < `1`"}}
    )
    assert mapping.resolve({"n": 5}) == {}


def test_literals_of_an_expression_are_not_shared() -> None:
    """A list that stands in the expression is a new one each time."""
    mapping = compile_mapping({"@jmespath": "nope || `[1]`"})
    mapping.resolve({}).append(2)
    assert [1] == mapping.resolve({})


@pytest.mark.parametrize(
    ("expression", "message", "hint"),
    [
        ("a.b.", "it ends too early, at character 5", None),
        ("a b", "unexpected 'b' at character 3", None),
        ("a == 'x", None, None),
        ("", None, None),
        ("legnth(a)", 'JMESPath has no function "legnth"', 'did you mean "length"?'),
        ("length(a, b)", "length() takes 1 arguments, this has 2", None),
        ("!" * 70 + "a", "nested more than 60 deep (limit: depth)", None),
        ("a" * 1001, "at most 1,000 characters (limit: path)", None),
    ],
)
def test_a_wrong_expression_is_refused_when_it_is_compiled(
    expression: str, message: str | None, hint: str | None
) -> None:
    """Syntax, functions and the number of their arguments are checked at load."""
    with pytest.raises(MappingError) as caught:
        compile_mapping({"x": {"@jmespath": expression}})
    assert "/x/@jmespath" == caught.value.pointer
    assert (message or "") in str(caught.value)
    assert hint == caught.value.hint


@pytest.mark.parametrize(
    ("expression", "paths"),
    [
        ("a.b[0].c", ("$.a.b[0].c",)),
        ("a[*].b", ("$.a[*].b",)),
        ("a[?x > `1`].b", ("$.a[*].x", "$.a[*].b")),
        ("{k: a, n: b.c}", ("$.a", "$.b.c")),
        ("a || b", ("$.a", "$.b")),
        ("sort_by(items, &price)[0]", ("$.items", "$.items[*].price")),
        ("a | b", ("$.a.b",)),
        ("@", ("$",)),
        ("'x'", ()),
    ],
)
def test_the_paths_of_an_expression_are_known(expression: str, paths: tuple[str, ...]) -> None:
    """What an expression reads is listed, items of lists as `[*]`."""
    assert paths == compile_mapping({"@jmespath": expression}).paths()


@pytest.mark.parametrize(
    "expression",
    [
        " | ".join(["[@,@][]"] * 25),
        " | ".join(["[@,@]"] * 50),
        f"to_string({' | '.join(['[@,@]'] * 50)})",
        f"({' | '.join(['[@,@]'] * 50)}) == ({' | '.join(['[@,@]'] * 50)})",
        f"length({' | '.join(['[@,@][]'] * 25)})",
        f"{' | '.join(['{a:@,b:@}'] * 50)}",
    ],
)
def test_an_expression_that_grows_is_stopped(expression: str) -> None:
    """A thousand characters can ask for more than memory holds; the error names the limit."""
    mapping = compile_mapping({"x": {"@jmespath": expression}})
    with pytest.raises(ResolveError, match=r"limit: (steps|output)"):
        mapping.resolve({"items": [1, 2, 3]})
