"""One timer for many waits: it ends the one that is late, and no other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from conduit_widget.providers.timing.watchdog import WaitedTooLongError, Watchdog


@pytest_asyncio.fixture
async def watchdog() -> AsyncIterator[Watchdog]:
    """A watchdog, and no timer of it after the test."""
    one = Watchdog()
    yield one
    one.close()


async def test_late_wait_is_ended(watchdog: Watchdog) -> None:
    """Neither before its time nor much later, and the task goes on."""
    began = time.monotonic()
    with pytest.raises(WaitedTooLongError):
        await watchdog.wait(asyncio.Event().wait(), began + 0.2)
    assert time.monotonic() - began >= 0.2
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    assert await watchdog.wait(asyncio.sleep(0, "done"), time.monotonic() + 60) == "done"


async def test_limit_of_an_earlier_wait_is_not_that_of_a_later_one(watchdog: Watchdog) -> None:
    """Each wait has its own, though the timer of the first one goes off in the middle of the second."""
    await watchdog.wait(asyncio.sleep(0), time.monotonic() + 0.05)
    assert await watchdog.wait(asyncio.sleep(0.2, "done"), time.monotonic() + 60) == "done"


async def test_shorter_limit_after_a_longer_one_holds(watchdog: Watchdog) -> None:
    """The timer is set anew where it would be too late."""
    await watchdog.wait(asyncio.sleep(0), time.monotonic() + 600)
    async with asyncio.timeout(60):
        with pytest.raises(WaitedTooLongError):
            await watchdog.wait(asyncio.Event().wait(), time.monotonic() + 0.05)


async def test_limit_that_has_passed_already_ends_the_wait(watchdog: Watchdog) -> None:
    """What would have to wait is ended; what need not is done."""
    with pytest.raises(WaitedTooLongError):
        await watchdog.wait(asyncio.Event().wait(), time.monotonic() - 1)


async def test_time_between_waits_is_nobodys(watchdog: Watchdog) -> None:
    """A timer that goes off while nobody waits does nothing."""
    await watchdog.wait(asyncio.sleep(0), time.monotonic() + 0.05)
    await asyncio.sleep(0.2)  # past it, on purpose
    assert await watchdog.wait(asyncio.sleep(0, "done"), time.monotonic() + 60) == "done"


async def test_cancellation_by_somebody_else_stays_one(watchdog: Watchdog) -> None:
    """Also when the limit passes at the same moment."""
    started = asyncio.Event()

    async def patient() -> None:
        started.set()
        await watchdog.wait(asyncio.Event().wait(), time.monotonic() + 0.05)

    task = asyncio.create_task(patient())
    await started.wait()
    time.sleep(0.1)  # noqa: ASYNC251 - the timer is due, too, when the loop goes on
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_timeout_of_what_is_awaited_is_its_own(watchdog: Watchdog) -> None:
    """It passes as it is."""

    async def late() -> None:
        raise TimeoutError("mine")

    with pytest.raises(TimeoutError, match="mine") as caught:
        await watchdog.wait(late(), time.monotonic() + 60)
    assert not isinstance(caught.value, WaitedTooLongError)
