"""The one background event-loop thread of the process.

Everything that talks to a hub runs here, so pings and tokens go on while a cell blocks. Any thread may call
:func:`loop_thread`, :meth:`LoopThread.submit` and :meth:`LoopThread.call`; what they hand over runs on the
loop thread, which is the only writer of the state behind it. No lock is held while foreign code runs.

Work runs in a context of its own, not in the caller's: a print in the background must not land in whichever
cell happened to run last (ipykernel finds the cell through context variables).
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import contextlib
import contextvars
import logging
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, TypeVar

from conduit_widget.errors import trace_of
from conduit_widget.kernel.daemon_executor import DaemonExecutor
from conduit_widget.kernel.exit_wait import exit_wait, termination_waits, write_to_stderr

_T = TypeVar("_T")
LastWords = Callable[[float], Awaitable[list[str]]]
_logger = logging.getLogger(__name__)

THREAD_NAME: Final = "conduit-loop"
STOP_TIMEOUT: Final = 2.0
FORK_WAIT: Final = 1.0
"""Seconds a fork waits for the loop to come to rest, and the loop at most for the fork to be over."""


class LoopThread:
    """A daemon thread that owns an event loop; started by the first use of :func:`loop_thread`."""

    def __init__(self) -> None:
        self._ready = threading.Event()
        self._context = contextvars.Context()
        self._stopping = False
        self._last_words: list[LastWords] = []
        self.loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._main, name=THREAD_NAME, daemon=True)
        self._thread.start()
        self._ready.wait()

    def _main(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_default_executor(DaemonExecutor())
        self._context.run(_detach_output)
        self.loop.call_soon(self._ready.set)
        try:
            self.loop.run_forever()
        finally:
            with contextlib.suppress(RuntimeError):
                self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()

    @property
    def is_current(self) -> bool:
        """Whether the caller is on the loop thread (where waiting for it would deadlock)."""
        return threading.current_thread() is self._thread

    @property
    def is_alive(self) -> bool:
        """Whether work can still be handed over."""
        return self._thread.is_alive() and not self._stopping

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Run ``function(*args)`` on the loop thread soon. Once the loop has stopped this does nothing."""
        with contextlib.suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function, *args, context=self._context.copy())

    def submit(self, coroutine: Coroutine[Any, Any, _T]) -> concurrent.futures.Future[_T]:
        """Run a coroutine on the loop thread and return its future. Cancelling the future cancels the task.

        Raises:
            RuntimeError: the loop has stopped (the interpreter is going down).

        """
        future: concurrent.futures.Future[_T] = concurrent.futures.Future()
        context = self._context.copy()

        def start() -> None:
            if future.cancelled():
                coroutine.close()
                return
            task = self.loop.create_task(coroutine, context=context)
            task.add_done_callback(lambda done: _finish(future, done), context=context)
            future.add_done_callback(lambda done: self._cancel(task) if done.cancelled() else None)

        if not self.is_alive:
            coroutine.close()
            raise RuntimeError("The background loop has stopped; restart the kernel.")
        try:
            self.loop.call_soon_threadsafe(start, context=context)
        except RuntimeError:
            coroutine.close()
            raise
        return future

    def _cancel(self, task: asyncio.Task[Any]) -> None:
        self.call(task.cancel)

    def stand_still(self) -> Callable[[], None]:
        """Wait until the loop is between two callbacks and hold it there. Return a function that releases it.

        A callback may be in the middle of an import, whose half a forked child would keep for ever.
        """
        standing, over = threading.Event(), threading.Event()

        def stand() -> None:
            standing.set()
            over.wait(FORK_WAIT)

        if self.is_alive and not self.is_current:
            self.call(stand)
            standing.wait(FORK_WAIT)
        return over.set

    def before_stop(self, last_words: LastWords) -> None:
        """Await ``last_words(seconds)`` before the loop is stopped by :meth:`stop` with ``wait``.

        It sends what waits, for ``seconds`` at most, and returns a line for each thing that was not sent.
        """
        self._last_words.append(last_words)

    def stop(self, timeout: float = STOP_TIMEOUT, *, wait: float = 0.0) -> None:
        """Cancel everything, end the loop and wait up to ``timeout`` seconds for the thread.

        With ``wait``, unsent messages get so many seconds before that; what is not sent then is named on
        stderr. An interrupt (Ctrl-C) ends the wait.
        """
        if not self.is_alive or self.is_current:
            return
        if wait > 0 and self._last_words:
            try:
                lines = self._await_last_words(wait, timeout)
            except KeyboardInterrupt:
                lines = self._await_last_words(0.0, timeout)
            write_to_stderr(lines)
        self._stopping = True
        self.call(self._begin_stop)
        self._thread.join(timeout)

    def _await_last_words(self, wait: float, timeout: float) -> list[str]:
        async def all_last_words() -> list[str]:
            outcomes = await asyncio.gather(
                *(last(wait) for last in self._last_words), return_exceptions=True
            )
            for each in outcomes:
                if isinstance(each, BaseException):
                    _logger.error("Unsent messages could not be sent at the end: %s", trace_of(each))
            return [line for lines in outcomes if isinstance(lines, list) for line in lines]

        waiting = self.submit(all_last_words())
        try:
            return waiting.result(wait + timeout)
        except (TimeoutError, concurrent.futures.CancelledError):
            return [f"the background loop did not end its work within {wait + timeout:g} s."]
        finally:
            waiting.cancel()

    def _begin_stop(self) -> None:
        tasks = [task for task in asyncio.all_tasks(self.loop) if not task.done()]
        for task in tasks:
            task.cancel()

        async def settle() -> None:
            await asyncio.wait(tasks, timeout=STOP_TIMEOUT / 2)
            self.loop.stop()

        if tasks:
            self._settling = self.loop.create_task(settle())
        else:
            self.loop.stop()


def _finish(future: concurrent.futures.Future[_T], task: asyncio.Task[_T]) -> None:
    """Hand a task's outcome to the waiting thread. An outcome that nobody waits for any more is dropped."""
    if task.cancelled():
        future.cancel()
        future.set_running_or_notify_cancel()
        return
    error = task.exception()  # marks it as retrieved, whoever waits
    if not future.set_running_or_notify_cancel():
        return
    if error is None:
        future.set_result(task.result())
    else:
        future.set_exception(error)


def _detach_output() -> None:
    """Bind the output of this context to no cell: ipykernel routes output by context."""
    for stream in (sys.stdout, sys.stderr):
        variable = getattr(stream, "_parent_header", None)
        if isinstance(variable, contextvars.ContextVar):
            variable.set({})


_current: LoopThread | None = None
_starting = threading.Lock()


def loop_thread() -> LoopThread:
    """Return the process's background loop and start it if need be. A forked child gets its own."""
    global _current  # noqa: PLW0603 - the one per process
    with _starting:
        if _current is None or not _current.is_alive:
            _current = LoopThread()
        return _current


def stop_loop_thread(*, wait: float = 0.0) -> None:
    """Stop the background loop if there is one, as :meth:`LoopThread.stop` does. The next use starts one."""
    global _current
    with _starting:
        thread, _current = _current, None
    if thread is not None:
        thread.stop(wait=wait)


def _at_exit() -> None:
    with termination_waits():
        stop_loop_thread(wait=exit_wait())


_let_go: Callable[[], None] | None = None


def _hold_before_fork() -> None:
    global _let_go  # noqa: PLW0603
    _let_go = None if _current is None else _current.stand_still()


def _go_on_after_fork() -> None:
    if _let_go is not None:
        _let_go()


def _forget_after_fork() -> None:
    """Drop the parent's loop: its thread does not exist in the child, and its lock may be held."""
    global _current, _starting  # noqa: PLW0603
    _current = None
    _starting = threading.Lock()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_hold_before_fork, after_in_parent=_go_on_after_fork, after_in_child=_forget_after_fork
    )
