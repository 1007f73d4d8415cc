"""Stores on NATS JetStream, for workers on any number of machines. Needs the extra `[nats]`."""

from __future__ import annotations

from destination_actions.errors import ConfigurationError
from destination_actions.protocols import ClaimTimes, Clock, Stores

__all__ = ["open_nats", "refuse_without_nats"]


def open_nats(url: str, clock: Clock, times: ClaimTimes) -> Stores:
    """Open `nats://host:port,.../NAME` or `tls://...`; imports nats-py only now.

    Raises `ConfigurationError` when it is not installed, and `StoreError` for a server that cannot be used.
    """
    refuse_without_nats()
    from destination_actions.stores.nats.opening import open_nats as opened

    return opened(url, clock, times)


def refuse_without_nats() -> None:
    """Raise `ConfigurationError` where nats-py is not installed."""
    try:
        import nats  # noqa: F401
    except ImportError as error:
        message = "stores on NATS need the package nats-py, which is not installed"
        raise ConfigurationError(message, hint="pip install 'destination-actions[nats]'") from error
