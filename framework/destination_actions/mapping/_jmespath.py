"""JMESPath in mappings: parsed by jmespath, run in the quickest way that is bounded.

1. An expression without functions whose work is bounded by the event's size, and whose nodes `_jmespath_code` knows,
   becomes Python.
2. Other bounded expressions run in jmespath's own interpreter.
3. The rest, which can make values that grow at every step, runs in an interpreter that spends from the budget.

All three mean what jmespath.py means; the tests compare them on generated expressions. Where jmespath raises because a
value has the wrong type, the result is null.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions

from ..errors import nearest
from ..events import MISSING
from ._directive import CompileContext
from ._jmespath_budget import BudgetedInterpreter
from ._jmespath_code import CODED, generated
from ._jmespath_reads import event_reads
from ._limits import Frame
from ._paths import Path, Resolver, path_text
from ._values import copied, described

Node: TypeAlias = dict[str, Any]

DEEPEST_EXPRESSION = 60
TOO_DEEP = f"the expression is nested more than {DEEPEST_EXPRESSION} deep (limit: depth)"

WRONG_TYPE = (JMESPathError, TypeError, ValueError, ArithmeticError)
"""What jmespath raises when a function or a comparison meets a value that it is not made for."""


def compile_query(context: CompileContext, text: str, *keys: str | int) -> Resolver:
    """Compile a JMESPath expression over what is being resolved; its resolver gives None where JMESPath gives null."""
    if len(text) > context.limits.path:
        return context.error(f"an expression has at most {context.limits.path:,} characters (limit: path)", *keys)
    try:
        tree = parsed(text)
        problem = _problem(tree)
    except JMESPathError as error:
        return context.error(f"{described(text)} is not a JMESPath expression: {_reason(error)}", *keys)
    except RecursionError:
        problem = (TOO_DEEP, None)
    except ValueError:
        problem = ("the expression holds a literal that is not JSON", None)
    if problem:
        return context.error(problem[0], *keys, hint=problem[1])
    for steps in event_reads(tree):
        context.reads(path_text(Path(steps)))
    return _guarded(query_resolver(text, tree, context.pointer, repeated=context.repeated), tree)


def parsed(text: str) -> Node:
    """Give the syntax tree of an expression, as jmespath makes it."""
    tree: Any = jmespath.compile(text).parsed
    return dict(tree)


def query_resolver(text: str, tree: Node, pointer: str, *, repeated: bool) -> Resolver:
    """Choose how a parsed expression runs; what is repeated for every item of a list always runs on the budget."""
    kinds = {node["type"] for node in _nodes(tree)}
    if _growth(tree, made=False) is not None:
        if kinds <= CODED:
            return generated(tree, pointer)
        if not repeated:
            return _searched(text)
    return _budgeted(tree, pointer)


def _searched(text: str) -> Resolver:
    expression = jmespath.compile(text)

    def search(scope: Any, _frame: Frame) -> Any:
        return expression.search(scope)

    return search


def _budgeted(tree: Node, pointer: str) -> Resolver:
    def interpret(scope: Any, frame: Frame) -> Any:
        return BudgetedInterpreter(frame, pointer).visit(tree, scope)

    return interpret


def _guarded(resolver: Resolver, tree: Node) -> Resolver:
    """Make wrong types null, and keep the expression's own literals out of the result."""
    literals = any(node["type"] == "literal" and isinstance(node["value"], list | dict) for node in _nodes(tree))

    def query(scope: Any, frame: Frame) -> Any:
        try:
            value = resolver(None if scope is MISSING else scope, frame)
        except WRONG_TYPE:
            return None
        return copied(value) if literals else value

    return query


def is_true(value: Any) -> bool:
    """Tell whether a value counts as true in JMESPath: not null, false, or an empty text, list or object."""
    return not (value is None or value is False or (not value and isinstance(value, str | list | dict)))


def _nodes(tree: Node) -> Iterator[Node]:
    pending = [tree]
    while pending:
        node = pending.pop()
        yield node
        pending += [child for child in node.get("children", ()) if isinstance(child, dict)]


def _growth(node: Node, *, made: bool) -> bool | None:
    """Tell whether the result of a node is made by the expression (and not found in the event); None if it may grow.

    A value that the expression makes may hold the same part of the event many times. It is never gone through again by
    a bounded expression: not projected, not flattened, not compared.
    """
    children = [child for child in node.get("children", ()) if isinstance(child, dict)]
    result: bool | None = None
    match node["type"]:
        case "field" | "index" | "identity" | "current" | "slice":
            result = made
        case "literal":
            result = isinstance(node["value"], list | dict)
        case "subexpression" | "index_expression" | "pipe":
            result = _growth_along(children, made)
        case "projection" | "value_projection" | "filter_projection":
            result = _growth_of_projection(children, made)
        case "flatten" | "comparator":
            result = None if _any_growth(children, made) is not False else False
        case "or_expression" | "and_expression" | "not_expression":
            result = _any_growth(children, made)
        case "multi_select_list" | "multi_select_dict" | "key_val_pair":
            result = None if _any_growth(children, made) is None else True
    return result


def _growth_along(children: list[Node], made: bool) -> bool | None:
    result: bool | None = made
    for child in children:
        if result is None:
            return None
        result = _growth(child, made=result)
    return result


def _growth_of_projection(children: list[Node], made: bool) -> bool | None:
    if _growth(children[0], made=made) is not False:
        return None
    return _any_growth(children[1:], made=False)


def _any_growth(children: list[Node], made: bool) -> bool | None:
    found = [_growth(child, made=made) for child in children]
    return None if None in found else any(found)


def _problem(tree: Node) -> tuple[str, str | None] | None:
    level = [tree]
    for _ in range(DEEPEST_EXPRESSION):
        level = [child for node in level for child in node.get("children", ()) if isinstance(child, dict)]
        if not level:
            break
    else:
        return TOO_DEEP, None
    calls = [node for node in _nodes(tree) if node["type"] == "function_expression"]
    return next((found for call in calls if (found := _call_problem(call))), None)


def _call_problem(call: Node) -> tuple[str, str | None] | None:
    name, given = call["value"], len(call["children"])
    entry = Functions.FUNCTION_TABLE.get(name)
    if entry is None:
        return f'JMESPath has no function "{name}"', nearest(name, Functions.FUNCTION_TABLE)
    signature = entry["signature"]
    variadic = bool(signature) and bool(signature[-1].get("variadic"))
    if given == len(signature) or (variadic and given > len(signature)):
        return None
    return f"{name}() takes {'at least ' if variadic else ''}{len(signature)} arguments, this has {given}", None


def _reason(error: JMESPathError) -> str:
    position = getattr(error, "lex_position", None)
    token = getattr(error, "token_value", None)
    if position is None:
        return str(error).partition("\n")[0]
    return (
        f"unexpected {token!r} at character {position + 1}"
        if token
        else f"it ends too early, at character {position + 1}"
    )
