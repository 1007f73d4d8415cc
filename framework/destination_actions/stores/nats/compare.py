"""Compare-and-set on one subject of a bucket: the only way in which shared values change.

A writer names the revision that it has read. Somebody else's write in between makes it lose, and it reads again. No
answer may mean that the write was stored, that it was not, or that it is on its way; reading again tells, because every
write of ours differs from every other. In a cluster a write that is on its way already makes others lose, before
anybody can read it. Reads go to the stream's leader: a direct read of a replica that is behind would lose for ever.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final

from destination_actions.errors import StoreError
from destination_actions.stores.nats.wire import CAS_LOST, Refusal, Wire

ROUNDS: Final = 100
"""Times that a writer loses before it gives up."""

_LONGEST_PAUSE: Final = 0.1


class Cell:
    """One subject of a bucket."""

    def __init__(self, wire: Wire, stream: str, subject: str) -> None:
        self._wire = wire
        self._stream = stream
        self.subject = subject

    async def read(self) -> tuple[int, bytes]:
        """The revision and the value; 0 and nothing where there is none."""
        stored = await self._wire.message(self._stream, last_by_subj=self.subject)
        return (0, b"") if stored is None or "KV-Operation" in stored.headers else (stored.seq, stored.data)

    async def write(self, data: bytes, revision: int, seconds: int | None = None) -> int | None:
        """Write if `revision` is still the last one; gives the new revision, or None when somebody else was first.

        After `seconds` the server may throw the value away. `data` has to differ from whatever anybody else writes.
        """
        headers = {"Nats-Expected-Last-Subject-Sequence": str(revision)}
        if seconds is not None:
            headers["Nats-TTL"] = f"{seconds}s"
        try:
            return (await self._wire.publish_once(self.subject, data, headers)).seq
        except Refusal as error:
            if error.code not in CAS_LOST:
                raise
            return None
        except TimeoutError:
            return await self._found(data)
        except StoreError:
            # No responders: an election is under way. The read waits for its end, or says that the stream is gone.
            return await self._found(data)

    async def _found(self, data: bytes) -> int | None:
        """Whether a write that nobody confirmed was stored after all."""
        stored, value = await self.read()
        return stored if value == data else None


async def pause(lost: int, subject: str) -> None:
    """Wait a little longer after each loss; raises `StoreError` after too many."""
    if lost >= ROUNDS:
        raise StoreError(f"{ROUNDS} writers in a row were faster at {subject.rpartition('.')[0]}: the key is too busy")
    await asyncio.sleep(random.uniform(0, min(0.001 * 2 ** min(lost, 7), _LONGEST_PAUSE)))  # noqa: S311
