"""A second, slow and obvious reading of the subscription language, for judging the first.

It shares no code with `destination_actions.subscriptions`: its own tokens by one regular expression, its own recursive
parser to plain tuples, its own evaluator that walks them. `meaning` gives the normal form in which two readings are
compared; `meaning_of_tree` reads the tree that Segment's parser gives, `meaning_of_ast` ours.

Normal form: `("and" | "or", frozenset of conditions)`, `("not", condition)`, `("=", left, right)`, `("<", left, right)`
and the like, `("in", left, right)`, `("true", operand)`, `("any" | "all", operand, condition)`, `("never",)`. Operands:
`("path", keys)`, `("item", keys)`, `("value", type, value)`, `("list", operands)`, `("call", name, operands)`.
"""

from __future__ import annotations

import re
from typing import Any

FIELDS = frozenset(
    {
        *("type", "event", "name", "userId", "anonymousId", "groupId", "previousId", "messageId", "timestamp"),
        *("originalTimestamp", "sentAt", "receivedAt", "channel", "category", "version", "properties", "traits"),
        *("context", "integrations", "options", "projectId", "writeKey", "sourceId", "metadata", "_metadata"),
    }
)
ARITY = {"contains": 2, "match": 2} | dict.fromkeys(
    ["length", "lowercase", "uppercase", "snakecase", "kebabcase", "titlecase", "typeof", "bool", "string", "number"], 1
)
WORD = r"(?:\\.|[^\W]|[-$])"
QUOTED = r'"(?:\\.|[^"\\])*"|' + r"'(?:\\.|[^'\\])*'"
TOKEN = re.compile(
    rf"""(?P<blank>[ \t\r\n]+)
    |(?P<text>{QUOTED})
    |(?P<number>[+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.$-]))
    |(?P<path>(?:@|\$(?![\w$\\-])|(?![0-9-]){WORD}+)(?:\.(?:{QUOTED}|{WORD}+)|\[\d+\]|\[(?:{QUOTED})\])*)
    |(?P<sign>!=|<=|>=|[=<>!()\[\],](?![=&|]))""",
    re.VERBOSE | re.DOTALL,
)
Tree = tuple[Any, ...]


class Refused(Exception):  # noqa: N818
    """The language does not have this."""


def unescaped(text: str) -> str:
    """Take the quotes off and read the escapes."""
    plain = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\"}

    def one(found: re.Match[str]) -> str:
        if found[1].startswith("u"):
            return chr(int(found[1][1:], 16))
        return plain.get(found[1], found[0])

    return re.sub(r"\\(u[0-9a-fA-F]{4}|.)", one, text[1:-1], flags=re.DOTALL)


def tokenized(text: str) -> list[tuple[str, Any]]:
    """Cut a text; a path is `(root, keys)`."""
    place, found = 0, list[tuple[str, Any]]()
    while place < len(text):
        match = TOKEN.match(text, place)
        if match is None:
            raise Refused(text[place : place + 20])
        place = match.end()
        if match.lastgroup != "blank":
            found.append(_token(match))
    return [*found, ("end", "")]


def _token(match: re.Match[str]) -> tuple[str, Any]:
    kind, raw = str(match.lastgroup), match[0]
    if kind == "text":
        return kind, unescaped(raw)
    if kind == "number":
        return kind, number(raw)
    if kind == "path" and raw.lower() in ("and", "or", "not", "in", "null", "true", "false"):
        return "word", raw.lower()
    return (kind, _keys(raw)) if kind == "path" else (kind, raw)


def number(text: str) -> int | float:
    """Read a number, exact where it is whole."""
    return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text)


def _keys(raw: str) -> tuple[str, tuple[str, ...], bool]:
    """Give root, keys and whether nothing is escaped."""
    root = raw[0] if re.match(r"@|\$(?![\w$\\-])", raw) else ""
    parts = re.findall(rf"\[(\d+)\]|\[({QUOTED})\]|({QUOTED})|({WORD}+)", raw[len(root) :])
    keys = tuple(
        str(int(index)) if index else unescaped(a or b) if a or b else re.sub(r"\\(.)", r"\1", c)
        for index, a, b, c in parts
    )
    return root, keys, "\\" not in raw


class Reader:
    """A recursive reading of tokens."""

    def __init__(self, text: str) -> None:
        self.tokens = tokenized(text)
        self.items = 0

    def whole(self) -> Tree:
        """Read everything."""
        tree = self.either()
        if self.tokens[0][0] != "end":
            raise Refused(self.tokens[0])
        return tree

    def next(self, *values: str) -> bool:
        """Take the next token if it is a sign or word among these."""
        kind, value = self.tokens[0]
        if kind in ("sign", "word") and value in values:
            self.tokens.pop(0)
            return True
        return False

    def need(self, value: str) -> None:
        """Take this sign or refuse."""
        if not self.next(value):
            raise Refused(self.tokens[0])

    def either(self) -> Tree:
        """Read `or`."""
        parts = [self.both()]
        while self.next("or"):
            parts.append(self.both())
        return joined("or", parts)

    def both(self) -> Tree:
        """Read `and`, or a comma."""
        parts = [self.one()]
        while self.next("and") or (not self.items and self.next(",")):
            parts.append(self.one())
        return joined("and", parts)

    def one(self) -> Tree:
        """Read a negation, a group or a clause."""
        if self.next("!", "not"):
            return negated(self.one())
        if self.next("("):
            tree = self.either()
            self.need(")")
            return tree
        kind, value = self.tokens[0]
        if kind == "path" and value[1] in (("any",), ("all",)) and self.tokens[1] == ("sign", "("):
            return self.quantified()
        return self.clause()

    def quantified(self) -> Tree:
        """Read any or all."""
        name = self.tokens.pop(0)[1][1][0]
        self.need("(")
        source = self.operand(right=False)
        self.need(",")
        self.items += 1
        inner = self.either()
        self.items -= 1
        self.need(")")
        return (name, source, inner)

    def clause(self) -> Tree:
        """Read a comparison."""
        left = self.operand(right=False)
        kind, sign = self.tokens[0]
        if kind == "sign" and sign in ("=", "!=", "<", "<=", ">", ">="):
            self.tokens.pop(0)
            tree = compared("=" if sign == "!=" else sign, left, self.operand(right=left[0] != "value"))
            return negated(tree) if sign == "!=" else tree
        no = self.tokens[0] == ("word", "not") and self.tokens[1] == ("word", "in")
        if no:
            self.tokens.pop(0)
        if self.next("in"):
            return self.member(left, no)
        if left[0] in ("path", "item") or left[1] in ("bool", "contains", "match"):
            return ("true", left)
        raise Refused(left)

    def member(self, left: Tree, no: bool) -> Tree:
        """Read what follows `in`."""
        right = self.operand(right=False)
        if right[0] == "value":
            raise Refused(right)
        tree = ("in", left, right)
        return negated(tree) if no else tree

    def operand(self, right: bool) -> Tree:
        """Read a value."""
        kind, value = self.tokens.pop(0)
        if kind in ("text", "number"):
            return constant(value)
        if kind == "word" and value in ("null", "true", "false"):
            return constant({"null": None, "true": True, "false": False}[value])
        if (kind, value) == ("sign", "["):
            return ("list", self.operands("]"))
        if kind != "path":
            raise Refused(value)
        root, keys, plain = value
        if not root and len(keys) == 1 and plain and self.tokens[0] == ("sign", "("):
            self.need("(")
            return self.call(keys[0])
        return self.path(root, keys, right)

    def operands(self, end: str, right: bool = True) -> tuple[Tree, ...]:
        """Read operands up to a sign."""
        found = list[Tree]()
        while not self.next(end):
            if found:
                self.need(",")
            found.append(self.operand(right=right or bool(found)))
        return tuple(found)

    def call(self, name: str) -> Tree:
        """Read the arguments of a function."""
        arguments = self.operands(")", right=False)
        if ARITY.get(name) != len(arguments):
            raise Refused(name)
        if name in ("contains", "match"):
            part = arguments[1]
            if part[0] == "value" and part[1] in ("number", "bool"):
                part = constant(printed(part[2]))
            if part[0] == "list" or part[1] == "NoneType":
                raise Refused(part)
            if name == "match":
                part = ("pattern", pattern(part))
            arguments = (arguments[0], part)
        return ("call", name, arguments)

    def path(self, root: str, keys: tuple[str, ...], right: bool) -> Tree:
        """Tell a path from a text without quotes."""
        single = not root and len(keys) == 1
        if right and single:
            if self.items or keys[0] in FIELDS:
                raise Refused(keys)
            return constant(keys[0])
        if root == "@" and not self.items:
            raise Refused(root)
        if not root and not self.items and keys[0] not in FIELDS:
            raise Refused(keys)
        return ("item", keys) if root == "@" or (self.items and not root) else ("path", keys)


def joined(word: str, parts: list[Tree]) -> Tree:
    """Join conditions; groups of one kind melt, the order of parts has no meaning."""
    flat = [inner for part in parts for inner in (part[1] if part[0] == word else (part,))]
    return (word, frozenset(flat)) if len(set(flat)) > 1 else flat[0]


def negated(tree: Tree) -> Tree:
    """Negate; twice is not at all."""
    return tree[1] if tree[0] == "not" else ("not", tree)


def constant(value: Any) -> Tree:
    """Make a constant, its type beside it because Python takes True for 1."""
    kind = "bool" if isinstance(value, bool) else "number" if isinstance(value, int | float) else type(value).__name__
    return ("value", kind, value)


def compared(sign: str, left: Tree, right: Tree) -> Tree:
    """Compare; only numbers have an order, and the text of a number beside a sign of order is one."""
    if sign == "=":
        return (sign, left, right)
    left, right = (_as_number(side) for side in (left, right))
    if any(side[0] == "value" and side[1] != "number" for side in (left, right)):
        return ("never",)
    return (sign, left, right)


def _as_number(side: Tree) -> Tree:
    if side[0] == "value" and side[1] == "str":
        text = side[2].strip(" \t\r\n")
        if re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text, re.ASCII):
            return constant(number(text) if "." not in text or not text.endswith(".") else float(text))
    return side


def printed(value: Any) -> str:
    """Print a number or boolean as JavaScript does, ordinary sizes only."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if float(value).is_integer() else repr(value)


def pattern(part: Tree) -> tuple[Any, ...]:
    """Read a glob pattern to a tuple of `"*"`, `"?"`, `("is", c)` and `("set", negated, ranges)`."""
    if part[0] != "value" or part[1] != "str":
        raise Refused(part)
    found = list[Any]()
    for piece in re.findall(r"\\.|\[[\^!]?(?:\\.|[^\\])(?:\\.|[^\\\]])*\]|.|\\", part[2], re.DOTALL):
        if piece == "[":
            raise Refused(part)
        if len(piece) > 1 and piece[0] == "[":
            found.append(_set(piece))
        elif piece == "*":
            found += [] if found[-1:] == ["*"] else ["*"]
        else:
            found.append("?" if piece == "?" else ("is", piece[-1]))
    return tuple(found)


def _set(piece: str) -> tuple[Any, ...]:
    inside = piece[2:-1] if piece[1] in "^!" else piece[1:-1]
    ranges = re.findall(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", inside, re.DOTALL)
    return ("set", piece[1] in "^!", tuple((low[-1], (high or low)[-1]) for low, high in ranges))


def reference(text: str) -> Tree:
    """Read a text, or raise `Refused`."""
    return Reader(text).whole()


def literally(text: str) -> tuple[Any, ...]:
    """Give the pattern of a text in which nothing is special."""
    return tuple(("is", character) for character in text)


LEAVES = {
    "event-type": ("type",),
    "event": ("event",),
    "name": ("name",),
    "userId": ("userId",),
    "event-property": ("properties",),
    "event-trait": ("traits",),
    "event-context": ("context",),
}


def meaning_of_tree(tree: Any) -> Tree:
    """Read Segment's tree as its author meant; `Refused` where a part has no meaning."""
    if not isinstance(tree, dict) or ("operator" not in tree):
        raise Refused(tree)
    if tree.get("type") == "group":
        if tree["operator"] not in ("and", "or") or not tree["children"]:
            raise Refused(tree)
        return joined(tree["operator"], [meaning_of_tree(child) for child in tree["children"]])
    return _leaf(path_of(tree), str(tree["operator"]), tree.get("value", ...))


def path_of(leaf: dict[str, Any]) -> Tree:
    """Give the path of a condition of Segment's tree; its name is cut at dots and brackets."""
    named = leaf["type"] in ("event-property", "event-trait", "event-context")
    steps = [step for step in re.split(r"[.\[\]]", str(leaf.get("name", ""))) if step] if named else []
    return ("path", (*LEAVES[leaf["type"]], *steps))


def _leaf(path: Tree, operator: str, value: Any) -> Tree:
    if operator.startswith("not_") or operator in ("!=", "number_not_equals", "exists"):
        opposite = {"!=": "=", "number_not_equals": "number_equals", "exists": "not_exists"}
        if operator != "not_exists":
            return negated(_leaf(path, opposite.get(operator) or operator.removeprefix("not_"), value))
    if operator in ("not_exists", "is_true", "is_false"):
        return ("=", path, constant({"not_exists": None, "is_true": True, "is_false": False}[operator]))
    if not isinstance(value, str | int | float | None) or repr(value) == "nan":
        raise Refused(value)
    if operator in ("<", "<=", ">", ">="):
        return compared(operator, path, constant(value))
    if operator == "=":
        return ("=", path, constant(value))
    return _text_leaf(path, operator, value)


def _text_leaf(path: Tree, operator: str, value: Any) -> Tree:
    if operator == "number_equals":
        side = _as_number(constant(value))
        if side[1] != "number":
            raise Refused(value)
        return ("=", path, side)
    if value is None:
        raise Refused(value)
    text = value if isinstance(value, str) else printed(value)
    if operator == "contains":
        return ("true", ("call", "contains", (path, constant(text))))
    shapes = {"starts_with": (*literally(text), "*"), "ends_with": ("*", *literally(text))}
    if operator not in shapes:
        raise Refused(operator)
    return ("true", ("call", "match", (path, ("pattern", shapes[operator]))))


def meaning_of_ast(node: Any) -> Tree:  # noqa: PLR0911 - one return a kind of node
    """Bring our own tree into normal form."""
    match node:
        case {"type": "and" | "or" as word, "clauses": clauses}:
            return joined(word, [meaning_of_ast(clause) for clause in clauses])
        case {"type": "not", "clause": clause}:
            return negated(meaning_of_ast(clause))
        case {"type": "compare", "operator": sign, "left": left, "right": right}:
            return compared(sign, _operand(left), _operand(right))
        case {"type": "in", "left": left, "right": right}:
            return ("in", _operand(left), _operand(right))
        case {"type": "any" | "all" as word, "list": source, "condition": inner}:
            return (word, _operand(source), meaning_of_ast(inner))
        case {"type": "truth", "operand": {"type": "literal", "value": value}}:
            return ("true", constant(value))
        case {"type": "truth", "operand": operand}:
            return ("true", _operand(operand))
    raise AssertionError(node)


def _operand(node: Any) -> Tree:
    match node:
        case {"type": "path" | "item" as kind, "keys": keys}:
            return (kind, tuple(keys))
        case {"type": "literal", "value": value}:
            return constant(value)
        case {"type": "list", "items": items}:
            return ("list", tuple(map(_operand, items)))
        case {"type": "call", "function": "match", "arguments": [text, part]}:
            return ("call", "match", (_operand(text), ("pattern", pattern(_operand(part)))))
        case {"type": "call", "function": name, "arguments": arguments}:
            return ("call", name, tuple(map(_operand, arguments)))
    raise AssertionError(node)
