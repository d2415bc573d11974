"""Work that keeps a conversation live until it is done, whatever becomes of its caller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from conduit_widget.errors import StoreUnavailableError, trace_of

T = TypeVar("T")

_logger = logging.getLogger(__name__)

RETRY: Final = 1.0
"""Seconds between two tries while the store is away."""


class ConversationWork:
    """Counts the work in progress; ``on_done`` is called after each piece."""

    def __init__(self, on_done: Callable[[], None]) -> None:
        self._on_done = on_done
        self._pins = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self._whole: set[asyncio.Task[Any]] = set()

    @property
    def pending(self) -> bool:
        """Whether any work is in progress."""
        return bool(self._pins)

    def close(self) -> None:
        """Cancel what is done in the background."""
        for task in self._tasks:
            task.cancel()

    async def pinned(self, work: Awaitable[T]) -> T:
        """Await ``work``, counted."""
        self._pins += 1
        try:
            return await work
        finally:
            self._unpin()

    async def whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Await ``work``, counted; it goes on to its end where the caller is cancelled meanwhile.

        For what the store commits first and others are told of then: the one never comes without the other.
        """
        task = asyncio.create_task(self.pinned(work))
        self._whole.add(task)
        task.add_done_callback(self._whole.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            task.add_done_callback(_log_failure)
            raise

    def persistently(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do ``work`` in the background, counted; while the store is away, try again."""
        self._pins += 1
        task = asyncio.create_task(_until_done(work))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _unpin(self) -> None:
        self._pins -= 1
        self._on_done()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        self._unpin()
        _log_failure(task)


def _log_failure(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        _logger.error("Something that waited for the store failed: %s", trace_of(error))


async def _until_done(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            return await work()
        except StoreUnavailableError:
            await asyncio.sleep(RETRY)
