"""Liquid templates through python-liquid, with the tags and filters that Segment allows and a budget of their own.

Imported only when a mapping uses `@liquid`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from inspect import Parameter, signature
from io import StringIO
from typing import Any

from liquid import BoundTemplate, Environment, RenderContext
from liquid.ast import Node
from liquid.builtin.content import Literal
from liquid.builtin.expressions import logical
from liquid.builtin.expressions.primitive import Blank, Empty, Nil
from liquid.builtin.illegal import Illegal
from liquid.builtin.output import Output, OutputNode
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    comment_tag,
    cycle_tag,
    decrement_tag,
    echo_tag,
    if_tag,
    increment_tag,
    inline_comment_tag,
    liquid_tag,
    unless_tag,
)
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.expression import Expression
from liquid.output import LimitedStringIO
from liquid.static_analysis import Variable
from liquid.undefined import is_undefined
from liquid.utils import ReadOnlyChainMap

from ..errors import nearest
from ._directive import CompileContext
from ._limits import MAPPING_LIMITS, Frame, ResolveError, too_deep, too_large
from ._liquid_filters import FILTERS, JSON_FILTERS, REFUSED
from ._liquid_values import CHARACTERS_A_STEP, TooLargeError, equal, fitting, is_hollow, less, plain, text
from ._paths import Path, Resolver, Step, path_text
from ._values import measure


def compile_liquid(context: CompileContext, source: str) -> Resolver:
    """Compile a Liquid template; its resolver gives text."""
    try:
        template = LiquidEnvironment().from_string(quoted_words(source))
    except LiquidError as error:
        return context.error(f"this is not a Liquid template that may be used here: {_reason(error)}")
    analysis = template.analyze()
    for name in analysis.filters:
        if name not in FILTERS:
            why = "may not be used" if name in REFUSED else "does not exist"
            return context.error(f'the Liquid filter "{name}" {why}', hint=nearest(name, FILTERS))
    for variables in analysis.globals.values():
        for variable in variables:
            context.reads(path_text(Path(_steps(variable))))
    _compare_loosely(template.nodes, RenderContext(template))
    return _rendered(template, context.pointer)


_MARKUP = re.compile(
    r"\{%-?\s*raw\s*-?%\}.*?\{%-?\s*endraw\s*-?%\}|(?P<open>\{[{%])(?P<inside>.*?)(?P<close>[}%]\})", re.DOTALL
)
_WORD = re.compile(
    r"(?P<text>'[^']*'|\"[^\"]*\")|(?<=[\w\]])\.(?P<word>and|blank|contains|else|empty|false|if|nil|null|or|true)\b"
)


def quoted_words(source: str) -> str:
    """Put members that are named like words of Liquid (`a.empty`) in quotes (`a["empty"]`); python-liquid needs it."""
    return _MARKUP.sub(
        lambda match: match[0] if match["open"] is None else match["open"] + _quoted(match["inside"]) + match["close"],
        source,
    )


def _quoted(inside: str) -> str:
    return _WORD.sub(lambda match: match["text"] or f'["{match["word"]}"]', inside)


def _rendered(template: BoundTemplate, pointer: str) -> Resolver:
    def resolve_liquid(scope: Any, frame: Frame) -> Any:
        context = _Context(template, globals=scope if isinstance(scope, dict) else {})
        context.frame, context.pointer = frame, pointer
        buffer = _Buffer(MAPPING_LIMITS.output)
        try:
            template.render_with_context(context, buffer)
        except (TooLargeError, ResourceLimitError):
            raise too_large(pointer) from None
        except RecursionError:
            raise too_deep(pointer) from None
        except LiquidError as error:
            raise ResolveError(f"the Liquid template cannot be rendered: {_reason(error)}", pointer=pointer) from None
        except (TypeError, ValueError, ArithmeticError):  # python-liquid's own, for values that it is not made for
            raise ResolveError("the Liquid template cannot be rendered with these values", pointer=pointer) from None
        return buffer.getvalue()

    return resolve_liquid


def _reason(error: LiquidError) -> str:
    message = str(error.message if isinstance(error.message, str) else error).partition("\n")[0]
    return message[:1].lower() + message[1:]


def _steps(variable: Variable) -> tuple[Step, ...]:
    steps: list[Step] = []
    for segment in variable.segments:
        if isinstance(segment, int):
            steps.append(segment if segment < 0 else str(segment))
        elif isinstance(segment, str) and not (steps and segment in ("size", "first", "last")):
            steps.append(segment)
        else:
            break
    return tuple(steps)


class _OutputNode(OutputNode):
    """An output that prints values as LiquidJS does."""

    def render_to_output(self, context: RenderContext, buffer: Any) -> int:
        return int(buffer.write(text(fitting(plain(self.expression.evaluate(context))))))


class _EchoNode(echo_tag.EchoNode, _OutputNode):
    render_to_output = _OutputNode.render_to_output


class _Output(Output):
    node_class = _OutputNode


class _EchoTag(echo_tag.EchoTag):
    node_class = _EchoNode


ALLOWED_TAGS = (
    Literal,
    _Output,
    Illegal,
    assign_tag.AssignTag,
    capture_tag.CaptureTag,
    comment_tag.CommentTag,
    cycle_tag.CycleTag,
    decrement_tag.DecrementTag,
    _EchoTag,
    if_tag.IfTag,
    increment_tag.IncrementTag,
    inline_comment_tag.InlineCommentTag,
    liquid_tag.LiquidTag,
    unless_tag.UnlessTag,
)
"""The tags of LiquidJS that Segment leaves on, without those that make sense in loops alone."""


class LiquidEnvironment(Environment):
    """An environment with the allowed tags and filters alone."""

    output_stream_limit = MAPPING_LIMITS.output
    local_namespace_limit = MAPPING_LIMITS.output * 16
    suppress_blank_control_flow_blocks = False

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:  # noqa: ARG002 - the library's signature
        """Register what may be used."""
        for tag in ALLOWED_TAGS:
            self.add_tag(tag)
        for name, function in FILTERS.items():
            self.add_filter(name, _budgeted(name, function))


class _Buffer(LimitedStringIO):
    """A stream that counts characters: python-liquid's counts bytes, which half a surrogate pair has none of."""

    def write(self, text: str) -> int:
        self.size += len(text)
        if self.size > self.limit:
            raise TooLargeError
        return StringIO.write(self, text)


class _Context(RenderContext):
    """A render context that holds the frame, and knows no variables but the event's and the template's own."""

    __slots__ = ("frame", "pointer")

    frame: Frame
    pointer: str

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)

    def get_buffer(self, buf: Any = None) -> StringIO:
        """Give a stream for a part of the template, with the room that is left."""
        return _Buffer(MAPPING_LIMITS.output - (buf.size if isinstance(buf, LimitedStringIO) else 0))

    def get_item(self, obj: Any, key: Any) -> Any:
        """Read a member, an item, or `size`, `first` and `last`; nothing else of an object can be reached."""
        if isinstance(obj, dict):
            return len(obj) if key == "size" and "size" not in obj else obj[str(key)]
        if key == "size" and isinstance(obj, list | str):
            return len(obj)
        if isinstance(obj, list):
            return obj[{"first": 0, "last": -1}.get(str(key), key)]
        raise KeyError(key)


LiquidEnvironment.template_class = type("_Template", (BoundTemplate,), {"context_class": _Context})


def _budgeted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter take its steps from the budget, and refuse values that are too large before it works on them."""

    parameters = signature(function).parameters.values()
    endless = any(parameter.kind is Parameter.VAR_POSITIONAL for parameter in parameters)
    most = None if endless else len(parameters) - 1

    def apply(value: Any, *arguments: Any, context: _Context, **named: Any) -> Any:
        if is_undefined(value) and name in JSON_FILTERS:
            return ""
        values = [fitting(plain(item)) for item in (value, *arguments[:most])]
        steps = sum(measure(item) if isinstance(item, str | list | dict) else 1 for item in values)
        context.frame.spend(1 + steps // CHARACTERS_A_STEP, context.pointer)
        try:
            return fitting(function(*values, **{key: fitting(plain(item)) for key, item in named.items()}))
        except (TypeError, ArithmeticError):
            raise LiquidError(f'the filter "{name}" cannot take these arguments', token=None) from None
        except ValueError as error:
            raise LiquidError(str(error), token=None) from None

    apply.with_context = True  # type: ignore[attr-defined]
    return apply


_WORDS = (Empty, Blank)


class _Ordering(Expression):
    """A comparison by `<`, `<=`, `>` or `>=`: a text of digits counts as a number, and what is no number as neither."""

    __slots__ = ("left", "right", "strict")

    def __init__(self, found: Any, *, swapped: bool, strict: bool) -> None:
        super().__init__(token=found.token)
        self.left, self.right = (found.right, found.left) if swapped else (found.left, found.right)
        self.strict = strict

    def evaluate(self, context: RenderContext) -> object:
        left, right = self.left.evaluate(context), self.right.evaluate(context)
        if _has_no_order(self.left, left) or _has_no_order(self.right, right):
            return False
        left, right = plain(left), plain(right)
        if self.strict:
            return less(left, right) is True
        return less(right, left) is False

    def children(self) -> list[Expression]:
        return [self.left, self.right]


class _Likeness(Expression):
    """`==`, `!=` or `contains`, strict and for values of every kind: python-liquid's raise for some, and mix kinds."""

    __slots__ = ("kind", "left", "right")

    def __init__(self, found: Any, *, kind: str) -> None:
        super().__init__(token=found.token)
        self.left, self.right, self.kind = found.left, found.right, kind

    def evaluate(self, context: RenderContext) -> object:
        left, right = self.left.evaluate(context), self.right.evaluate(context)
        if self.kind == "contains":
            return _contains(plain(left), right)
        return _alike(left, right) is (self.kind == "==")

    def children(self) -> list[Expression]:
        return [self.left, self.right]


def _alike(left: Any, right: Any) -> bool:
    """Compare two values, of which one may be the word `blank` or `empty`."""
    if isinstance(left, _WORDS):
        left, right = right, left
    if isinstance(left, _WORDS):
        return False
    if isinstance(right, _WORDS):
        return is_hollow(plain(left), blank=isinstance(right, Blank))
    return equal(plain(left), plain(right))


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(whole, list):
        return any(_alike(item, part) for item in whole)
    sought = None if isinstance(part, _WORDS) else plain(part)
    return isinstance(whole, str) and not isinstance(sought, dict | None) and text(fitting(sought)) in whole


_LIKENESSES = {
    logical.EqExpression: "==",
    logical.NeExpression: "!=",
    logical.ContainsExpression: "contains",
}


def _has_no_order(expression: Expression, value: object) -> bool:
    """Tell whether a value is neither before nor after anything: what is missing, `nil`, `blank` and `empty` are."""
    return is_undefined(value) or isinstance(value, _WORDS) or isinstance(expression, Nil)


_ORDERINGS = {
    logical.LtExpression: (False, True),
    logical.LeExpression: (False, False),
    logical.GtExpression: (True, True),
    logical.GeExpression: (True, False),
}


def _compare_loosely(nodes: list[Node], context: RenderContext) -> None:
    """Put our comparisons in the place of python-liquid's, which raise where the kinds differ."""
    for expression in _conditions(nodes, context):
        expression.expression = _loosened(expression.expression)


def _conditions(nodes: list[Node], context: RenderContext) -> Iterator[logical.BooleanExpression]:
    for node in nodes:
        yield from (found for found in node.expressions() if isinstance(found, logical.BooleanExpression))
        yield from _conditions(list(node.children(context)), context)


def _loosened(expression: Any) -> Expression:
    if type(expression) in _LIKENESSES:
        return _Likeness(expression, kind=_LIKENESSES[type(expression)])
    found = _ORDERINGS.get(type(expression))
    if found:
        return _Ordering(expression, swapped=found[0], strict=found[1])
    if isinstance(expression, logical.LogicalAndExpression | logical.LogicalOrExpression):
        expression.left, expression.right = _loosened(expression.left), _loosened(expression.right)
    result: Expression = expression
    return result
