"""Tokens to nodes: the grammar of the language.

::

    condition   = both ("or" both)*
    both        = negated (("and" | ",") negated)*
    negated     = ("!" | "not") negated | "(" condition ")" | clause
    clause      = ("any" | "all") "(" operand "," condition ")"
                | operand (("=" | "!=" | "<" | "<=" | ">" | ">=") operand | ["not"] "in" (list | operand))?
    operand     = path | text | number | "true" | "false" | "null" | list | function "(" operand ("," operand)* ")"
    list        = "[" (operand ("," operand)*)? "]"

A path begins with a field of the event, with `$` (the event) or, inside a quantifier, with a member of the item or `@`
(the item itself). To the right of an operator one bare word is text, as Segment reads it: `type = track`; beside a
constant it is a path: `"track" = type`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NoReturn, TypeAlias, TypeVar, cast
from typing import Literal as Word

from destination_actions.errors import nearest
from destination_actions.subscriptions.calls import called
from destination_actions.subscriptions.functions import FUNCTIONS
from destination_actions.subscriptions.glob import PatternError
from destination_actions.subscriptions.lexer import Token, refuse, tokens
from destination_actions.subscriptions.limits import MAX_BRACKETS, MAX_DEPTH, MAX_ITEMS
from destination_actions.subscriptions.nodes import (
    EVENT_FIELDS,
    Call,
    Condition,
    In,
    ListOf,
    Literal,
    Operand,
    Path,
    Quantified,
    Scalar,
    Sign,
    Truth,
    comparison,
    conjunction,
    depth,
    disjunction,
    negation,
)

T = TypeVar("T")
Side: TypeAlias = Word["left", "right", "list"]

QUANTIFIERS: Final = ("any", "all")
SIGNS: Final = frozenset({"=", "!=", "<", "<=", ">", ">="})
_CONSTANTS: Final[dict[str, Scalar]] = {"null": None, "true": True, "false": False}
_ELSEWHERE: Final = {
    "exists": "write `properties.x != null`",
    "not_exists": "write `properties.x = null`",
    "is_true": "write `properties.x = true`",
    "is_false": "write `properties.x = false`",
    "starts_with": 'write `match(event, "Order*")`',
    "startsWith": 'write `match(event, "Order*")`',
    "ends_with": 'write `match(event, "*Completed")`',
    "endsWith": 'write `match(event, "*Completed")`',
    "not_contains": "write `!contains(...)`",
    "not_match": "write `!match(...)`",
    "message": "paths begin at the event itself: leave `message.` out",
}


def parse(source: str) -> Condition:
    """Read an expression; raise `SubscriptionError` with the place of the first thing that is not understood."""
    return Parser(source).whole()


class Parser:
    """One pass over the tokens of one text."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = tokens(source)
        self.place = 0
        self.brackets = 0
        self.in_item = False

    def whole(self) -> Condition:
        """Read everything."""
        if len(self.tokens) == 1:
            self.refuse("the expression is empty", hint='write a condition such as `type = "track"`')
        condition = self.condition()
        if self.now.kind != "end":
            self.refuse(f"expected `and`, `or` or the end, found {self.found}", hint=self._hint_after())
        if depth(condition) > MAX_DEPTH:
            self.refuse(f"the expression is nested deeper than {MAX_DEPTH} levels", self.tokens[0])
        return condition

    def condition(self) -> Condition:
        """Read `or` and everything that binds tighter."""
        return disjunction(self._chain(lambda: self.take("keyword", "or"), self.both))

    def both(self) -> Condition:
        """Read `and` and everything that binds tighter."""
        return conjunction(self._chain(self.take_and, self.negated))

    def _chain(self, joined: Callable[[], bool], part: Callable[[], Condition]) -> list[Condition]:
        parts = [part()]
        while joined():
            parts.append(part())
        return parts

    def take_and(self) -> bool:
        """Go past `and`, or a comma between conditions, which Segment reads so and its own definitions use."""
        return self.take("keyword", "and") or (not self.in_item and self.take("symbol", ","))

    def negated(self) -> Condition:
        """Read a clause, a condition in parentheses, or the negation of one."""
        if self.take("symbol", "!") or self.take("keyword", "not"):
            return negation(self.inside(self.negated))
        if self.take("symbol", "("):
            condition = self.inside(self.condition)
            self.need(")", "to close the parenthesis")
            return condition
        return self.clause()

    def clause(self) -> Condition:
        """Read a comparison, a membership, a quantifier or a boolean that stands alone."""
        first = self.now
        if first.bare and first.keys[0] in QUANTIFIERS and self.next_is("("):
            return self.quantified()
        left = self.operand("left")
        sign = self.now
        if sign.kind == "symbol" and sign.value in SIGNS:
            return self._compared(left, str(self.advance().value))
        if self.take("keyword", "in"):
            return self._membership(left)
        if (sign.kind, sign.value, self.following.raw.lower()) == ("keyword", "not", "in"):
            self.place += 2
            return negation(self._membership(left))
        return self._alone(left, first)

    def _compared(self, left: Operand, sign: str) -> Condition:
        right = self.operand("left" if isinstance(left, Literal) else "right")
        if sign == "!=":
            return negation(comparison("=", left, right))
        return comparison(cast("Sign", sign), left, right)

    def _membership(self, left: Operand) -> Condition:
        token = self.now
        right = self.operand("list")
        if isinstance(right, Literal):
            self.refuse("`in` needs a list", token, 'write `type in ["track", "page"]`')
        return In(left, right)

    def _alone(self, operand: Operand, token: Token) -> Condition:
        match operand:
            case Path() | Literal(True | False):
                return Truth(operand)
            case Call(function) if FUNCTIONS[function].boolean:
                return Truth(operand)
            case _:
                return self.refuse(f"{token.raw} alone is no condition", token, "compare it: `... = ...`")

    def quantified(self) -> Condition:
        """Read `any(...)` or `all(...)`."""
        name = cast('Word["any", "all"]', self.advance().keys[0])
        self.need("(", f"after {name}")
        source = self.operand("list")
        self.need(",", f"between the list and the condition of {name}")
        outer, self.in_item = self.in_item, True
        condition = self.inside(self.condition)
        self.in_item = outer
        self.need(")", f"to close {name}(")
        return Quantified(name, source, condition)

    def operand(self, side: Side) -> Operand:
        """Read a value; a bare word is a path on the left and in a list's place, text on the right."""
        token = self.now
        if token.kind in ("text", "number"):
            return Literal(self.advance().value)
        if token.kind == "keyword" and token.value in _CONSTANTS:
            return Literal(_CONSTANTS[str(self.advance().value)])
        if self.at("["):
            return self.list_of()
        if token.kind == "path":
            return self.called() if token.bare and self.next_is("(") else self.path(side)
        return self.refuse(f"expected a value, found {self.found}", hint=self._hint_value())

    def list_of(self) -> Operand:
        """Read `[a, b]`."""
        start = self.advance()
        items = [] if self.at("]") else self.inside(self._operands)
        self.need("]", "to close the list")
        if len(items) > MAX_ITEMS:
            self.refuse(f"a list has at most {MAX_ITEMS:,} elements, this one has {len(items):,}", start)
        return ListOf(tuple(items))

    def _operands(self) -> list[Operand]:
        items = [self.operand("right")]
        while self.take("symbol", ","):
            items.append(self.operand("right"))
        return items

    def called(self) -> Operand:
        """Read a function and its arguments."""
        name = self.advance()
        function = FUNCTIONS.get(name.keys[0])
        if function is None:
            self._refuse_function(name)
        self.need("(", f"after {name.raw}")
        arguments = [] if self.at(")") else self.inside(self._arguments)
        self.need(")", f"to close {name.raw}(")
        if len(arguments) != function.arity:
            expected = "1 argument" if function.arity == 1 else f"{function.arity} arguments"
            self.refuse(f"{name.raw} takes {expected}, found {len(arguments)}", name)
        try:
            return called(name.raw, arguments)
        except PatternError as error:
            return self.refuse(str(error), name)

    def _arguments(self) -> list[Operand]:
        first = self.operand("left")
        return [first, *self._operands()] if self.take("symbol", ",") else [first]

    def path(self, side: Side) -> Operand:
        """Read a path, or a bare word that is text."""
        token = self.advance()
        if token.root == "@" and not self.in_item:
            self.refuse("@ is the item of any(...) or all(...), and there is none here", token)
        if side == "right" and token.single:
            return self._bare_word(token)
        if token.root == "$" or not (token.root or self.in_item):
            self._check_field(token)
            return Path("event", token.keys)
        return Path("item", token.keys)

    def _bare_word(self, token: Token) -> Operand:
        word = token.keys[0]
        if self.in_item or word in EVENT_FIELDS:
            member = f"@.{word}" if self.in_item else f"$.{word}"
            self.refuse(f"{word} is ambiguous here", token, f'write "{word}" for the text, {member} for the member')
        return Literal(word)

    def _check_field(self, token: Token) -> None:
        if token.root == "" and token.keys[0] not in EVENT_FIELDS:
            field = token.keys[0]
            hint = _ELSEWHERE.get(field) or nearest(field, EVENT_FIELDS) or f"write $.{token.raw} for any other member"
            self.refuse(f'"{field}" is not a field of events', token, hint)

    def _refuse_function(self, name: Token) -> NoReturn:
        word = name.keys[0]
        hint = _ELSEWHERE.get(word) or nearest(word, (*FUNCTIONS, *QUANTIFIERS))
        self.refuse(
            f'there is no function "{word}"', name, hint or f"there are {', '.join((*FUNCTIONS, *QUANTIFIERS))}"
        )

    @property
    def now(self) -> Token:
        """Give the next token."""
        return self.tokens[self.place]

    @property
    def following(self) -> Token:
        """Give the token after the next one."""
        return self.tokens[min(self.place + 1, len(self.tokens) - 1)]

    @property
    def found(self) -> str:
        """Name the next token for a message."""
        return "the end" if self.now.kind == "end" else f"`{self.now.raw[:40]}`"

    def advance(self) -> Token:
        """Give the next token and go past it."""
        token = self.now
        self.place += 1
        return token

    def take(self, kind: str, value: str) -> bool:
        """Go past the next token if it is this one."""
        if self.now.kind == kind and self.now.value == value:
            self.place += 1
            return True
        return False

    def at(self, symbol: str) -> bool:
        """Tell whether the next token is this symbol."""
        return self.now.kind == "symbol" and self.now.value == symbol

    def next_is(self, symbol: str) -> bool:
        """Look one token further."""
        return self.following.kind == "symbol" and self.following.value == symbol

    def need(self, symbol: str, purpose: str) -> None:
        """Go past a symbol that must stand here."""
        if not self.take("symbol", symbol):
            self.refuse(f'expected "{symbol}" {purpose}, found {self.found}')

    def inside(self, part: Callable[[], T]) -> T:
        """Read one level deeper."""
        self.brackets += 1
        if self.brackets > MAX_BRACKETS:
            self.refuse(f"parentheses and negations are nested deeper than {MAX_BRACKETS} levels")
        result = part()
        self.brackets -= 1
        return result

    def refuse(self, message: str, token: Token | None = None, hint: str | None = None) -> NoReturn:
        """Raise the error at a token, by default the next one."""
        refuse(self.source, (token or self.now).start, message, hint)

    def _hint_after(self) -> str | None:
        if self.now.kind == "path":
            return 'join conditions with `and` or `or`; a text of several words stands in "quotes"'
        return None

    def _hint_value(self) -> str | None:
        return "`=` alone compares; there is no `==`" if self.at("=") else None
