"""Certificates are always checked; there is no switch."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpx

from destination_actions.errors import ConfigurationError


def checked_context(context: ssl.SSLContext | None) -> ssl.SSLContext:
    """Give `context`, or one with the system's authorities (certifi's where the system has none).

    Raises `ConfigurationError` for a context that would accept any certificate.
    """
    if context is None:
        return ssl.create_default_context() if _system_has_authorities() else httpx.create_ssl_context(trust_env=False)
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigurationError(
            "ssl_context: does not check certificates and host names",
            hint="load your own authority instead: ssl.create_default_context(cafile=...)",
        )
    return context


def _system_has_authorities() -> bool:
    paths = ssl.get_default_verify_paths()
    return bool(paths.cafile) or (bool(paths.capath) and any(Path(paths.capath).iterdir()))
