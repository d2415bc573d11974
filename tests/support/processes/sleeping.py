"""A laptop that is closed for a while: processes that stand still, while the rest of the world goes on."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Iterable

import psutil


def browsers() -> list[psutil.Process]:
    """Return all processes of the browsers that this test has started."""
    return [each for each in psutil.Process().children(recursive=True) if _is_browser(each)]


def with_children(*pids: int) -> list[psutil.Process]:
    """Return processes and all that they have started."""
    roots = [psutil.Process(pid) for pid in pids]
    return [each for root in roots for each in (root, *root.children(recursive=True))]


async def sleep(processes: Iterable[psutil.Process], seconds: float) -> None:
    """Let processes stand still for a while."""
    stopped = set(processes)
    assert stopped
    try:
        for process in stopped:
            process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
    finally:
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


def _is_browser(process: psutil.Process) -> bool:
    try:
        return "chrom" in process.name()
    except psutil.NoSuchProcess:
        return False
