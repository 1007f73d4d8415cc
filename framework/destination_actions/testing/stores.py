"""Conformance suites for stores. A store's test file is one statement::

class TestMyClaims(ClaimStoreSuite):
    make = staticmethod(lambda clock, times: MyClaims(clock, times))
"""

from __future__ import annotations

from destination_actions.testing._claim_suite import ClaimScenarios
from destination_actions.testing._claim_traces import ClaimTraces
from destination_actions.testing._ledger_suite import LedgerSuite
from destination_actions.testing._queue_suite import QueueSuite

__all__ = ["ClaimStoreSuite", "LedgerSuite", "QueueSuite"]


class ClaimStoreSuite(ClaimScenarios, ClaimTraces):
    """What every claim store has to do, and the directed traces that broke earlier protocols.

    `make(clock, times)` gives a new `ClaimStore`, or an awaitable of one, that takes its time from the `ManualClock` it
    is handed and runs the protocol with these `ClaimTimes`. Each test proves the sentence in its docstring.
    """
