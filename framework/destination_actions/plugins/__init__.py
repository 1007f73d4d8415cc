"""Plugins: the hooks, the typed manager, and the registry of installed destinations."""

from destination_actions.plugins.hookspecs import PROJECT, Hooks, hookimpl
from destination_actions.plugins.manager import Observer, Plugins
from destination_actions.plugins.registry import (
    Registry,
    Row,
    add_providers,
    discover,
    load_destination,
    load_plugins,
    load_registry,
)

__all__ = [
    "PROJECT",
    "Hooks",
    "Observer",
    "Plugins",
    "Registry",
    "Row",
    "add_providers",
    "discover",
    "hookimpl",
    "load_destination",
    "load_plugins",
    "load_registry",
]
