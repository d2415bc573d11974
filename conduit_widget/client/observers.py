"""Callbacks for the events of a connection's life; none of them can break or delay the connection."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, ParamSpec

from conduit_widget.listeners import add_listener

P = ParamSpec("P")

_logger = logging.getLogger(__name__)


class Observers(Generic[P]):
    """The callbacks for one kind of event; they are called in the order of registration."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._callbacks: list[Callable[P, Awaitable[None] | None]] = []
        self._running: set[asyncio.Task[None]] = set()

    def add(self, callback: Callable[P, Awaitable[None] | None]) -> Callable[[], None]:
        """Register ``callback``; returns a function that removes it again."""
        return add_listener(self._callbacks, callback)

    def notify(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call every callback; what an asynchronous one returns runs as a task. Failures are logged."""
        for callback in tuple(self._callbacks):
            try:
                result = callback(*args, **kwargs)
            except Exception:
                _logger.exception("an %s callback failed", self._name)
                continue
            if inspect.isawaitable(result):
                task = asyncio.get_running_loop().create_task(self._finish(result))
                self._running.add(task)
                task.add_done_callback(self._running.discard)

    async def _finish(self, result: Awaitable[None] | Coroutine[Any, Any, None]) -> None:
        try:
            await result
        except Exception:
            _logger.exception("an %s callback failed", self._name)
