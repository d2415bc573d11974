"""Ending tasks passes on the cancellation of whoever ends them."""

from __future__ import annotations

import asyncio

import pytest

from conduit_widget.cancellation import cancel_and_wait


async def test_tasks_are_over_when_it_returns() -> None:
    """Those that end at once, those that take their time and those that fail; none of it is raised."""
    ended: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("slow")

    async def failing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("failing")

    tasks = [asyncio.create_task(slow()), asyncio.create_task(failing())]
    await asyncio.sleep(0)
    await cancel_and_wait(*tasks)
    assert sorted(ended) == ["failing", "slow"]
    await cancel_and_wait()
    await cancel_and_wait(*tasks)


async def test_cancellation_of_the_caller_is_not_swallowed() -> None:
    """Whoever is told to end while it waits ends."""
    release = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await release.wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    caller = asyncio.create_task(cancel_and_wait(task))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    release.set()
    await task
