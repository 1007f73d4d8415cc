"""Names as parts of a subject."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_PLAIN: Final = re.compile(rb"[A-Za-z0-9_-]")
_LONGEST: Final = 120


def token(name: str) -> str:
    """A name as one token of a subject: letters, digits, - and _ as they are, other bytes as `=XX`."""
    text = "".join(
        chr(byte) if _PLAIN.match(bytes([byte])) else f"={byte:02X}" for byte in name.encode("utf-8", "surrogatepass")
    )
    if len(text) <= _LONGEST:
        return text or "="
    return f"{text[:60].rpartition('=')[0] or text[:60]}=~{hashlib.sha256(text.encode()).hexdigest()[:32]}"


def name_of(text: str) -> str:
    """What `token` was made of; one that was too long stays a token."""
    if text == "=" or "=~" in text:
        return "" if text == "=" else text
    return re.sub(rb"=([0-9A-F]{2})", lambda found: bytes.fromhex(found[1].decode()), text.encode()).decode(
        "utf-8", "surrogatepass"
    )
