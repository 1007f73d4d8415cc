"""The seams to the outside world: time, HTTP, and the stores. Everything behind them can be replaced.

Times are seconds. `now` values are wall-clock seconds since 1970 (UTC); `monotonic` values only compare with each
other. Tests and embedders hand in their own objects; nothing is patched.
"""

from destination_actions.protocols.claims import (
    Claim,
    ClaimAnswer,
    ClaimRequest,
    ClaimStore,
    ClaimTimes,
    PromptClaims,
    Verdict,
)
from destination_actions.protocols.desk import (
    Desk,
    LaneRate,
    Waiting,
)
from destination_actions.protocols.http import HttpEngine, RawResponse, Request, Response
from destination_actions.protocols.ledger import (
    FAILED_STATES,
    TERMINAL_STATES,
    AttemptEntry,
    JoinedLedger,
    LateLedger,
    LateRecord,
    Ledger,
    LedgerEntry,
    LedgerQuery,
    Record,
    RecordAndAck,
    Retention,
    Tally,
)
from destination_actions.protocols.queue import (
    NO_BOUNDS,
    Delivery,
    Lease,
    Queue,
    Sized,
)
from destination_actions.protocols.shared import (
    RateStore,
    TokenStore,
)
from destination_actions.protocols.stores import (
    StoreFactory,
    Stores,
)
from destination_actions.protocols.time import (
    Clock,
)

__all__ = [
    "FAILED_STATES",
    "NO_BOUNDS",
    "TERMINAL_STATES",
    "AttemptEntry",
    "Claim",
    "ClaimAnswer",
    "ClaimRequest",
    "ClaimStore",
    "ClaimTimes",
    "Clock",
    "Delivery",
    "Desk",
    "HttpEngine",
    "JoinedLedger",
    "LaneRate",
    "LateLedger",
    "LateRecord",
    "Lease",
    "Ledger",
    "LedgerEntry",
    "LedgerQuery",
    "PromptClaims",
    "Queue",
    "RateStore",
    "RawResponse",
    "Record",
    "RecordAndAck",
    "Request",
    "Response",
    "Retention",
    "Sized",
    "StoreFactory",
    "Stores",
    "Tally",
    "TokenStore",
    "Verdict",
    "Waiting",
]
