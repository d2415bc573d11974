"""Work that keeps a conversation live until it is done, whatever becomes of who asked for it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from conduit_widget.errors import StoreUnavailableError, trace_of

__all__ = ["LINGER", "RETRY", "ConversationWork"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

RETRY: Final = 1.0
"""Seconds between two tries while the store is away."""
LINGER: Final = 60.0
"""Seconds after which a write nobody has heard of is none."""


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
            self._unpin()

    async def to_the_end(self, write: Coroutine[Any, Any, T], done: asyncio.Future[T] | None = None) -> T:
        """Await a write, counted to its end, whatever becomes of the caller.

        A store does what it has queued, also when the caller is cancelled; so no task is made for it, which
        would cost a tenth of a message. ``done`` is set by the write's listener; what sets none is counted
        for :data:`LINGER` seconds after its caller has gone.
        """
        self._pins += 1
        try:
            result = await write
        except asyncio.CancelledError:
            self._unpin_when(done)
            raise
        except BaseException:
            self._unpin()
            raise
        self._unpin()
        return result

    def _unpin(self) -> None:
        self._pins -= 1
        self._on_done()

    def _unpin_when(self, done: asyncio.Future[Any] | None) -> None:
        """Count a write whose caller is gone until it is ``done``."""
        loop = asyncio.get_running_loop()
        end = loop.create_future() if done is None else done
        given_up = loop.call_later(LINGER, end.cancel)

        def ended(_: object) -> None:
            given_up.cancel()
            self._unpin()

        end.add_done_callback(ended)

    def persistently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do something, counted, as soon as the store is there."""
        self._pins += 1
        task = asyncio.create_task(_until_done(work))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._unpin()
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _log.error("Something that waited for the store failed: %s", trace_of(error))


async def _until_done(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except StoreUnavailableError:
            await asyncio.sleep(RETRY)
