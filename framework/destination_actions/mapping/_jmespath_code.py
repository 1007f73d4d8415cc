"""JMESPath as Python: statements for each node, so that nothing is looked up while events flow.

The source holds no text of the expression, only numbered names that are bound to its keys and literals.
"""

from __future__ import annotations

import operator
from typing import Any, Final

from ..generated import defined
from ._paths import Resolver

CODED: Final = frozenset(
    {
        "and_expression",
        "comparator",
        "current",
        "field",
        "filter_projection",
        "identity",
        "index",
        "index_expression",
        "key_val_pair",
        "literal",
        "multi_select_dict",
        "multi_select_list",
        "not_expression",
        "or_expression",
        "pipe",
        "projection",
        "subexpression",
    }
)
"""The kinds of nodes that can be written as Python."""

_ORDERINGS = {"lt": operator.lt, "gt": operator.gt, "lte": operator.le, "gte": operator.ge}


def generated(tree: dict[str, Any], pointer: str) -> Resolver:
    """Give the resolver of an expression of which every node is in `CODED`."""
    writer = _Writer(pointer)
    result = writer.of(tree, "scope")
    source = "\n".join(["def query(scope, frame):", *writer.lines, f"    return {result}"])
    query: Resolver = defined(source, "query", writer.names)
    return query


class _Writer:
    """Writes statements; `of` gives the name that holds a node's value."""

    def __init__(self, pointer: str) -> None:
        self.lines: list[str] = []
        self.indent = "    "
        self.count = 0
        self.names: dict[str, Any] = {
            "pointer": pointer,
            "field": _field,
            "equal": equal,
            "ordered": _ordered,
            "is_false": is_false,
            "negated": negated,
        }

    def of(self, node: dict[str, Any], value: str) -> str:
        result: str = getattr(self, f"_{node['type']}")(node, value)
        return result

    def _name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def _bound(self, constant: Any) -> str:
        self.count += 1
        self.names[f"c{self.count}"] = constant
        return f"c{self.count}"

    def _line(self, text: str) -> None:
        self.lines.append(self.indent + text)

    def _assigned(self, expression: str) -> str:
        name = self._name()
        self._line(f"{name} = {expression}")
        return name

    def _open(self, text: str) -> None:
        self._line(text)
        self.indent += " "

    def _close(self) -> None:
        self.indent = self.indent[:-1]

    def _field(self, node: dict[str, Any], value: str) -> str:
        key = self._bound(node["value"])
        return self._assigned(f"{value}.get({key}) if type({value}) is dict else field({value}, {key})")

    def _index(self, node: dict[str, Any], value: str) -> str:
        position = self._bound(node["value"])
        inside = f"type({value}) is list and -len({value}) <= {position} < len({value})"
        return self._assigned(f"{value}[{position}] if {inside} else None")

    def _literal(self, node: dict[str, Any], _value: str) -> str:
        return self._bound(node["value"])

    def _identity(self, _node: dict[str, Any], value: str) -> str:
        return value

    _current = _identity

    def _subexpression(self, node: dict[str, Any], value: str) -> str:
        for child in node["children"]:
            value = self.of(child, value)
        return value

    _index_expression = _pipe = _subexpression

    def _key_val_pair(self, node: dict[str, Any], value: str) -> str:
        return self.of(node["children"][0], value)

    def _or_expression(self, node: dict[str, Any], value: str) -> str:
        return self._chosen(node, value, "if is_false({}):")

    def _and_expression(self, node: dict[str, Any], value: str) -> str:
        return self._chosen(node, value, "if not is_false({}):")

    def _chosen(self, node: dict[str, Any], value: str, test: str) -> str:
        left, right = node["children"]
        name = self._assigned(self.of(left, value))
        self._open(test.format(name))
        self._line(f"{name} = {self.of(right, value)}")
        self._close()
        return name

    def _not_expression(self, node: dict[str, Any], value: str) -> str:
        return self._assigned(f"negated({self.of(node['children'][0], value)})")

    def _comparator(self, node: dict[str, Any], value: str) -> str:
        left, right = (self.of(child, value) for child in node["children"])
        kind = node["value"]
        if kind in _ORDERINGS:
            return self._assigned(f"ordered({self._bound(_ORDERINGS[kind])}, {left}, {right})")
        return self._assigned(f"{'not ' if kind == 'ne' else ''}equal({left}, {right})")

    def _multi_select_list(self, node: dict[str, Any], value: str) -> str:
        return self._made(node, value, lambda items: f"[{', '.join(item for _, item in items)}]")

    def _multi_select_dict(self, node: dict[str, Any], value: str) -> str:
        return self._made(node, value, lambda items: "{" + ", ".join(f"{key}: {item}" for key, item in items) + "}")

    def _made(self, node: dict[str, Any], value: str, written: Any) -> str:
        name = self._assigned("None")
        self._open(f"if {value} is not None:")
        items = [(self._bound(child.get("value")), self.of(child, value)) for child in node["children"]]
        self._line(f"{name} = {written(items)}")
        self._close()
        return name

    def _projection(self, node: dict[str, Any], value: str) -> str:
        return self._projected(node["children"], value)

    _filter_projection = _projection

    def _projected(self, children: list[dict[str, Any]], value: str) -> str:
        base, name = self.of(children[0], value), self._assigned("None")
        item = self._name()
        self._open(f"if isinstance({base}, list):")
        self._line(f"frame.spend(len({base}), pointer)")
        self._line(f"{name} = []")
        self._open(f"for {item} in {base}:")
        for condition in children[2:]:
            self._open(f"if not is_false({self.of(condition, item)}):")
        found = self.of(children[1], item)
        self._open(f"if {found} is not None:")
        self._line(f"{name}.append({found})")
        for _ in range(1 + len(children)):
            self._close()
        return name


def _field(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def is_false(value: Any) -> bool:
    """Tell whether a value counts as false: null, false, or an empty text, list or object. Zero does not."""
    return value is None or value is False or (not value and isinstance(value, str | list | dict))


def negated(value: Any) -> bool:
    """Give what `!` gives; zero is not false."""
    return is_false(value)


def equal(left: Any, right: Any) -> bool:
    """Compare as `==` does: a boolean never equals a number."""
    return isinstance(left, bool) is isinstance(right, bool) and bool(left == right)


def _ordered(compare: Any, left: Any, right: Any) -> Any:
    return compare(left, right) if _is_orderable(left) and _is_orderable(right) else None


def _is_orderable(value: Any) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
