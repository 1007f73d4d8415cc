"""Slack: a destination for destination-actions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from destination_actions import Destination, hookimpl

__all__ = ["register_destinations"]


@hookimpl
def register_destinations() -> Sequence[Destination[Any]]:
    """Give the destination."""
    from destination_actions_slack.destination import destination

    return [destination]
