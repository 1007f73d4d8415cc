"""What plugin and store authors test with."""

from destination_actions.testing.clock import ManualClock
from destination_actions.testing.stores import ClaimStoreSuite, QueueSuite

__all__ = ["ClaimStoreSuite", "ManualClock", "QueueSuite"]
