"""The end of the process: a moment to send what waits, and a line for what is not sent."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import Final

EXIT_WAIT_VARIABLE: Final = "CONDUIT_EXIT_WAIT"
EXIT_WAIT: Final = 5.0
"""Seconds; Jupyter and nbclient give a kernel about as long before they kill it."""

MAX_EXIT_WAIT: Final = 600.0


def exit_wait() -> float:
    """Return how many seconds the end waits for unsent messages: ``CONDUIT_EXIT_WAIT``, else five."""
    try:
        seconds = float(os.environ.get(EXIT_WAIT_VARIABLE, ""))
    except ValueError:
        return EXIT_WAIT
    return min(max(seconds, 0.0), MAX_EXIT_WAIT) if seconds == seconds else EXIT_WAIT  # noqa: PLR0124 - NaN


@contextlib.contextmanager
def termination_waits() -> Iterator[None]:
    """Delay a SIGTERM until the block has ended, unless somebody else handles that signal.

    Jupyter sends one to a kernel that takes half its time to end.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    received: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: received.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if received:
            signal.raise_signal(signal.SIGTERM)


def write_to_stderr(lines: Sequence[str]) -> None:
    """Write lines to the process's own stderr: a notebook's is not shown any more when its kernel ends."""
    stream = sys.__stderr__
    if stream is None:
        return
    with contextlib.suppress(OSError, ValueError):
        for line in lines:
            stream.write(f"conduit_widget: {line}\n")
        stream.flush()
