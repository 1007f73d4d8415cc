"""The address of an API, to which paths are appended."""

from __future__ import annotations

from destination_actions.errors import ConfigurationError
from destination_actions.http import UnsafeRequest, url_of


def base_url(text: str) -> str:
    """The address in its usual form, without a slash at its end. Raises `ConfigurationError` for what is none."""
    try:
        return url_of(text.strip().rstrip("/"), "x").removesuffix("/x")
    except UnsafeRequest as error:
        message = f'the address "{text}" cannot be used: {str(error).removeprefix("url: ")}'
        raise ConfigurationError(message, hint="write it as https://api.example.com") from None
