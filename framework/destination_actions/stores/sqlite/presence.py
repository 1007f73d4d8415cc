"""Who has a store's file open: each opening holds a lock on an empty file of its own, beside the store's.

The system lets go of a lock when its process dies, however it dies. So what a dead process had in hand is known at
once, and need not wait for the end of its leases. Tokens begin with the name of the opening that made them.

A lock that nobody holds says that its process is gone; a file that is missing says nothing, because an opening that
was closed in an orderly way takes it along. Where files cannot be locked or made, and while a forked child of a dead
process keeps its lock, leases end as they always do.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Final

from destination_actions.stores.claims_memory import new_token

with suppress(ImportError):
    import fcntl

_LOCKS: Final = os.name == "posix"
_TRIES: Final = 8
_SETTLED: Final = 1_000_000_000


class Presence:
    """One opening of a file. `owner` is its name."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self._prefix = f"{path.name}.open-"
        self._descriptor: int | None = None
        self._listed: int | None = None
        self._others: list[str] = []
        self.owner = token_hex(8)
        with suppress(OSError):  # a disk that is full costs the early end of leases, no more
            self._mark()

    def token(self) -> str:
        """Give a token that no record has ever held, and that says whose it is."""
        return f"{self.owner}.{new_token()}"

    def gone(self) -> Iterator[str]:
        """Give the openings whose process died; each stays locked until the next is asked for."""
        for owner in self._others_now() if _LOCKS else ():
            descriptor = _locked(self._file(owner))
            if descriptor is not None:
                try:
                    yield owner
                finally:
                    os.close(descriptor)

    def forget(self, owner: str) -> None:
        """Remove the file of an opening, once all that follows from its end is on record."""
        with suppress(OSError):
            self._file(owner).unlink()

    def close(self) -> None:
        """Leave in an orderly way. What this process may still be doing keeps its leases."""
        if self._descriptor is not None:
            self.forget(self.owner)
            os.close(self._descriptor)
            self._descriptor = None

    def _file(self, owner: str) -> Path:
        return self._folder / f"{self._prefix}{owner}"

    def _mark(self) -> None:
        """Make a file and lock it. Somebody who comes between the two takes us for dead: then under another name."""
        for _ in range(_TRIES if _LOCKS else 0):
            file = self._file(self.owner)
            os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            self._descriptor = _locked(file)
            if self._descriptor is not None:
                return
            self.owner = token_hex(8)

    def _others_now(self) -> list[str]:
        """The other openings that have left a file; the folder is read when something in it has changed."""
        try:
            changed = self._folder.stat().st_mtime_ns
            if changed != self._listed:
                names = [one.name for one in self._folder.iterdir() if one.name.startswith(self._prefix)]
                self._others = sorted({name.removeprefix(self._prefix) for name in names} - {self.owner})
                # What is made within the clock's tick of this listing would not show as a change.
                self._listed = changed if time.time_ns() - changed > _SETTLED else None
        except OSError:
            return []
        return self._others


def owner_of(token: str) -> str:
    """The opening that made a token; empty for a token that names none."""
    owner, dot, _ = token.partition(".")
    return owner if dot else ""


def _locked(file: Path) -> int | None:
    """Open a file and lock it; None when somebody holds it, or when it is gone meanwhile."""
    try:
        descriptor = os.open(file, os.O_RDWR)
    except OSError:
        return None
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_nlink:
            return descriptor
    os.close(descriptor)
    return None
