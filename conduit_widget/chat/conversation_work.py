"""Work that keeps a conversation live until it is done, whatever becomes of who asked for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from conduit_widget.errors import StoreUnavailableError

__all__ = ["RETRY", "ConversationWork"]

T = TypeVar("T")

RETRY: Final = 1.0
"""Seconds between two tries while the store is away."""


class ConversationWork:
    """Counts what is under way; ``on_done`` is called after each piece."""

    def __init__(self, on_done: Callable[[], None]) -> None:
        self._on_done = on_done
        self._pins = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def pending(self) -> bool:
        """Whether anything is under way."""
        return bool(self._pins)

    def close(self) -> None:
        """Give up what nobody waits for."""
        for task in self._tasks:
            task.cancel()

    async def pinned(self, work: Awaitable[T]) -> T:
        """Await ``work``, counted."""
        self._pins += 1
        try:
            return await work
        finally:
            self._pins -= 1
            self._on_done()

    async def to_the_end(self, write: Coroutine[Any, Any, T], done: asyncio.Future[T] | None = None) -> T:
        """Run a write to its end, whatever becomes of the caller.

        ``done`` may have the result before: then what the caller answers leaves with what the commit sent.
        """
        loop = asyncio.get_running_loop()
        done = loop.create_future() if done is None else done

        async def run() -> None:
            try:
                result = await self.pinned(write)
            except asyncio.CancelledError:
                done.cancel()
                raise
            except Exception as error:  # noqa: BLE001 - raised to the caller, unless it is gone
                if not done.done():
                    done.set_exception(error)
            else:
                if not done.done():
                    done.set_result(result)

        # Not asyncio.shield: two callbacks fewer a message. The write in the store's queue holds the task.
        loop.create_task(run())  # noqa: RUF006
        return await done

    def persistently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something as soon as the store is there."""

        async def until_done() -> None:
            while True:
                try:
                    return await work()
                except StoreUnavailableError:
                    await asyncio.sleep(RETRY)

        task = asyncio.create_task(self.pinned(until_done()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
