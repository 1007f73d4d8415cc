"""Configuration files and the values that they become."""

from destination_actions.config.model import Config, DestinationConfig, SubscriptionConfig

__all__ = ["Config", "DestinationConfig", "SubscriptionConfig"]
