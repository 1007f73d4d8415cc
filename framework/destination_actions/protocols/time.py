"""The only source of time."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class Clock(Protocol):
    """The only source of time. Leases and windows run on `monotonic`; `now` dates records and bridges a reboot.

    A clock may have an attribute `boot`, a text that names the boot in which `monotonic` counts. Without it, a store
    that lasts takes each opening for a new boot.
    """

    def now(self) -> float:
        """Wall-clock seconds since 1970, UTC."""

    def monotonic(self) -> float:
        """Seconds that never run backwards; comparable between processes of one boot of one host."""

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds` of this clock."""
