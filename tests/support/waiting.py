"""Wait for a condition with a deadline; the only waiting the tests do."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any

_POLL = 0.01


async def eventually(
    condition: Callable[[], Any | Awaitable[Any]], *, within: float = 5.0, what: str = "condition"
) -> Any:
    """Return the first true value of ``condition`` (sync or async); fail after ``within`` seconds."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} not met within {within:g} s")
        await asyncio.sleep(_POLL)


def eventually_sync(condition: Callable[[], Any], *, within: float = 5.0, what: str = "condition") -> Any:
    """Like :func:`eventually` for tests without a loop."""
    deadline = time.monotonic() + within
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} not met within {within:g} s")
        time.sleep(_POLL)
    return value
