"""The work queue: begun in order, so many at a time, the last piece alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from conduit_widget.hub.calls.work_queue import MAX_OVERLAP, WorkQueue, release_next_call
from tests.support.waiting import eventually


def _work(name: str, log: list[str], gate: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        log.append(f"{name}>")
        await gate.wait()
        log.append(f"{name}<")

    return run


def _ahead(name: str, log: list[str], gate: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def run() -> None:
        log.append(f"{name}>")
        release_next_call()
        release_next_call()
        await gate.wait()
        log.append(f"{name}<")

    return run


async def test_next_of_its_kind_begins_when_work_lets_it() -> None:
    """Work of one kind overlaps, in order; another kind waits until all of it is done, and is alone then."""
    log, gate, later, queue = list[str](), asyncio.Event(), asyncio.Event(), WorkQueue()
    for name in "ab":
        queue.put(_ahead(name, log, gate), "send")
    queue.put(_ahead("c", log, later), "leave")
    queue.put(_ahead("d", log, gate), "send")
    for _ in range(5):
        await asyncio.sleep(0)
    assert log == ["a>", "b>"]
    gate.set()
    await eventually(lambda: len(log) == 5)
    assert log == ["a>", "b>", "a<", "b<", "c>"]
    later.set()
    await eventually(lambda: queue.idle)
    assert log[5:] == ["c<", "d>", "d<"]


async def test_work_without_a_kind_is_alone_whatever_it_says() -> None:
    """Only calls of one method overlap."""
    log, gate, queue = list[str](), asyncio.Event(), WorkQueue()
    for name in "ab":
        queue.put(_ahead(name, log, gate))
    for _ in range(5):
        await asyncio.sleep(0)
    assert log == ["a>"]
    gate.set()
    await eventually(lambda: queue.idle)
    assert log == ["a>", "a<", "b>", "b<"]


async def test_overlap_is_bounded_and_begins_again_when_some_are_done() -> None:
    """So many are under way at most; all of them run in the end, begun in order."""
    log, gate, queue = list[str](), asyncio.Event(), WorkQueue()
    names = [str(n) for n in range(3 * MAX_OVERLAP)]
    for name in names:
        queue.put(_ahead(name, log, gate), "send")
    for _ in range(5 * MAX_OVERLAP):
        await asyncio.sleep(0)
    assert len(log) == MAX_OVERLAP + 1
    gate.set()
    await eventually(lambda: queue.idle)
    assert [entry[:-1] for entry in log if entry.endswith(">")] == names


async def test_last_work_waits_for_all_that_overlaps() -> None:
    """The end of a connection comes after what it began, cancelled or not."""
    log, gate, queue = list[str](), asyncio.Event(), WorkQueue()
    for name in "abc":
        queue.put(_ahead(name, log, gate), "send")
    for _ in range(5):
        await asyncio.sleep(0)
    opened = asyncio.Event()
    opened.set()
    queue.finish(_work("last", log, opened))
    queue.running[1].cancel()
    await asyncio.sleep(0)
    gate.set()
    await eventually(lambda: queue.idle)
    assert sorted(log[3:5]) == ["a<", "c<"]
    assert log[5:] == ["last>", "last<"]


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
