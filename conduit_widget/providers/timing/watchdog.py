"""A time limit for many short waits after each other, at the price of one timer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from typing import Any, TypeVar

T = TypeVar("T")


class WaitedTooLongError(TimeoutError):
    """The limit of a wait has passed; a ``TimeoutError`` of what was awaited is none."""


class Watchdog:
    """Ends waits that last too long, one wait at a time.

    What ``asyncio.timeout`` sets and cancels for each wait is set once here: a wait that ends in time
    leaves the timer alone, and when that goes off it looks at the limit of the present wait and is set again.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._until = 0.0
        self._task: asyncio.Task[Any] | None = None
        self._cancelling = 0
        self._has_bitten = False

    async def wait(self, awaitable: Awaitable[T], until: float) -> T:
        """Await something until a time of the monotonic clock.

        Raises:
            WaitedTooLongError: the time has come.

        """
        self._task, self._until = asyncio.current_task(), until
        task = self._task
        self._cancelling = 0 if task is None else task.cancelling()
        if self._timer is None or until < self._timer_at:
            self._set()
        try:
            return await awaitable
        except asyncio.CancelledError as error:
            if self._take_back():
                raise WaitedTooLongError from error
            raise
        finally:
            self._take_back()
            self._task = None

    def close(self) -> None:
        """Let go of the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        self.close()
        self._timer_at = self._until
        self._timer = self._loop.call_later(max(0.0, self._until - time.monotonic()), self._look)

    def _look(self) -> None:
        self._timer = None
        if self._task is None:
            return  # nobody waits: the next wait sets it again
        if self._until > time.monotonic():
            self._set()
            return
        self._has_bitten = True
        self._task.cancel()

    def _take_back(self) -> bool:
        """Take back the watchdog's own cancellation; True if nobody else has asked for one."""
        bitten, self._has_bitten = self._has_bitten, False
        return bitten and self._task is not None and self._task.uncancel() <= self._cancelling
