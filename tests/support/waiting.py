"""Wait for a condition with a deadline; and, by name, the few moments that a test lets pass."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

T = TypeVar("T")

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


async def stays(
    condition: Callable[[], Any], *, seconds: float = 0.1, what: str = "what has to stay as it is"
) -> None:
    """Fail if ``condition`` does not hold for a moment: what must not happen has no event to wait for.

    A slow machine can only make it pass.
    """
    deadline = time.monotonic() + seconds
    while True:
        assert condition(), f"{what} did not"
        if time.monotonic() > deadline:
            return
        await asyncio.sleep(_POLL)


async def at_rest(value: Callable[[], T], *, seconds: float = 0.3) -> T:
    """Return ``value`` once it has been the same for so long: who is held back says so to nobody.

    Raises:
        AssertionError: it never was, in all of :data:`PATIENCE`.

    """
    deadline = time.monotonic() + PATIENCE
    while True:
        before = value()
        await asyncio.sleep(seconds)
        if value() == before:
            return before
        assert time.monotonic() < deadline, f"it never stood still for {seconds:g} s"


class ticks:  # noqa: N801 - read like range()
    """Count from 0, a number every ``seconds``, ``count`` of them: traffic at a rate that the test sets."""

    def __init__(self, seconds: float, count: int | None = None) -> None:
        self._seconds = seconds
        self._count = count
        self._number = -1

    def __aiter__(self) -> ticks:
        return self

    async def __anext__(self) -> int:
        self._number += 1
        if self._number == self._count:
            raise StopAsyncIteration
        if self._number:
            await asyncio.sleep(self._seconds)
        return self._number
