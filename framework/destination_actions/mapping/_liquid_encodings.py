"""Liquid filters that write a text for another place: HTML, addresses, digests, base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import unicodedata
from collections.abc import Callable, Mapping
from html import escape as html_escape
from typing import Any, Final
from urllib.parse import quote, unquote

from ._liquid_values import is_true, text

_ENTITIES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&#34;": '"', "&#39;": "'"}
_ENTITY = re.compile("|".join(_ENTITIES))
_URI_SAFE = ";,/?:@&=+$-_.!~*'()#"
_BROKEN_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
_COMPONENT_SAFE = "-_.!~*'()"


def _escape(whole_text: str) -> str:
    return html_escape(whole_text, quote=False).replace('"', "&#34;").replace("'", "&#39;")


def _escape_once(whole_text: str) -> str:
    return _escape(_ENTITY.sub(lambda match: _ENTITIES[match[0]], whole_text))


_HTML_BLOCKS = (("<script", "</script>"), ("<style", "</style>"), ("<!--", "-->"), ("<", ">"))


def _strip_html(whole_text: str) -> str:
    """Drop tags, comments, scripts and styles, looking at no character more often than there are kinds of blocks."""
    kept, at, blocks = [], 0, dict(_HTML_BLOCKS)
    while (opened := whole_text.find("<", at)) >= 0:
        kept.append(whole_text[at:opened])
        at = _block_end(whole_text, opened, blocks)
        if at < 0:
            return "".join([*kept, whole_text[opened:]])
    return "".join([*kept, whole_text[at:]])


def _block_end(whole_text: str, opened: int, blocks: dict[str, str]) -> int:
    for opener, closer in list(blocks.items()):
        if whole_text.startswith(opener, opened):
            closed = whole_text.find(closer, opened + len(opener))
            if closed >= 0:
                return closed + len(closer)
            del blocks[opener]
    return -1


def _url_decode(whole_text: str) -> str:
    if _BROKEN_ESCAPE.search(whole_text):
        raise ValueError("url_decode: the text is not URL-encoded")
    return unquote(whole_text.replace("+", " "), errors="strict")


def _url_encode(whole_text: str) -> str:
    return quote(whole_text, safe=_COMPONENT_SAFE, errors="replace").replace("%20", "+")


def _cgi_escape(whole_text: str) -> str:
    return quote(whole_text, safe="-_.~", errors="replace").replace("%20", "+")


def _uri_escape(whole_text: str) -> str:
    return quote(whole_text, safe=_URI_SAFE + "[]", errors="replace")


def _slugify(value: Any, mode: Any = "default", cased: Any = False) -> str:
    whole_text, kind = text(value), text(mode)
    if kind == "latin":
        whole_text = whole_text.translate(_LATIN)
    keep = _SLUG_KEEPS.get(kind)
    if keep is not None:
        whole_text = "".join(character if keep(character) else " " for character in whole_text)
        whole_text = "-".join(whole_text.split(" ")) if kind == "raw" else re.sub(" +", "-", whole_text)
        whole_text = whole_text.removeprefix("-").removesuffix("-")
    return whole_text if is_true(cased) else whole_text.lower()


_LATIN = str.maketrans(
    {
        **dict.fromkeys("àáâãäå", "a"),
        **dict.fromkeys("èéêë", "e"),
        **dict.fromkeys("ìíîï", "i"),
        **dict.fromkeys("òóôõöø", "o"),
        **dict.fromkeys("ùúûü", "u"),
        **dict.fromkeys("ýÿ", "y"),
        "æ": "ae",
        "ç": "c",
        "ð": "d",
        "ñ": "n",
        "ß": "ss",
        "œ": "oe",
        "þ": "th",
        "ẞ": "SS",
        "Œ": "OE",
        "Þ": "TH",
    }
)


def _is_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LM" or category == "Nd"


_SLUG_KEEPS: Final[Mapping[str, Callable[[str], bool]]] = {
    "default": _is_word,
    "latin": _is_word,
    "raw": lambda character: not character.isspace(),
    "pretty": lambda character: _is_word(character) or character in "._~!$&'()+,;=@",
    "ascii": lambda character: character.isascii() and character.isalnum(),
}


def _sha256(whole_text: str) -> str:
    return hashlib.sha256(_bytes(whole_text)).hexdigest()


def _hmac_sha256(value: Any, key: Any = None) -> str:
    return hmac.new(_bytes(text(key)), _bytes(text(value)), hashlib.sha256).hexdigest()


def _bytes(whole_text: str) -> bytes:
    return whole_text.encode("utf-8", "replace")


def _base64_encode(whole_text: str) -> str:
    return base64.b64encode(_bytes(whole_text)).decode("ascii")


def _base64_decode(whole_text: str) -> str:
    try:
        packed = re.sub(r"\s", "", whole_text).rstrip("=")
        return base64.b64decode(packed + "=" * (-len(packed) % 4), validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        raise ValueError("base64_decode: the text is not base64") from None


def _on_text(work: Callable[[str], Any]) -> Callable[..., Any]:
    return lambda value: work(text(value))


ENCODING_FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "base64_decode": _on_text(_base64_decode),
    "base64_encode": _on_text(_base64_encode),
    "cgi_escape": _on_text(_cgi_escape),
    "escape": _on_text(_escape),
    "escape_once": _on_text(_escape_once),
    "hmac_sha256": _hmac_sha256,
    "sha256": _on_text(_sha256),
    "slugify": _slugify,
    "strip_html": _on_text(_strip_html),
    "uri_escape": _on_text(_uri_escape),
    "url_decode": _on_text(_url_decode),
    "url_encode": _on_text(_url_encode),
    "xml_escape": _on_text(_escape),
}
"""The filters by name."""
