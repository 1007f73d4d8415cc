"""What plugin and store authors test with."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from destination_actions.testing.clock import ManualClock
    from destination_actions.testing.conformance import ConformanceProfile, conformance_tests
    from destination_actions.testing.events import EventBuilder, event
    from destination_actions.testing.examples import example_document, example_payload, example_settings
    from destination_actions.testing.harness import Harness
    from destination_actions.testing.scripted import RecordingApi, Reply, ScriptedApi, SentRequest, UnscriptedRequest
    from destination_actions.testing.stores import ClaimStoreSuite, LedgerSuite, QueueSuite
    from destination_actions.testing.strategies import any_documents, any_events, any_payloads, any_values
    from destination_actions.testing.virtual import VirtualClock, VirtualLoop

_HOMES = {
    "clock": ("ManualClock",),
    "conformance": ("ConformanceProfile", "conformance_tests"),
    "events": ("EventBuilder", "event"),
    "examples": ("example_document", "example_payload", "example_settings"),
    "harness": ("Harness",),
    "scripted": ("RecordingApi", "Reply", "ScriptedApi", "SentRequest", "UnscriptedRequest"),
    "stores": ("ClaimStoreSuite", "LedgerSuite", "QueueSuite"),
    "strategies": ("any_documents", "any_events", "any_payloads", "any_values"),
    "virtual": ("VirtualClock", "VirtualLoop"),
}
"""The names that each module gives to the public surface; imported when first used, for the command line's sake."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "ClaimStoreSuite",
    "ConformanceProfile",
    "EventBuilder",
    "Harness",
    "LedgerSuite",
    "ManualClock",
    "QueueSuite",
    "RecordingApi",
    "Reply",
    "ScriptedApi",
    "SentRequest",
    "UnscriptedRequest",
    "VirtualClock",
    "VirtualLoop",
    "any_documents",
    "any_events",
    "any_payloads",
    "any_values",
    "conformance_tests",
    "event",
    "example_document",
    "example_payload",
    "example_settings",
]


def __getattr__(name: str) -> Any:
    """Import a public name from its module and keep it (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return sorted(__all__)
