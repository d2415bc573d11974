"""The terminal of ``conduit-widget top``: keys, a new size, and an end that leaves it as it was."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Final

_QUIT: Final = b"qQ\x03\x04"
_ENDS: Final = tuple(
    number for name in ("SIGINT", "SIGTERM", "SIGHUP") if (number := getattr(signal, name, None)) is not None
)


class Terminal:
    """Waits for the next reading, a key or another size. What it listens to is None where there is none."""

    def __init__(self) -> None:
        self._keys: int | None = None
        self._wake: int | None = None
        self._drawing = False
        self._told_to_end = False

    @contextlib.contextmanager
    def drawing(self) -> Iterator[None]:
        """Draw undisturbed: a signal to end counts when the block is over, or half a picture would stay.

        Raises:
            KeyboardInterrupt: there was one.

        """
        self._drawing = True
        try:
            yield
        finally:
            self._drawing = False
        if self._told_to_end:
            self._end()

    def wait(self, seconds: float) -> bool:
        """Wait; return True at the end of the time, False for a terminal of another size.

        Raises:
            KeyboardInterrupt: q was pressed.

        """
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            inputs = [item for item in (self._keys, self._wake) if item is not None]
            if not inputs:
                time.sleep(left)
                return True
            ready, _, _ = select.select(inputs, [], [], left)
            if self._keys in ready:
                self._pressed()
            if self._wake in ready:
                os.read(self._wake, 1024)
                return False
        return True

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_end = True
        if not self._drawing:
            self._end()

    def _end(self) -> None:
        """Raise KeyboardInterrupt; no further signal disturbs what it leads to."""
        for number in _ENDS:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    def _open(self, stack: contextlib.ExitStack) -> None:
        for number in _ENDS:
            stack.callback(signal.signal, number, signal.signal(number, self._told))
        self._keys = _single_keys(stack)
        self._wake = _woken_by_size(stack)

    def _pressed(self) -> None:
        assert self._keys is not None
        pressed = os.read(self._keys, 1024)
        if not pressed:
            self._keys = None  # nobody is there to press anything
        elif any(key in _QUIT for key in pressed):
            raise KeyboardInterrupt


@contextlib.contextmanager
def terminal() -> Iterator[Terminal]:
    """Read single keys, without echo, until the block ends; SIGTERM ends it as Ctrl-C does: once."""
    found = Terminal()
    with contextlib.ExitStack() as stack:
        with found.drawing():
            found._open(stack)
        yield found


def _single_keys(stack: contextlib.ExitStack) -> int | None:
    try:
        import termios  # noqa: PLC0415 - not on Windows
        import tty  # noqa: PLC0415 - the same
    except ImportError:
        return None
    if sys.stdin is None or not sys.stdin.isatty():
        return None
    keys = sys.stdin.fileno()
    stack.callback(termios.tcsetattr, keys, termios.TCSADRAIN, termios.tcgetattr(keys))
    tty.setcbreak(keys, termios.TCSADRAIN)  # what was pressed meanwhile counts
    return keys


def _woken_by_size(stack: contextlib.ExitStack) -> int | None:
    resized = getattr(signal, "SIGWINCH", None)
    if resized is None:
        return None
    wake, woken = os.pipe()
    for end in (wake, woken):
        stack.callback(os.close, end)
        os.set_blocking(end, False)
    stack.callback(signal.signal, resized, signal.signal(resized, lambda *_: None))
    stack.callback(signal.set_wakeup_fd, signal.set_wakeup_fd(woken, warn_on_full_buffer=False))
    return wake
