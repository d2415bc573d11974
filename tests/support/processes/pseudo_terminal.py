"""A command in a terminal of its own: what it draws, the keys it gets, and how it leaves the terminal."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.support.waiting import eventually_sync

ALTERNATE_SCREEN: Final = "\x1b[?1049"
CURSOR: Final = "\x1b[?25"
_HOME: Final = "\x1b[H"
_ESCAPES: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_IN_TERMINAL: Final = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""


def _without_size(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out what would speak louder than the terminal's own size; pytest-xdist sets both."""
    return {name: value for name, value in environment.items() if name not in {"COLUMNS", "LINES"}}


class PseudoTerminal:
    """A process whose controlling terminal this is."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], size: tuple[int, int]) -> None:
        self._master, self._slave = pty.openpty()
        self.resize(*size)
        self.modes_before = self.modes
        self.output = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _IN_TERMINAL, *command],
            stdin=self._slave,
            stdout=self._slave,
            stderr=self._slave,
            env={**_without_size(os.environ), "TERM": "xterm-256color", **environment},
            start_new_session=True,
        )

    @property
    def modes(self) -> list[Any]:
        """The terminal's settings: echo, line mode, signals."""
        return termios.tcgetattr(self._slave)

    def resize(self, columns: int, rows: int) -> None:
        """Give it another size; the system tells the process."""
        self._size = (columns, rows)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._master, keys.encode())

    def read(self) -> str:
        """Take what has been drawn; return all of it so far."""
        while select.select([self._master], [], [], 0)[0]:
            self.output += os.read(self._master, 65536).decode(errors="replace")
        return self.output

    @property
    def frame(self) -> list[str]:
        """The lines of the last picture that is complete, without colours."""
        pictures = [_lines_of(picture) for picture in self.read().split(_HOME)[-2:]]
        if len(pictures) < 2:
            return []  # what stands before the first one is none
        before, last = pictures
        is_whole = len(last) == self._size[1] and len(last[-1]) >= self._size[0]
        return last if is_whole or self.output.count(_HOME) == 1 else before

    def row(self, name: str) -> str:
        """The line of the picture that begins with ``name``, without it; empty where there is none."""
        found = (line.strip() for line in self.frame if line.strip().startswith(name))
        return next(found, "").removeprefix(name).strip()

    def shows(self, text: str, within: float = 150.0) -> None:
        """Wait until the picture has ``text``."""
        eventually_sync(lambda: text in "\n".join(self.frame), within=within, what=f"{text!r} is shown")

    def end(self, within: float = 60.0) -> int:
        """Wait for the process's end, reading on; return its exit code."""
        deadline = time.monotonic() + within
        while self.process.poll() is None and time.monotonic() < deadline:
            self.read()
            time.sleep(0.01)
        self.read()
        assert self.process.returncode is not None, f"it does not end: {self.output[-500:]!r}"
        return self.process.returncode

    def hang_up(self) -> None:
        """Shut the window: the process hears SIGHUP, and has nowhere to write any more."""
        os.close(self._master)
        self._master = os.open(os.devnull, os.O_RDWR)

    def close(self) -> None:
        """Kill what still runs."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        for end in (self._master, self._slave):
            os.close(end)


def _lines_of(picture: str) -> list[str]:
    return _ESCAPES.sub("", picture).replace("\r", "").split("\n")


@contextlib.contextmanager
def pseudo_terminal(
    *command: str, environment: dict[str, str] | None = None, size: tuple[int, int] = (100, 40)
) -> Iterator[PseudoTerminal]:
    """Run a command in a terminal of ``size`` (columns, rows)."""
    running = PseudoTerminal(command, environment or {}, size)
    try:
        yield running
    finally:
        running.close()
