"""``python -m tests.load chats``: how long many chats of one kernel take until all are live.

The real local hub in a process of its own; every chat is a conversation of its own over the one connection
that they share. Wall time in seconds from the first constructor to the last live chat, and the lines that the
kernel side logged meanwhile. Goal: 80 chats in 5 s.
"""

from __future__ import annotations

import argparse
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Final

from conduit_widget.access import local_hub
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.support.hub.local_process import stop_hub

GOAL_SECONDS: Final = 5.0
PATIENCE: Final = 120.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``chats``."""
    parser.add_argument("--chats", type=int, default=80, help="chats, each of another conversation")
    parser.add_argument("--runs", type=int, default=3, help="how often, with fresh conversations")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code tells whether every run kept the goal."""
    with tempfile.TemporaryDirectory(prefix="conduit-chats-", ignore_cleanup_errors=True) as folder:
        module = Path(folder) / "chat.js"
        module.write_text("export default {};")
        front_end.STATIC = module.parent  # type: ignore[misc] # a stand-in browser part
        os.environ["CONDUIT_DATA_DIR"] = folder
        for name in ("CONDUIT_HUB_URL", "CONDUIT_HUB_TOKEN"):
            os.environ.pop(name, None)
        hub = local_hub.find_or_start(Path(folder))
        try:
            print(f"{'run':>4}{'chats':>7}{'seconds':>9}{'first':>8}{'lines':>7}")
            taken = [_once(number, arguments.chats) for number in range(arguments.runs)]
        finally:
            stop_loop_thread()
            stop_hub(hub.pid)
    return 0 if max(taken) <= GOAL_SECONDS else 1


class _Lines(logging.Handler):
    """Counts what the package says at the default level."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.count = 0

    def emit(self, _record: logging.LogRecord) -> None:
        self.count += 1


def _once(number: int, count: int) -> float:
    lines, log = _Lines(), logging.getLogger("conduit_widget")
    log.addHandler(lines)
    began = time.perf_counter()
    chats = [Chat(f"run {number} chat {each}") for each in range(count)]
    chats[0].wait_connected(PATIENCE)
    first = time.perf_counter() - began
    for chat in chats:
        chat.wait_connected(PATIENCE)
    seconds = time.perf_counter() - began
    for chat in chats:
        chat.close()
    log.removeHandler(lines)
    print(f"{number:>4}{count:>7}{seconds:>9.2f}{first:>8.2f}{lines.count:>7}")
    return seconds
