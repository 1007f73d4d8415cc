"""Generated events, paths and mappings; loaded by path from the test modules of this folder."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

KEYS = ["a", "b", "c", "list", "0", "x y", "d.e", "q'", "$k", "é"]
TEXTS = st.sampled_from(["", " ", "x", "Ab-c", "{{a}}", '{"a":[1,2]}', "1", "é😀", "$&", "null"])
NUMBERS = st.sampled_from([0, 1, -1, 2.5, 1.0, 1e21, 1e-7, 2**53 + 1, 10**22, -0.0]) | st.integers(-9, 99)
SCALARS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)
EVENTS = st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6)

STEPS = st.sampled_from(
    [
        ".a",
        ".b",
        ".c",
        ".list",
        "[0]",
        ".0",
        "[-1]",
        "[*]",
        "['x y']",
        ".x y",
        "['d.e']",
        ".d\\.e",
        ".q'",
        ".$k",
        ".é",
        "..a",
    ]
)
PATHS = st.builds(
    lambda root, steps: root + "".join(steps), st.sampled_from(["$", "$", "$", "", "$$"]), st.lists(STEPS, max_size=4)
) | st.sampled_from(["$.", ".", "", "$", "$$", "a[b]", "a]b", "['a", "a['b", "ty$.pe"])
TEMPLATES = st.lists(
    TEXTS | st.builds("{{{}}}".replace("{}", "{{{}}}").format, PATHS) | st.builds("{{{{ {} }}}}".format, PATHS),
    max_size=3,
).map("".join)


def _text(node: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return TEXTS | st.builds(lambda path: {"@path": path}, PATHS) | node.filter(_is_directive)


def _is_directive(node: Any) -> bool:
    return isinstance(node, dict) and any(key.startswith("@") for key in node)


def _arguments(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional)


def _extended(node: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    plain = st.dictionaries(st.sampled_from(KEYS), node, max_size=3)
    objects = plain | node.filter(_is_directive)
    branches = {"then": node, "else": node}
    text = _text(node)
    return st.one_of(
        plain,
        st.lists(node, max_size=3),
        _directive("@if", _arguments({"exists": node}, branches) | _arguments({"blank": node}, branches)),
        _directive("@case", _arguments({"operator": st.sampled_from(["lower", "upper"]), "value": text}, {})),
        _directive(
            "@replace",
            _arguments(
                {"pattern": st.sampled_from(["a", "-", "é", "1"]), "value": text},
                {
                    "replacement": TEXTS.filter(lambda t: len(t) < 9),
                    "global": st.booleans(),
                    "ignorecase": st.booleans(),
                },
            ),
        ),
        _directive("@arrayPath", st.tuples(PATHS | node.filter(_is_directive), node).map(list)),
        _directive(
            "@flatten",
            _arguments({"value": node, "separator": st.sampled_from([".", "_"])}, {"omitArrays": st.booleans()}),
        ),
        _directive("@json", _arguments({"value": node, "mode": st.sampled_from(["encode", "decode", "ENCODE"])}, {})),
        _directive(
            "@merge",
            _arguments({"objects": st.lists(objects, max_size=3), "direction": st.sampled_from(["left", "right"])}, {}),
        ),
        _directive("@transform", _arguments({"apply": objects, "mapping": objects}, {})),
        _directive("@excludeWhenNull", node),
        _directive("@literal", node),
    )


def _directive(name: str, argument: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return argument.map(lambda given: {name: given})


MAPPINGS = st.recursive(
    SCALARS
    | _directive("@path", PATHS)
    | _directive("@template", TEMPLATES)
    | _directive("@path", _directive("@template", TEMPLATES)),
    _extended,
    max_leaves=8,
)
"""Valid mappings of Segment's directives, without `@liquid`."""
