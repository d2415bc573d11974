"""The thread on which a user's callbacks run: neither the loop thread nor a cell's.

User code may block, raise, or wait for another answer without stopping pings or tokens. Callbacks run one at
a time in the order of their events. Each runs in the context of the cell that registered it, so that what it
prints appears under that cell.
"""

from __future__ import annotations

import contextvars
import logging
import os
import queue
import threading
from collections.abc import Callable
from typing import Any, Final

_logger = logging.getLogger(__name__)

THREAD_NAME: Final = "conduit-callbacks"
MAX_WAITING: Final = 1000


class CallbackThread:
    """Runs user callbacks in order. Overflow policy: with 1,000 waiting, new calls are dropped and logged."""

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self._queue: queue.Queue[tuple[contextvars.Context, Callable[..., Any], tuple[Any, ...]]]
        self._queue = queue.Queue(max_waiting)
        self._thread: threading.Thread | None = None
        self._overflowing = False

    def call(self, context: contextvars.Context, function: Callable[..., Any], *args: Any) -> None:
        """Queue ``function(*args)`` to run inside ``context``; never blocks. Called on the loop thread."""
        if self._thread is None:
            # An empty context: the thread must not inherit the cell that happens to run now.
            self._thread = threading.Thread(target=self._main, name=THREAD_NAME, daemon=True)
            contextvars.Context().run(self._thread.start)
        try:
            self._queue.put_nowait((context, function, args))
            self._overflowing = False
        except queue.Full:
            if not self._overflowing:
                _logger.warning(
                    "A message callback is too slow: %d calls wait, new ones are dropped.", MAX_WAITING
                )
            self._overflowing = True

    def _main(self) -> None:
        while True:
            context, function, args = self._queue.get()
            try:
                # A copy each time: two callbacks of one cell may share the registered context.
                context.copy().run(function, *args)
            except Exception:
                _logger.exception("A message callback failed.")
            finally:
                del context, function, args


_current: CallbackThread | None = None


def callback_thread() -> CallbackThread:
    """Return the process's callback thread. Called on the loop thread only."""
    global _current  # noqa: PLW0603 - the one per process
    if _current is None:
        _current = CallbackThread()
    return _current


def _forget_after_fork() -> None:
    global _current  # noqa: PLW0603
    _current = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_after_fork)
