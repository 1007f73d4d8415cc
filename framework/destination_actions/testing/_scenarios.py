"""What the store suites share: scenarios that run on a loop of their own, and checks with readable failures."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

S = TypeVar("S")


def scenario(body: Callable[[S], Awaitable[None]]) -> Callable[[S], None]:
    """Make an asynchronous method a test method, run on a new event loop. Its docstring is the fact it proves."""

    def test(self: S) -> None:
        asyncio.run(_awaited(body(self)))

    test.__name__ = body.__name__
    test.__qualname__ = body.__qualname__
    test.__doc__ = body.__doc__
    return test


async def made(value: Any) -> Any:
    """Give what a factory made, whether it made it at once or has to be awaited."""
    return await value if inspect.isawaitable(value) else value


def expect(expected: object, actual: object, what: str = "") -> None:
    """Fail unless both are equal."""
    if expected != actual:
        raise AssertionError(f"{what or 'the answer'}: expected {expected!r}, got {actual!r}")


def expect_near(expected: float, actual: float | None, what: str = "") -> None:
    """Fail unless both are times within two milliseconds."""
    if actual is None or abs(expected - actual) > 0.002:
        raise AssertionError(f"{what or 'the time'}: expected about {expected!r}, got {actual!r}")


async def _awaited(body: Awaitable[None]) -> None:
    await body
