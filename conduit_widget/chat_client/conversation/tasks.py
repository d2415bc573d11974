"""The tasks of a conversation, which end with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from conduit_widget.errors import trace_of

_logger = logging.getLogger(__name__)


class Tasks:
    """Starts tasks and ends them all; ``died`` is told the error of one that did not end by itself."""

    def __init__(self, died: Callable[[BaseException], None]) -> None:
        self._died = died
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start a task."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            _logger.error("A conversation stopped: %s", trace_of(error))
            self._died(error)

    async def end(self) -> None:
        """Cancel all but the one that calls this, and wait for them."""
        tasks = [task for task in self._running if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
