"""The work queue: begun in order, so many at a time, the last piece alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from conduit_widget.hub.work_queue import WorkQueue
from tests.support.waiting import eventually


def _work(name: str, log: list[str], gate: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        log.append(f"{name}>")
        await gate.wait()
        log.append(f"{name}<")

    return run


async def test_work_runs_one_by_one_unless_more_is_allowed() -> None:
    """Order is kept; a second runs beside the first only when two may."""
    log, gate, queue = list[str](), asyncio.Event(), WorkQueue()
    for name in "abc":
        queue.put(_work(name, log, gate))
    await asyncio.sleep(0)
    assert (log, len(queue)) == (["a>"], 2)
    queue.allow(2)
    await asyncio.sleep(0)
    assert (log, len(queue)) == (["a>", "b>"], 1)
    gate.set()
    await eventually(lambda: queue.idle)
    assert [entry for entry in log if entry.endswith(">")] == ["a>", "b>", "c>"]


async def test_last_work_waits_for_what_runs_and_drops_what_waits() -> None:
    """Also when what runs is cancelled."""
    log, gate, queue = list[str](), asyncio.Event(), WorkQueue()
    queue.allow(2)
    for name in "abc":
        queue.put(_work(name, log, gate))
    await asyncio.sleep(0)
    opened = asyncio.Event()
    opened.set()
    queue.finish(_work("last", log, opened))
    await asyncio.sleep(0)
    assert log == ["a>", "b>"]
    for task in queue.running:
        task.cancel()
    await eventually(lambda: queue.idle)
    assert log == ["a>", "b>", "last>", "last<"]
