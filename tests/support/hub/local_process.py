"""End the hub a widget started, whatever state it is in."""

from __future__ import annotations

import psutil


def stop_hub(pid: int) -> None:
    """Ask the hub to end; kill it when it does not within 30 s."""
    try:
        process = psutil.Process(pid)
        process.terminate()
        process.wait(30)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(30)
    except psutil.NoSuchProcess:
        return


def kill_hub(pid: int) -> None:
    """SIGKILL, and wait until it is gone."""
    try:
        process = psutil.Process(pid)
        process.kill()
        process.wait(30)
    except psutil.NoSuchProcess:
        return
