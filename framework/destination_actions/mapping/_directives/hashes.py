"""`@hash` makes digests of personal data, and leaves ready ones alone."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from ...events import MISSING
from .._arguments import NODE
from .._directive import CompileContext, Directive
from .._limits import Frame
from .._paths import Resolver
from .._values import scalar_text
from ._arguments import FLAG, arguments, described_as, one_of

HEX_DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "sha512": 128}


def _hash(context: CompileContext, argument: dict[str, Any]) -> Resolver:
    value, pointer = context.node(argument["value"], "value"), context.pointer
    digest = Digest(argument.get("algorithm", "sha256"), argument.get("encoding", "hex"))
    trim, lower = argument.get("trim", False), argument.get("lowercase", False)

    def resolve_hash(scope: Any, frame: Frame) -> Any:
        found = value(scope, frame)
        if found is None or found is MISSING or isinstance(found, dict | list):
            return MISSING
        text = frame.spend_on(scalar_text(found), pointer)
        text = text.strip() if trim else text
        return digest.of(text.lower() if lower else text) if text else MISSING

    return resolve_hash


class Digest:
    """An algorithm with the way in which its result is written."""

    def __init__(self, algorithm: str, encoding: str) -> None:
        self.algorithm = algorithm
        self.encoding = encoding
        self.ready = re.compile(rf"[0-9a-fA-F]{{{HEX_DIGITS[algorithm]}}}")

    def of(self, text: str) -> str:
        """Give the digest of a text in UTF-8; a text that is a digest of this algorithm in hex stays as it is."""
        if self.ready.fullmatch(text):
            return text
        found = hashlib.new(self.algorithm, text.encode("utf-8", "surrogatepass"), usedforsecurity=False)
        return found.hexdigest() if self.encoding == "hex" else base64.b64encode(found.digest()).decode("ascii")


_EVENT = {"traits": {"email": " Ann@Example.com "}}

DIRECTIVES = (
    Directive(
        name="@hash",
        schema=arguments(
            "value",
            value=described_as(NODE, "A text, number or boolean; missing for an empty text and for anything else."),
            algorithm={**one_of(*HEX_DIGITS), "description": "sha256 if left out."},
            encoding={**one_of("hex", "base64"), "description": "hex if left out."},
            trim=described_as(FLAG, "Whether white space around the text is taken away first; false if left out."),
            lowercase=described_as(FLAG, "Whether the text is put in small letters first; false if left out."),
        ),
        compile=_hash,
        summary="The digest of a text; a text that is such a digest already stays as it is.",
        example=(
            {"@hash": {"value": {"@path": "$.traits.email"}, "trim": True, "lowercase": True}},
            _EVENT,
            hashlib.sha256(b"ann@example.com").hexdigest(),
        ),
    ),
)
