"""Where a runtime keeps its state: claims (cooldown and journal), queue, ledger, rates and OAuth tokens.

The protocols are in `destination_actions.protocols`; this package holds the claim protocol itself, as pure functions,
and three sets of stores that run it: in memory, in a SQLite file, and on NATS JetStream for many machines.
"""

from destination_actions.stores.claims_memory import MemoryClaims
from destination_actions.stores.clock import Instant, SystemClock
from destination_actions.stores.dead import DeadDelivery
from destination_actions.stores.desk_memory import MemoryDesk
from destination_actions.stores.ledger_memory import MemoryLedger
from destination_actions.stores.opening import BUILTIN_STORES, open_stores
from destination_actions.stores.people import ids_among, ids_of, named_in
from destination_actions.stores.queue_memory import MemoryQueue
from destination_actions.stores.shared_memory import MemoryRates, MemoryTokens
from destination_actions.stores.sqlite import (
    Database,
    SqliteClaims,
    SqliteDesk,
    SqliteLedger,
    SqliteQueue,
    SqliteRates,
    SqliteTokens,
    open_sqlite,
)
from destination_actions.stores.transitions import Entry, Mark, Records, Stage, Transitions, Window

__all__ = [
    "BUILTIN_STORES",
    "Database",
    "DeadDelivery",
    "Entry",
    "Instant",
    "Mark",
    "MemoryClaims",
    "MemoryDesk",
    "MemoryLedger",
    "MemoryQueue",
    "MemoryRates",
    "MemoryTokens",
    "Records",
    "SqliteClaims",
    "SqliteDesk",
    "SqliteLedger",
    "SqliteQueue",
    "SqliteRates",
    "SqliteTokens",
    "Stage",
    "SystemClock",
    "Transitions",
    "Window",
    "ids_among",
    "ids_of",
    "named_in",
    "open_sqlite",
    "open_stores",
]
