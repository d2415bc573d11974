"""Blocking calls of the background loop, on threads that never hold up the end of the process.

The standard pool joins its threads at exit, however long a call takes, and takes no more work as soon as the
interpreter begins to end: before whoever waits for the last messages could look up the hub's address.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

THREAD_NAME: Final = "conduit-blocking"


class DaemonExecutor(ThreadPoolExecutor):
    """Runs each call on a thread of its own. There are few: a hub connection makes one attempt at a time."""

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run ``fn(*args, **kwargs)`` on a daemon thread of its own."""
        future: Future[T] = Future()
        thread = threading.Thread(target=_run, args=(future, fn, args, kwargs), name=THREAD_NAME, daemon=True)
        # An empty context: the thread must not inherit the cell that happens to run now.
        contextvars.Context().run(thread.start)
        return future


def _run(
    future: Future[Any], function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = function(*args, **kwargs)
    except BaseException as error:  # noqa: BLE001 - it is the waiter's
        future.set_exception(error)
    else:
        future.set_result(result)
