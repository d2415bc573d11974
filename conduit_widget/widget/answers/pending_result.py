"""A result on its way: ``await`` it in an async cell, call ``.result()`` in a plain one.

The work runs on the background loop thread whether or not anybody waits.
"""

from __future__ import annotations

import concurrent.futures
import logging
import threading
from collections.abc import Coroutine, Generator
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from conduit_widget.contract import ErrorText
from conduit_widget.errors import (
    ConduitError,
    InvocationTimeoutError,
    LocalProtocolError,
    ValidationError,
    line_of,
)
from conduit_widget.kernel.interrupts import in_one_line, interruptible
from conduit_widget.kernel.loop_thread import THREAD_NAME

_T = TypeVar("_T")
_logger = logging.getLogger(__name__)


class PendingResult(Coroutine[Any, Any, _T], Generic[_T]):
    """What ``chat.send``, ``chat.ask`` and ``chat.stop`` return.

    ``await pending`` or ``pending.result(timeout)`` gives the value or raises a one-line ConduitError;
    interrupting the wait (the notebook's stop button) cancels the work. An error nobody asked for is logged.
    It is a coroutine, too: ``asyncio.create_task``, ``gather``, ``wait_for`` and task groups take it.
    """

    def __init__(self, what: str, future: concurrent.futures.Future[_T]) -> None:
        self._what = what
        self._future = future
        self._retrieved = False
        self._steps: Coroutine[Any, Any, _T] | None = None

    def __await__(self) -> Generator[Any, None, _T]:
        return self._wait().__await__()

    async def _wait(self) -> _T:
        self._retrieved = True
        return await interruptible(self._future)

    def result(self, timeout: float | None = None) -> _T:
        """Block until the value is there, up to ``timeout`` seconds (the work goes on after a timeout).

        Raises:
            InvocationTimeoutError: not done in time.
            ValidationError: ``timeout`` is no number of seconds.
            ConduitError: what went wrong, in one line.

        """
        check_timeout(timeout)
        if not self._future.done() and threading.current_thread().name == THREAD_NAME:
            raise LocalProtocolError("Waiting here would block the hub connection: use `await` instead.")
        try:
            value = self._future.result(timeout)
        except concurrent.futures.CancelledError:
            raise ConduitError(ErrorText.CANCELLED) from None
        except TimeoutError:
            if not self._future.done():
                raise InvocationTimeoutError(self._what, timeout or 0.0) from None
            raise
        except KeyboardInterrupt as error:
            self.cancel()
            in_one_line(error, "KeyboardInterrupt: The wait was interrupted, and its work stopped.")
            raise
        finally:
            self._retrieved = self._future.done()
        return value

    def done(self) -> bool:
        """Whether the value (or an error) is there."""
        return self._future.done()

    def cancel(self) -> bool:
        """Give up waiting; an answer that is being generated for it is stopped."""
        return self._future.cancel()

    # ---- as a coroutine --------------------------------------------------------------------------------

    def send(self, value: Any, /) -> Any:
        """Run one step; called by the task that runs this as a coroutine."""
        return self._running().send(value)

    def throw(self, *error: Any) -> Any:
        """Run one step with an error; called by the task that runs this as a coroutine."""
        return self._running().throw(*error)

    def close(self) -> None:
        """Give up; called by a task that will not run this to its end."""
        if self._steps is not None:
            self._steps.close()
        self.cancel()

    def _running(self) -> Coroutine[Any, Any, _T]:
        if self._steps is None:
            self._steps = self._wait()
        return self._steps

    if not TYPE_CHECKING:  # a type checker finds it by itself

        def __getattr__(self, name: str) -> NoReturn:
            if name.startswith("_"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            raise AttributeError(
                f"{self._what} is a result on its way: `await` it or call `.result()`, then read `.{name}`."
            )

    def __repr__(self) -> str:
        if not self._future.done():
            return f"<{self._what}: waiting; use `await` or `.result()`>"
        if self._future.cancelled():
            return f"<{self._what}: cancelled>"
        error = self._future.exception()
        if error is not None:
            return f"<{self._what}: failed: {error}>"
        return f"<{self._what}: done>"

    def __del__(self) -> None:
        future = getattr(self, "_future", None)
        if future is not None and not self._retrieved:
            future.add_done_callback(partial(_log_failure, self._what))


def check_timeout(timeout: object) -> None:
    """Check that a timeout is a number of seconds.

    Raises:
        ValidationError: it is neither None nor a number of seconds that can be waited.

    """
    if timeout is None:
        return
    is_number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if not is_number or not 0 <= timeout <= threading.TIMEOUT_MAX:  # type: ignore[operator]
        raise ValidationError("timeout", "must be a number of seconds, 0 or more, or None to wait for ever.")


def _log_failure(what: str, future: concurrent.futures.Future[Any]) -> None:
    """Log a failure that nobody waits for any more."""
    if not future.cancelled() and (error := future.exception()) is not None:
        _logger.warning("%s failed: %s", what, line_of(error))
