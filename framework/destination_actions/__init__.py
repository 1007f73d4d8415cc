"""destination-actions: events go in; the right actions are performed at third-party APIs: mapped, validated, once.

These names and the files in `schemas/` are the public surface. Each is imported when it is first used, so that the
command line starts quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from destination_actions.answers import Accepted, AuthenticationFailed, Refused, TryAgain, accepted, retry_after
    from destination_actions.context import BatchContext, BlockingContext, Context
    from destination_actions.definitions import (
        Action,
        Authentication,
        Check,
        ChoicePage,
        ChoiceQuery,
        Cooldown,
        Destination,
        DynamicChoice,
        Found,
        Guide,
        Note,
        OAuth2,
        Origin,
        Person,
        Preset,
    )
    from destination_actions.errors import (
        ConfigurationError,
        DefinitionError,
        DestinationActionsError,
        MappingError,
        MaybeSent,
        NotSent,
        PluginError,
        SettingsError,
        StoreError,
        SubscriptionError,
    )
    from destination_actions.events import MISSING
    from destination_actions.fields import FieldProblem, FieldSet, Secret, field, fieldset_from_json
    from destination_actions.http import url_of
    from destination_actions.mapping import compile_mapping
    from destination_actions.outcomes import (
        Delivered,
        Failed,
        Filtered,
        Invalid,
        Outcome,
        Rejected,
        Suppressed,
        Unknown,
    )
    from destination_actions.plugins import discover, hookimpl, load_destination
    from destination_actions.protocols import Response
    from destination_actions.runtime import AsyncRuntime, Runtime
    from destination_actions.subscriptions import compile_subscription

_HOMES = {
    "answers": (
        "Accepted",
        "AuthenticationFailed",
        "Refused",
        "TryAgain",
        "accepted",
        "retry_after",
    ),
    "context": (
        "BatchContext",
        "BlockingContext",
        "Context",
    ),
    "definitions": (
        "Action",
        "Authentication",
        "Check",
        "ChoicePage",
        "ChoiceQuery",
        "Cooldown",
        "Destination",
        "DynamicChoice",
        "Found",
        "Guide",
        "Note",
        "OAuth2",
        "Origin",
        "Person",
        "Preset",
    ),
    "errors": (
        "ConfigurationError",
        "DefinitionError",
        "DestinationActionsError",
        "MappingError",
        "MaybeSent",
        "NotSent",
        "PluginError",
        "SettingsError",
        "StoreError",
        "SubscriptionError",
    ),
    "events": ("MISSING",),
    "fields": (
        "FieldProblem",
        "FieldSet",
        "Secret",
        "field",
        "fieldset_from_json",
    ),
    "http": ("url_of",),
    "mapping": ("compile_mapping",),
    "outcomes": (
        "Delivered",
        "Failed",
        "Filtered",
        "Invalid",
        "Outcome",
        "Rejected",
        "Suppressed",
        "Unknown",
    ),
    "plugins": (
        "discover",
        "hookimpl",
        "load_destination",
    ),
    "protocols": ("Response",),
    "runtime": (
        "AsyncRuntime",
        "Runtime",
    ),
    "subscriptions": ("compile_subscription",),
}
"""The names that each module gives to the public surface."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "MISSING",
    "Accepted",
    "Action",
    "AsyncRuntime",
    "Authentication",
    "AuthenticationFailed",
    "BatchContext",
    "BlockingContext",
    "Check",
    "ChoicePage",
    "ChoiceQuery",
    "ConfigurationError",
    "Context",
    "Cooldown",
    "DefinitionError",
    "Delivered",
    "Destination",
    "DestinationActionsError",
    "DynamicChoice",
    "Failed",
    "FieldProblem",
    "FieldSet",
    "Filtered",
    "Found",
    "Guide",
    "Invalid",
    "MappingError",
    "MaybeSent",
    "NotSent",
    "Note",
    "OAuth2",
    "Origin",
    "Outcome",
    "Person",
    "PluginError",
    "Preset",
    "Refused",
    "Rejected",
    "Response",
    "Runtime",
    "Secret",
    "SettingsError",
    "StoreError",
    "SubscriptionError",
    "Suppressed",
    "TryAgain",
    "Unknown",
    "accepted",
    "compile_mapping",
    "compile_subscription",
    "discover",
    "field",
    "fieldset_from_json",
    "hookimpl",
    "load_destination",
    "retry_after",
    "url_of",
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
