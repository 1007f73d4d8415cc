"""Attribute names and wire keys: `flow_sid` is `flowSid`, `from_` is `from`."""

from __future__ import annotations

import keyword
import re

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORDS_OF_A_DECLARATION = frozenset({"field", "str", "int", "float", "bool", "list", "dict"})
"""An attribute of such a name would hide the word from the declarations after it."""
_RESERVED_PREFIX = "__segment_internal_"
_RESERVED = frozenset(
    {"onMappingSave", "retlOnMappingSave", "enable_batching", "batch_size", "batch_bytes", "batch_keys"}
)


def wire_key(attribute: str) -> str:
    """Give the wire key of an attribute: camel case, without the underscore that keeps Python's keywords free."""
    head, *rest = attribute.rstrip("_").split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def attribute_name(key: str) -> str:
    """Give a Python name for any wire key; `wire_key` leads back wherever the key is plain camel case."""
    words = re.sub(r"\W", "_", _BOUNDARY.sub("_", key), flags=re.ASCII).lower().lstrip("_")
    name = words if words and not words[0].isdigit() else f"field_{words}".rstrip("_")
    return f"{name}_" if keyword.iskeyword(name) or name in _WORDS_OF_A_DECLARATION else name


def is_reserved(key: str) -> bool:
    """Tell whether Segment's platform adds this key to a mapping; such a key is never an unknown field."""
    return str(key).startswith(_RESERVED_PREFIX) or key in _RESERVED
