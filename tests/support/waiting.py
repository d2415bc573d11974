"""Wait for a condition with a deadline; the only waiting the tests do."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

PATIENCE: Final = 30.0
"""Seconds after which what should have happened counts as not happening, on however slow a machine."""

_POLL = 0.01
_MIN_LOOKS = 20  # a process that stood still has not looked: its time does not count


async def eventually(
    condition: Callable[[], Any | Awaitable[Any]], *, within: float = PATIENCE, what: str = "condition"
) -> Any:
    """Return the first true value of ``condition`` (sync or async); fail after ``within`` seconds."""
    deadline, looks = time.monotonic() + within, 0
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        looks += 1
        if looks >= _MIN_LOOKS and time.monotonic() > deadline:
            raise AssertionError(f"{what} not met within {within:g} s")
        await asyncio.sleep(_POLL)


def eventually_sync(
    condition: Callable[[], Any], *, within: float = PATIENCE, what: str = "condition"
) -> Any:
    """Like :func:`eventually` for tests without a loop."""
    deadline, looks = time.monotonic() + within, 0
    while not (value := condition()):
        looks += 1
        if looks >= _MIN_LOOKS and time.monotonic() > deadline:
            raise AssertionError(f"{what} not met within {within:g} s")
        time.sleep(_POLL)
    return value
