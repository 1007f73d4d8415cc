"""Configuration files and the values that they become."""

from destination_actions.config.load import config_from_python, load_config
from destination_actions.config.model import Config, DestinationConfig, LedgerConfig, SourceConfig, SubscriptionConfig

__all__ = [
    "Config",
    "DestinationConfig",
    "LedgerConfig",
    "SourceConfig",
    "SubscriptionConfig",
    "config_from_python",
    "load_config",
]
