"""The notebook's stop button and Ctrl-C: waits that notice an interrupt, and one line instead of a traceback.

ipykernel turns the stop button into a callback of its event loop that does not wake the loop, so an ``await``
without other events would end only with what it waits for. :func:`interruptible` wakes it ten times a second.

An interrupt may also come between two pieces of an answer, in the reader's own code. :func:`watch` remembers
what a cell (or a script) is reading, and stops it when the cell ends by an interrupt.
"""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import sys
import weakref
from typing import Any, Final, Protocol, TypeVar

_T = TypeVar("_T")

MAX_WATCHED: Final = 100
HEARTBEAT: Final = 0.1  # seconds between an interrupt and its being noticed, at most


class Stoppable(Protocol):
    """Something a cell reads that goes on elsewhere unless it is told to end."""

    @property
    def has_ended(self) -> bool:
        """Whether there is nothing left to end."""

    def interrupted(self) -> None:
        """End it, because its reader was interrupted. Called on any thread, also when it has ended."""


async def interruptible(future: concurrent.futures.Future[_T]) -> _T:
    """Wait for ``future``; cancelling the wait cancels it."""
    waiting = asyncio.wrap_future(future)
    try:
        while not waiting.done():
            await asyncio.wait([waiting], timeout=HEARTBEAT)
    except asyncio.CancelledError as error:
        waiting.cancel()
        in_one_line(error, "CancelledError: The wait was cancelled, and its work stopped.")
        raise
    return waiting.result()


def in_one_line(error: BaseException, line: str) -> None:
    """Make a notebook show ``line`` for ``error`` instead of a traceback.

    The very error is marked: ``asyncio.timeout`` and task groups know a cancellation by its exact type.
    """
    error.__dict__["_render_traceback_"] = lambda: [f"\x1b[31m{line}\x1b[39m"]


def get_shell() -> Any:
    """Return the running IPython shell, or None outside IPython."""
    ipython = sys.modules.get("IPython")
    return None if ipython is None else ipython.get_ipython()


# ---- interrupts in the reader's own code ---------------------------------------------------------------

_watched: list[Stoppable] = []
_shells: weakref.WeakSet[Any] = weakref.WeakSet()
_is_registered = False


def watch(reading: Stoppable) -> None:
    """Stop ``reading`` if the cell, script or task that runs now ends by an interrupt.

    Held until then: a loop that is interrupted drops its iterator before anybody hears of the interrupt.
    Overflow policy: of more than :data:`MAX_WATCHED` the oldest are forgotten.
    """
    global _is_registered  # noqa: PLW0603 - once a process
    if reading in _watched:
        return
    _watched[:] = [each for each in _watched if not each.has_ended][-MAX_WATCHED + 1 :]
    _watched.append(reading)
    if not _is_registered:
        _is_registered = True
        # Not when this module is imported: what is registered later runs earlier, before the loop is stopped.
        atexit.register(_script_ended)
    shell = get_shell()
    if shell is not None and shell not in _shells:
        _shells.add(shell)
        shell.events.register("post_run_cell", _cell_ended)
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return
    if task is not None:
        task.add_done_callback(lambda done: reading.interrupted() if done.cancelled() else None)


def _cell_ended(result: Any) -> None:
    """Stop what an interrupted cell was reading, and forget what any cell began to read."""
    if isinstance(getattr(result, "error_in_exec", None), KeyboardInterrupt | asyncio.CancelledError):
        _stop_all()
    _watched.clear()


def _script_ended() -> None:
    """Stop what a script was reading that an uncaught Ctrl-C has ended."""
    if getattr(sys, "last_type", None) is KeyboardInterrupt:
        _stop_all()


def _stop_all() -> None:
    for reading in list(_watched):
        reading.interrupted()
