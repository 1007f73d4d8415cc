"""destination-actions: events go in; the right actions are performed at third-party APIs: mapped, validated, once.

These names and the files in `schemas/` are the public surface.
"""

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
    "Invalid",
    "MappingError",
    "MaybeSent",
    "NotSent",
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
