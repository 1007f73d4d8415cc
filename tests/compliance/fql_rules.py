"""The deliberate differences of the subscription language, each a predicate on a case and on Segment's result.

A case is a text (`fql_parse`), a text or tree with an event (`fql_match`), or a tree (`fql_generate`). A rule applies
where its predicate finds its subject in the input and Segment's result is not the right one. The right result is found
by `fql_reference` and `fql_evaluation`, which share nothing with the code under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from _suite import UNDEFINED, Case, Rule, strip_undefined
from fql_evaluation import holds
from fql_reference import FIELDS, LEAVES, Refused, meaning_of_tree, path_of, reference, tokenized

ERROR = "error"
SEGMENT_FIELDS = ("type", "event", "name", "userId", "properties", "traits", "context")
TEXT_FIELD = r"(?:type|event|name|userId)(?:\.\w+)?"
OBJECT_PATH = r"(?:properties|traits|context)(?:[.\\](?:[\w-]|\\.)+)*"
QUOTED = r'"[^"]*"|' + r"'[^']*'"


def meaning(case: Case) -> Any:
    """Give the normal form of what the author of a case meant, or `ERROR`."""
    try:
        return reference(case.input["fql"]) if "fql" in case.input else meaning_of_tree(case.input["ast"])
    except Refused:
        return ERROR


def right(case: Case, _segment: Any = None) -> Any:
    """Give the right result: a verdict where the case asks for one, else a meaning."""
    found = meaning(case)
    if not is_match(case):
        return found
    event = strip_undefined(case.input.get("event"))
    return found != ERROR and event is not None and event is not UNDEFINED and holds(found, event)


def is_match(case: Case) -> bool:
    """Tell a case that asks whether an event matches."""
    return bool({"match", "throws"} & case.expect.keys())


def bare(case: Case) -> str:
    """Give the text of a case with its quoted parts emptied."""
    return re.sub(QUOTED, lambda found: found[0][0] * 2, case.input.get("fql", ""))


def found(pattern: str) -> Callable[[Case], bool]:
    """Look for a pattern in the text without its quoted parts."""
    expression = re.compile(pattern)
    return lambda case: expression.search(bare(case)) is not None


def leaves(tree: Any) -> Iterator[dict[str, Any]]:
    """Give the conditions of Segment's tree."""
    if isinstance(tree, dict) and isinstance(tree.get("children"), list):
        for child in tree["children"]:
            yield from leaves(child)
    elif isinstance(tree, dict):
        yield tree


def in_tree(test: Callable[[dict[str, Any]], bool]) -> Callable[[Case], bool]:
    """Look for a condition in the tree of a case."""
    return lambda case: any(test(leaf) for leaf in leaves(case.input.get("ast")))


def words(case: Case) -> list[tuple[str, Any]]:
    """Give the tokens of a text, none where it cannot be cut."""
    try:
        return tokenized(case.input.get("fql", ""))
    except Refused:
        return []


def mixed(case: Case) -> bool:
    """Find `and` and `or` in one group."""
    groups: list[set[str]] = [set()]
    for kind, value in words(case):
        if (kind, value) == ("sign", "("):
            groups.append(set())
        elif (kind, value) == ("sign", ")") and len(groups) > 1:
            groups.pop()
        elif kind == "word" and value in ("and", "or"):
            groups[-1].add(value)
            if len(groups[-1]) > 1:
                return True
    return False


def nested(case: Case) -> bool:
    """Find a parenthesis, of a function too, inside another."""
    depth, deepest = 0, 0
    for sign in re.findall(r"[()]", bare(case)):
        depth += 1 if sign == "(" else -1
        deepest = max(deepest, depth)
    return deepest > 1


def refused(case: Case) -> bool:
    """Find a text that the language does not have."""
    return "fql" in case.input and meaning(case) == ERROR


def beyond(case: Case) -> bool:
    """Find what Segment's parser has no notion of: other fields, functions, keys, `in`, lists, a path alone."""
    tokens = words(case)
    if any(_beyond(case, kind, value, after) for (kind, value), (_, after) in pairwise(tokens)) or _path_right(tokens):
        return True
    return found(r"(?:contains|match)\(\s*type|[.\[][\"']|(?:^|and|or|\()\s*(?:true|false)\s*(?:$|and|or|\))")(case)


def _beyond(case: Case, kind: str, value: Any, after: Any) -> bool:
    if kind != "path":
        return (kind, value) in (("word", "in"), ("sign", "[")) or (kind in ("number", "text") and after in _SIGNS)
    if value[1] in (("contains",), ("match",)):
        return False
    strange = bool(value[0]) or value[1][0] not in SEGMENT_FIELDS
    return strange or after in ("and", "or", ")", "", "(") or _unusual(case, value)


_SIGNS = ("=", "!=", "<", "<=", ">", ">=")


def _unusual(case: Case, path: Any) -> bool:
    odd = any(not re.fullmatch(r"[A-Za-z_][\w-]*", key, re.ASCII) or key in ("and", "or", "null") for key in path[1])
    return odd and ("\\" not in case.input["fql"] or not path[2])


def _path_right(tokens: list[tuple[str, Any]]) -> bool:
    return any(sign in _SIGNS and kind == "path" and len(value[1]) > 1 for (_, sign), (kind, value) in pairwise(tokens))


def strings(case: Case) -> bool:
    """Find single quotes, or a backslash between quotes."""
    text = case.input.get("fql", "")
    return "'" in text or re.search(r'"[^"]*\\', text) is not None


def through_scalar(case: Case) -> bool:
    """Find a path that leads through something that is neither object nor list, or no event at all."""
    event = case.input.get("event")
    if is_match(case) and event is None:
        return True
    paths = [value[1] for kind, value in words(case) if kind == "path" and not value[0] and value[1][0] in FIELDS]
    paths += [path_of(leaf)[1] for leaf in leaves(case.input.get("ast")) if leaf.get("type") in LEAVES]
    return isinstance(event, dict) and any(_stops(event, keys) for keys in paths)


def _stops(value: Any, keys: tuple[str, ...]) -> bool:
    for key in keys:
        if not isinstance(value, dict | list):
            return value is not None
        value = value.get(key) if isinstance(value, dict) else None
    return False


def odd_path(case: Case) -> bool:
    """Find a whole object, a member of a text field, a key with an escaped dot, or a path through a scalar."""
    whole = found(
        r"(?<![\w.$])(?:properties|traits|context)(?![\w.\[\\-])|(?<![\w.])(?:type|event|name|userId)\.\w|\\\."
    )
    return whole(case) or through_scalar(case)


def big(case: Case) -> bool:
    """Find a number that a double does not hold, an exponent, a leading dot, or a keyword cut short at the end."""
    numbers = [value for kind, value in words(case) if kind == "number"]
    return any(isinstance(value, int) and int(float(value)) != value for value in numbers) or found(
        r"\d[eE][+-]?\d|(?<![\w\])\"'])\.\d|[=<>,]\s*(?:an|nu|nul|o)$"
    )(case)


def patterns(case: Case) -> bool:
    """Find a pattern that is not plain text with one star at an end."""
    written = re.findall(rf"match\s*\([^,()]*,\s*({QUOTED}|[^\s)]+)", case.input.get("fql", ""))
    inside = [text[1:-1] if text[0] in "\"'" else text for text in written]
    return any(not re.fullmatch(r"\*[^*?\[\]\\]*|[^*?\[\]\\]*\*", text) for text in inside)


def _number_text(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*", value) is not None


def _orders(leaf: dict[str, Any]) -> bool:
    value = leaf.get("value")
    return leaf.get("operator") in _SIGNS[2:] and (
        isinstance(value, bool) or not (_number_text(value) or _number(value))
    )


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def ordered_words(case: Case) -> bool:
    """Find an order beside something that is neither a number nor the text of one."""
    text = re.findall(rf"[<>]=?\s*({QUOTED}|true\b|false\b|null\b)", case.input.get("fql", ""))
    return any(not _number_text(word.strip("\"'")) for word in text)


def unsound(leaf: dict[str, Any]) -> bool:
    """Find a condition without a value, of an unknown operator, or whose value or name the text does not carry."""
    value, operator = leaf.get("value", UNDEFINED), str(leaf.get("operator"))
    known = operator in _SIGNS or _OPERATORS.fullmatch(operator)
    marked = isinstance(value, str) and set(value) & set('"\\')
    pattern = "_with" in operator and set(str(value)) & set("*?[]\\")
    empty = (value is UNDEFINED or value is None) and not re.search("exists|is_", operator)
    number = ("number" in operator and not _number(value)) or (isinstance(value, float) and repr(value) == "nan")
    untold = operator in ("=", "!=") and not isinstance(value, str)
    name = all(re.fullmatch(r"[^.\[\]]+", step) for step in str(leaf.get("name", "n")).split("."))
    return not known or not name or any((marked, pattern, empty, number, untold))


_OPERATORS = re.compile(r"(not_)?(contains|starts_with|ends_with|exists)|is_(true|false)|number_(not_)?equals")


def odd_tree(case: Case) -> bool:
    """Find a tree that Segment's generator does not write down soundly."""
    tree = case.input.get("ast")
    if not isinstance(tree, dict):
        return False
    return (
        in_tree(unsound)(case) or not re.search(r'"?(and|or)"?', str(tree.get("operator"))) or not tree.get("children")
    )


def negated_leaf(*operators: str) -> Callable[[Case], bool]:
    """Find a negated condition in a tree."""
    return of_verdicts(in_tree(lambda leaf: leaf.get("operator") in operators))


def any_of(*tests: Callable[[Case], bool]) -> Callable[[Case], bool]:
    """Join predicates."""
    return lambda case: any(test(case) for test in tests)


def of_verdicts(test: Callable[[Case], bool]) -> Callable[[Case], bool]:
    """Keep a predicate about what both read alike to the cases that ask for a verdict."""
    return lambda case: is_match(case) and test(case)


def rule(name: str, segment: str, ours: str, why: str, test: Callable[[Case], bool]) -> Rule:
    """Make a rule that applies where its subject is found and Segment's result is not right."""
    return Rule(f"fql-{name}", segment, ours, why, lambda case, theirs: test(case) and theirs != right(case), right)


RULES = (
    rule(
        "precedence",
        "joins every condition of a group with the last `and` or `or` in it",
        "`and` binds tighter than `or`",
        "`a or b and c` would mean `a and b and c`",
        mixed,
    ),
    rule(
        "nesting",
        "an error for parentheses in parentheses; a function in parentheses ends the group",
        "parentheses nest",
        "an ordinary condition would never trigger, or would trigger without half of it",
        nested,
    ),
    rule(
        "dropped-words",
        "skips words that it does not know, at any place, and takes what stands nearby for operator and value",
        "refuses the text, with the place and a hint",
        "a dropped condition makes a filter wider than its author wrote",
        refused,
    ),
    rule(
        "superset",
        "has seven fields, `contains`, `match` and comparisons with a constant on the right",
        "reads any path, quoted keys and indexes, `in`, lists, ten more functions, `any`, `all`, a boolean alone",
        "it is the documented language, or refused there",
        beyond,
    ),
    rule(
        "words",
        "drops `AND`, `OR`, `NOT`, `not`, and a `!` that does not stand right before `contains(` or `match(`",
        "keywords in any case; `!` and `not` negate what follows",
        "the condition would mean the opposite, or `and` for `or`",
        found(r"\b(?:AND|OR|NOT|TRUE|True|FALSE|False|NULL|Null|not)\b|!(?!=)(?!contains\(|match\()|\b(?:and|or)\("),
    ),
    rule(
        "strings",
        "keeps single quotes in the value and has no escapes",
        "single and double quotes enclose; a backslash escapes quotes, backslash, n, t, r and uXXXX",
        "`type = 'track'` would never match",
        strings,
    ),
    rule(
        "spacing",
        "needs a blank after `!=`, `<=`, `>=`, after a text and before `<` and `>`; a carriage return is an error",
        "blanks are free",
        '`total>=50` would be an error, `a = "b"and c = "d"` would lose its second half',
        found(r"\r|(?:!=|<=|>=)(?=\S)|[\w)](?:<|>|!=)|(?:\"\"|'')(?=[\w(!])|\w!="),
    ),
    rule(
        "typed-fields",
        "compares `type`, `event`, `name` and `userId` as text, with `null`, numbers and booleans too",
        "type and value must be equal; null is null or missing",
        "`event != null` would be true for every event",
        found(rf"\b{TEXT_FIELD}\s*!?=\s*(?:[+-]?[\d.]|true\b|false\b|null\b)"),
    ),
    rule(
        "not-equal",
        "`!= 5` is false where no number is found; `!= true` is true for the boolean true",
        "`!=` is true exactly where `=` is false",
        "one rule for every type",
        any_of(
            of_verdicts(found(rf"{OBJECT_PATH}\s*!=\s*(?:[+-]?[\d.]|true\b|false\b)")),
            negated_leaf("number_not_equals", "!="),
        ),
    ),
    rule(
        "negated-functions",
        "`!contains` and `!match` are false where no text is found",
        "`!` is true exactly where the function is false",
        "one rule for every function",
        any_of(
            of_verdicts(found(r"!\s*(?:contains|match)\(")),
            negated_leaf("not_contains", "not_starts_with", "not_ends_with"),
        ),
    ),
    rule(
        "match",
        "a pattern that ends in `*` is a beginning, any other an end, its first character dropped unseen",
        "a glob over the whole text: `*`, `?`, `[a-z]`, `\\x`",
        '`match(event, "x")` would match every event',
        patterns,
    ),
    rule(
        "order",
        "beside `<` and the like takes `true` for 1, `false` and blank text for 0, `null` for the text",
        "only numbers, and texts that are decimal numbers, have an order",
        "a value of the wrong type makes a clause false",
        any_of(of_verdicts(ordered_words), in_tree(_orders)),
    ),
    rule(
        "paths",
        "`properties` means `properties.properties`, `type.x` means `type`, an escaped dot splits; a path stops at 0, "
        '`""` and false and gives them, or reads `length` of a text; a null event is a TypeError',
        "a path means what it says; inside a scalar, and in no event, everything is missing",
        "accidents of the implementation",
        odd_path,
    ),
    rule(
        "numbers",
        "reads `5e1` as 5, `.5` as a dot, rounds big integers, cuts `nul` to `n`",
        "decimal numbers with an exponent; integers are exact",
        "another number than the one written",
        big,
    ),
    rule(
        "trees",
        "writes values unescaped, `NaN`, `undefined` and unknown operators; evaluates the number 5 as the text",
        "escapes values; refuses a tree without meaning",
        "the text would mean something else than the tree",
        odd_tree,
    ),
)
