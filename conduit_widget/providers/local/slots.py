"""Chooses a model's slot for the next answer, so that a conversation finds its prompt where it was read.

A slot keeps what it read last. A conversation stays on its slot while that is free; a new one takes the slot
used least recently. Nobody waits for one slot while another is free; when none is, the first to come is the
first to get one.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator


class ModelSlots:
    """``count`` slots, numbered from 0. Everything happens on one event loop."""

    def __init__(self, count: int) -> None:
        self._free = list(range(count))
        """The least recently used first."""

        self._readers: dict[int, str | None] = {}
        self._waiting: deque[asyncio.Future[int]] = deque()

    @contextlib.asynccontextmanager
    async def hold(self, cache_key: str | None) -> AsyncIterator[int]:
        """Wait for a slot and hold it, for the conversation ``cache_key`` stands for (None: for nobody)."""
        slot = self._choose(cache_key) if self._free else await self._wait()
        self._readers[slot] = cache_key
        try:
            yield slot
        finally:
            self._release(slot)

    def _choose(self, cache_key: str | None) -> int:
        own = (slot for slot in self._free if cache_key is not None and self._readers.get(slot) == cache_key)
        slot = next(own, self._free[0])
        self._free.remove(slot)
        return slot

    async def _wait(self) -> int:
        handed: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._waiting.append(handed)
        try:
            return await handed
        except asyncio.CancelledError:
            if handed.cancelled():
                with contextlib.suppress(ValueError):  # it was taken off the queue, and found cancelled
                    self._waiting.remove(handed)
            else:
                self._release(handed.result())
            raise

    def _release(self, slot: int) -> None:
        while self._waiting:
            handed = self._waiting.popleft()
            if not handed.done():
                handed.set_result(slot)
                return
        self._free.append(slot)
