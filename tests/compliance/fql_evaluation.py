"""Evaluate the normal form of `fql_reference` on an event: slow, obvious, and shared with nothing."""

from __future__ import annotations

import re
from typing import Any

from fql_reference import Tree, printed

WRONG = object()


def holds(tree: Tree, event: Any, item: Any = None) -> bool:  # noqa: PLR0911 - one return a kind of node
    """Tell whether a condition holds; what is no object has no members."""
    match tree:
        case ("never",):
            return False
        case ("and", parts):
            return all(holds(part, event, item) for part in parts)
        case ("or", parts):
            return any(holds(part, event, item) for part in parts)
        case ("not", part):
            return not holds(part, event, item)
        case ("=", left, right):
            return equal(value(left, event, item), value(right, event, item))
        case ("in", left, right):
            items, wanted = value(right, event, item), value(left, event, item)
            return isinstance(items, list) and any(equal(wanted, one) for one in items)
        case ("true", operand):
            return value(operand, event, item) is True
        case ("any" | "all" as word, source, inner):
            items = value(source, event, item)
            verdicts = [holds(inner, event, one) for one in items] if isinstance(items, list) else None
            return verdicts is not None and (any(verdicts) if word == "any" else all(verdicts))
        case (sign, left, right):
            return ordered(sign, value(left, event, item), value(right, event, item))
    raise AssertionError(tree)


def kind(found: Any) -> str:
    """Name a type."""
    if isinstance(found, bool):
        return "bool"
    for types, name in (((int, float), "number"), (str, "string"), (list, "list"), (dict, "object")):
        if isinstance(found, types):
            return name
    return "null" if found is None else "wrong"


def equal(left: Any, right: Any) -> bool:
    """Compare type and value."""
    if kind(left) != kind(right) or left is WRONG:
        return False
    if isinstance(left, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def ordered(sign: str, left: Any, right: Any) -> bool:
    """Order numbers only."""
    if kind(left) != "number" or kind(right) != "number":
        return False
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign]


def value(operand: Tree, event: Any, item: Any) -> Any:  # noqa: PLR0911 - one return a kind of node
    """Give the value of an operand."""
    match operand:
        case ("value", _, constant):
            return constant
        case ("path", keys):
            return walked(event, keys)
        case ("item", keys):
            return walked(item, keys)
        case ("list", operands):
            return [value(one, event, item) for one in operands]
        case ("call", "match", (text, ("pattern", pattern))):
            found = value(text, event, item)
            return isinstance(found, str) and fits(pattern, found)
        case ("call", "contains", (text, part)):
            found, wanted = value(text, event, item), value(part, event, item)
            return isinstance(found, str) and isinstance(wanted, str) and found.find(wanted) >= 0
        case ("call", name, (argument,)):
            return called(name, value(argument, event, item))
    raise AssertionError(operand)


def walked(found: Any, keys: tuple[str, ...]) -> Any:
    """Follow a path."""
    for key in keys:
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and re.fullmatch("[0-9]{1,9}", key) and int(key) < len(found):
            found = found[int(key)]
        else:
            return None
    return found if kind(found) != "wrong" else None


def fits(pattern: tuple[Any, ...], text: str) -> bool:
    """Match a glob by keeping the set of all places in the pattern that the text so far may have come to."""
    states = _with_stars({0}, pattern)
    for character in text:
        moved = {state + 1 for state in states if state < len(pattern) and _takes(pattern[state], character)}
        moved |= {state for state in states if state < len(pattern) and pattern[state] == "*"}
        states = _with_stars(moved, pattern)
    return len(pattern) in states


def _with_stars(states: set[int], pattern: tuple[Any, ...]) -> set[int]:
    reached = set(states)
    for state in range(len(pattern)):
        if state in reached and pattern[state] == "*":
            reached.add(state + 1)
    return reached


def _takes(test: Any, character: str) -> bool:
    match test:
        case "?":
            return True
        case ("is", wanted):
            return bool(character == wanted)
        case ("set", negated, ranges):
            return bool(negated != any(low <= character <= high for low, high in ranges))
    return False


def called(name: str, found: Any) -> Any:  # noqa: PLR0911 - one return a kind of function
    """Apply a function of one argument."""
    if name == "typeof":
        return kind(found)
    if name == "length":
        sizes = {"list": lambda: len(found), "string": lambda: len(found.encode("utf-8", "surrogatepass"))}
        return 0 if found is None else sizes.get(kind(found), lambda: WRONG)()
    if found is None:
        return None
    if name in ("bool", "string", "number"):
        return converted(name, found)
    if kind(found) != "string":
        return WRONG
    if name in ("lowercase", "uppercase"):
        return found.lower() if name == "lowercase" else found.upper()
    words = split(found)
    if name == "titlecase":
        return " ".join(word[0].upper() + word[1:].lower() for word in words)
    return ("_" if name == "snakecase" else "-").join(words).lower()


def split(text: str) -> list[str]:
    """Cut a text into words by putting a blank where a word begins."""
    spaced = "".join(character if character.isalnum() else " " for character in text)
    cut = ""
    for before, character, after in zip(" " + spaced, spaced, spaced[1:] + " ", strict=False):
        small = before.islower() or before.isdigit()
        cut += " " if character.isupper() and (small or (before.isupper() and after.islower())) else ""
        cut += character
    return cut.split(" ") if "" not in cut.split(" ") else [word for word in cut.split(" ") if word]


def converted(name: str, found: Any) -> Any:
    """Convert a scalar."""
    if kind(found) not in ("bool", "number", "string"):
        return WRONG
    if name == "string":
        return found if isinstance(found, str) else printed(found)
    if name == "bool":
        table = {"true": True, "false": False, 1: True, 0: False}
        return found if isinstance(found, bool) else table.get(found, WRONG)
    if isinstance(found, str):
        text = found.strip(" \t\r\n")
        return float(text) if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII) else WRONG
    return int(found) if isinstance(found, bool) else found
