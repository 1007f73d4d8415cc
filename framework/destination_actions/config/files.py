"""Reading a configuration file: one place that knows about sizes, encodings and formats."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from destination_actions.config.json_text import read_json
from destination_actions.config.nodes import Document, Findings, document
from destination_actions.config.yaml_text import read_yaml
from destination_actions.errors import ConfigurationError, Place

MAX_BYTES: Final = 1_000_000
"""Size of a configuration file."""


def read_document(path: Path, findings: Findings) -> Document:
    """Read a YAML or JSON file (by its suffix; without one of the usual, `{` begins JSON).

    Raises `ConfigurationError` when there is no document; lesser faults go into `findings`.
    """
    text = _text(path)
    if path.suffix == ".json" or (path.suffix not in {".yaml", ".yml"} and text.lstrip().startswith("{")):
        return document(read_json(text, findings), findings)
    return document(read_yaml(text, findings), findings)


def read_limited(path: Path, limit: int) -> bytes:
    """The bytes of a file, at most one more than `limit`; raises `OSError`."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def _text(path: Path) -> str:
    try:
        content = read_limited(path, MAX_BYTES)
    except OSError as error:
        message = f'the configuration "{path}" cannot be read: {error.strerror or error}'
        raise ConfigurationError(message, code="unreadable") from None
    if len(content) > MAX_BYTES:
        message = "the configuration is larger than 1 MB"
        raise ConfigurationError(message, place=Place(str(path)), code="unreadable")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = "the configuration is not UTF-8 text"
        raise ConfigurationError(message, place=Place(str(path), line), code="unreadable") from None
