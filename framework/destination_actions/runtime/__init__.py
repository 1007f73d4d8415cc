"""The runtime: plan, the pure path of an event, claims and performing, queues; and a synchronous shell."""

from destination_actions.runtime.async_runtime import AsyncRuntime
from destination_actions.runtime.explain import SubscriptionExplanation
from destination_actions.runtime.plan import Lane, Plan, Subscription
from destination_actions.runtime.sync_runtime import Runtime

__all__ = ["AsyncRuntime", "Lane", "Plan", "Runtime", "Subscription", "SubscriptionExplanation"]
