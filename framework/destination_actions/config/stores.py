"""`stores` of a configuration: a URL, or an object of a URL and what opens it, which becomes part of the URL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

FILES: Final = ("credentials", "ca", "certificate", "key", "projection")
"""Options that name files; a relative path starts at the configuration file."""


def store_url(stores: str | Mapping[str, Any], folder: Path | None = None) -> str:
    """The URL with its options. A relative path of a file starts at `folder`."""
    if isinstance(stores, str):
        return _beside(stores, folder)
    options = {name: value for name, value in stores.items() if name != "url"}
    if folder is not None:
        options |= {name: str(folder / Path(options[name]).expanduser()) for name in FILES if name in options}
    url = _beside(str(stores["url"]), folder)
    if not options:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(options, quote_via=quote, safe='')}"


def _beside(url: str, folder: Path | None) -> str:
    """A SQLite store's relative path starts at the configuration file, wherever the command is run."""
    scheme, _, path = url.partition(":")
    if folder is None or scheme != "sqlite" or path.startswith(("/", ":", "~")):
        return url
    return f"sqlite:{folder / path}"
