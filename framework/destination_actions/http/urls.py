"""URLs that stay what their author wrote: no library may move a request to another host or path.

Both HTTP libraries rewrite URLs (they collapse `..` and re-quote), and one of them drops line breaks. So a URL is built
and checked here, contains only legal characters, and is then handed on as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import Final, TypeAlias
from urllib.parse import quote, quote_plus

from destination_actions.http._unsafe import UnsafeRequest, utf8

Scalar: TypeAlias = "str | int | float | bool | None"
Params: TypeAlias = "Mapping[str, Scalar | Iterable[Scalar]] | Iterable[tuple[str, Scalar]]"
"""Query or form values. A list repeats its key; True is `true`, None is an empty text."""

_LEGAL: Final = "-._~:/?#[]@!$&'()*+,;=%"
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]*")
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]")
_BROKEN_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_DOT_SEGMENT: Final = re.compile(r"/(?:\.|%2e){1,2}(?=[/?]|$)", re.IGNORECASE)
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?P<port>:[0-9]{1,5})?"
    r"(?P<path>/[^?#]*)?(?P<query>\?[^#]*)?",
    re.IGNORECASE,
)
_ENDS_IN_A_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?", re.IGNORECASE)
_NAME: Final = r"(?:[a-z0-9_-]+\.)*[a-z][a-z0-9-]*|127\.0\.0\.1"
_PORT: Final = r"(?::(?!80/|443/)(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))"
_PLAIN: Final = r"A-Za-z0-9._~:/@!$&'()*+,;=\[\]-"
_LEGAL_BYTES: Final = bytes(byte for byte in range(128) if re.fullmatch(f"[?{_PLAIN}]", chr(byte)))
_PERCENT: Final = r"%(?!2[Ee])[0-9A-Fa-f]{2}"
_CANONICAL: Final = re.compile(
    rf"(https?://(?:{_NAME}){_PORT}?)/[{_PLAIN}]*+(?:{_PERCENT}[{_PLAIN}]*+)*+"
    rf"(?:\?(?=.)[?{_PLAIN}]*+(?:{_PERCENT}[?{_PLAIN}]*+)*+)?"
)
"""An address that `canonical` leaves as it is, recognised in one step; it may refuse some that are.

Runs of plain characters are passed over at once, in a fifth of the time that a choice for each character takes.
"""
_CODES: Final = {char: quote_plus(char) for char in map(chr, range(128))}
_OFTEN: Final = tuple([(char, _CODES[char]) for char in '%+":,{}'])
"""What JSON and phone numbers are full of. `%` comes first, since the others bring new ones."""
_FORM: Final = bytes(byte for byte in range(128) if quote_plus(chr(byte)) == chr(byte)) + b"%+"
"""What an encoded value consists of."""
_DEFAULT_PORT: Final = {"http": ":80", "https": ":443"}


def canonical(url: str) -> str:
    """Give `url` with lower-case origin, at least `/` as path, and illegal characters percent-encoded.

    Raises `UnsafeRequest` for anything but an absolute http(s) URL without user name, fragment and dot segments.
    """
    return located(url)[1]


def origin_of(url: str) -> str:
    """Give scheme, host and port of `url`, such as `https://api.example.com`; the scheme's own port is left out."""
    return located(url)[0]


def located(url: str) -> tuple[str, str]:
    """Give origin and canonical form of `url`; raises as `canonical` does."""
    match = _CANONICAL.fullmatch(url)
    if match is not None and ("/." not in url or not _DOT_SEGMENT.search(url)):  # percent-encoded dots do not match
        return match[1], url
    match = _legal(url)
    origin, query = _origin(match), match["query"] or ""
    return origin, origin + (match["path"] or "/") + (query if query != "?" else "")


def located_among(url: str, origins: Container[str]) -> tuple[str, str]:
    """As `located`: in half of the time for plain addresses of these origins, which are in canonical form."""
    end = url.find("/", 8)
    known = end > 0 and url[:end] in origins
    if (
        known
        and url.isascii()
        and "/." not in url
        and url[-1] != "?"
        and not url.encode().translate(None, _LEGAL_BYTES)
    ):
        return url[:end], url
    return located(url)


def _legal(url: str) -> re.Match[str]:
    if _CONTROL.search(url):
        raise UnsafeRequest("url: contains white space or a control character; percent-encode it with url_of()")
    if broken := _BROKEN_PERCENT.search(url):
        raise UnsafeRequest(
            f'url: "{url[broken.start() :][:3]}" is not a percent-encoding; write a percent sign as %25'
        )
    legal = quote(utf8(url, "url"), safe=_LEGAL)
    match = _URL.fullmatch(legal)
    if match is None:
        raise UnsafeRequest(f"url: {_complaint(legal)}")
    if _DOT_SEGMENT.search(match["path"] or ""):
        raise UnsafeRequest('url: its path contains "." or ".." as a segment, which leads out of the intended path')
    return match


def url_of(base: str, *segments: str, query: Params | None = None) -> str:
    """Append path segments, each percent-encoded as a whole, and query parameters to `base`.

    Raises `UnsafeRequest` for a segment that is empty, `.` or `..`, and for a base with a query.
    """
    root = _root(base)
    url = "/".join([root, *(_segment(number, text) for number, text in enumerate(segments, 1))])
    full = canonical(with_query(url, query) if query is not None else url)
    if not full.startswith(root + "/"):
        raise UnsafeRequest("url: the finished address lies outside of its base")
    return full


@lru_cache(maxsize=256)  # a destination's addresses begin alike
def _root(base: str) -> str:
    root = canonical(base)
    if "?" in root:
        raise UnsafeRequest("url: the base has a query already; give its parameters as query=")
    return root.rstrip("/")


def with_query(url: str, params: Params) -> str:
    """Append query parameters to `url`."""
    text = encoded(params, plus=False)
    if not text:
        return url
    return f"{url}{'&' if '?' in url else '?'}{text}"


def encoded(params: Params, *, plus: bool) -> str:
    """Encode keys and values, joined by `&`; with `plus` a space is `+`, as forms want it."""
    # A dict is known at once; asking an abstract class takes as long as encoding a short value.
    pairs = params.items() if type(params) is dict or isinstance(params, Mapping) else params
    escape = _plus if plus else _percent
    try:
        parts = [
            # Names and words are known by two calls of C.
            f"{key if key.isalnum() and key.isascii() else escape(key)}="
            f"{text if text.isalnum() and text.isascii() else escape(text)}"
            for key, value in pairs
            for text in ((value,) if type(value) is str else map(_text, _several(value)))
        ]
    except UnicodeEncodeError:
        raise UnsafeRequest("a parameter contains half of a surrogate pair, which cannot be encoded") from None
    return "&".join(parts)


def _plus(text: str) -> str:
    """As `quote_plus`, which looks at each character: replacing those that occur is five times as fast for JSON."""
    if not text.isascii():
        return quote_plus(text)
    for char, code in _OFTEN:
        if char in text:
            text = text.replace(char, code)
    text = text.replace(" ", "+")
    for byte in set(text.encode().translate(None, _FORM)):  # what is left, found in C
        text = text.replace(chr(byte), _CODES[chr(byte)])
    return text


def _percent(text: str) -> str:
    return text if _UNRESERVED.fullmatch(text) else quote(text, safe="")


def _several(value: Scalar | Iterable[Scalar]) -> Iterable[Scalar]:
    return [value] if value is None or isinstance(value, str | int | float) else value


def _text(value: Scalar) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _segment(number: int, text: str) -> str:
    if text in {"", ".", ".."}:
        raise UnsafeRequest(f'url: path segment {number} is "{text}", which would change the path around it')
    try:
        return _percent(text)
    except UnicodeEncodeError:
        raise UnsafeRequest(f"url: path segment {number} contains half of a surrogate pair") from None


def _origin(match: re.Match[str]) -> str:
    scheme, port = match["scheme"].lower(), match["port"] or ""
    if port and not 0 < int(port[1:]) < 65536:
        raise UnsafeRequest(f'url: port "{port[1:]}" is not between 1 and 65535')
    return f"{scheme}://{_host(match['host'].lower())}{port if port != _DEFAULT_PORT[scheme] else ''}"


def _host(text: str) -> str:
    # Resolvers read 127.1, 0x7f.1 and 2130706433 as addresses, libraries as names: only the usual form is unambiguous.
    try:
        if text.startswith("["):
            IPv6Address(text[1:-1])
        elif _ENDS_IN_A_NUMBER.fullmatch(text):
            IPv4Address(text)
    except ValueError:
        raise UnsafeRequest(f'url: host "{text}" is neither a name nor an IP address in its usual form') from None
    return text


def _complaint(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if not separator or scheme.lower() not in _DEFAULT_PORT:
        return "is not an absolute address; it must start with https:// or http://"
    if "@" in authority:
        return "has a user name or password before its host; give credentials as auth="
    if "#" in rest:
        return 'contains "#", which would be cut off with everything behind it; percent-encode it as %23'
    return f'"{authority}" is not a host with an optional port; write other alphabets in their xn-- form'
