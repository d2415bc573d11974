"""Sends records by POST in order, one request at a time; those queued meanwhile share the next one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from conduit_widget.errors import ConnectionFailedError

HIGH_WATER_BYTES: Final = 256 * 1024
BODY_BYTES: Final = 32 * 1024
"""Records share a request up to this size, well below what hubs accept; a larger one has its own."""


class PostQueue:
    """Bounded by its senders: :meth:`drain` makes them wait above :data:`HIGH_WATER_BYTES`.

    ``on_failure`` is told why a request failed; nothing is sent after that.
    """

    def __init__(
        self, post: Callable[[bytes], Awaitable[None]], *, on_failure: Callable[[ConnectionFailedError], None]
    ) -> None:
        self._post = post
        self._on_failure = on_failure
        self._queued: deque[bytes] = deque()
        self._unsent_bytes = 0
        self._stopped = False
        self._task: asyncio.Task[None] | None = None
        self._progress: asyncio.Future[None] | None = None

    def send(self, data: bytes) -> None:
        """Queue whole records; does nothing once the queue was stopped."""
        if self._stopped:
            return
        self._queued.append(data)
        self._unsent_bytes += len(data)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def drain(self) -> None:
        """Wait until there is room, or the queue was stopped."""
        await self._wait_until_below(HIGH_WATER_BYTES)

    async def flush(self) -> None:
        """Wait until everything was posted, or the queue was stopped."""
        await self._wait_until_below(1)

    def stop(self) -> None:
        """Drop what is queued and cancel the request under way. Idempotent."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
        self._moved()

    async def _wait_until_below(self, limit_bytes: int) -> None:
        while self._unsent_bytes >= limit_bytes and not self._stopped:
            if self._progress is None:
                self._progress = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._progress)

    async def _work(self) -> None:
        try:
            while self._queued:
                body = self._next_body()
                await self._post(body)
                self._unsent_bytes -= len(body)
                self._moved()
        except ConnectionFailedError as error:
            self._stopped = True
            self._moved()
            self._on_failure(error)
        finally:
            self._task = None

    def _next_body(self) -> bytes:
        records = [self._queued.popleft()]
        size = len(records[0])
        while self._queued and size + len(self._queued[0]) <= BODY_BYTES:
            records.append(self._queued.popleft())
            size += len(records[-1])
        return b"".join(records)

    def _moved(self) -> None:
        if self._progress is not None and not self._progress.done():
            self._progress.set_result(None)
        self._progress = None
