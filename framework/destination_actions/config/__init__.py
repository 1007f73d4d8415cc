"""Configuration files and the values that they become."""

from destination_actions.config.load import Survey, config_from_python, load_config, survey
from destination_actions.config.model import Config, DestinationConfig, LedgerConfig, SourceConfig, SubscriptionConfig

__all__ = [
    "Config",
    "DestinationConfig",
    "LedgerConfig",
    "SourceConfig",
    "SubscriptionConfig",
    "Survey",
    "config_from_python",
    "load_config",
    "survey",
]
