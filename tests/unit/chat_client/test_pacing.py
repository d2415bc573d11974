"""Keeping within a hub's rates."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from conduit_widget.chat_client.pacing import (
    JOIN_BURST,
    JOINS_PER_SECOND,
    MAX_WAIT,
    JoinPace,
    is_rate_refusal,
)
from conduit_widget.contract import INVOCATION_BURST, INVOCATIONS_PER_SECOND
from conduit_widget.errors import HubException
from conduit_widget.hub.limits.hub_limits import TokenBucket
from tests.support.skipping_clock import SkippingClock


class Clock:
    """Time that passes by waiting only."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits = 0

    def time(self) -> float:
        return self.now

    async def wait_for(self, waiting: Coroutine[Any, Any, Any], seconds: float) -> None:
        waiting.close()
        self.now += seconds
        self.waits += 1
        raise TimeoutError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock and the waiting of the pace."""
    clock = Clock()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: clock)
    monkeypatch.setattr(asyncio, "wait_for", clock.wait_for)
    return clock


async def test_hundred_joins_stay_within_the_hub_s_bucket(clock: Clock) -> None:
    """None is refused, half the burst is left for messages, and all are through within six seconds."""
    pace, bucket, started = (
        JoinPace(),
        TokenBucket(INVOCATIONS_PER_SECOND, INVOCATION_BURST, clock.now),
        clock.now,
    )
    for _ in range(100):
        await pace.turn()
        assert bucket.consume(clock.now)
        assert bucket.remaining >= INVOCATION_BURST - JOIN_BURST
    assert clock.now - started < 6


async def test_joins_within_the_burst_do_not_wait(clock: Clock) -> None:
    """A few conversations are back at once."""
    pace, started = JoinPace(), clock.now
    for _ in range(JOIN_BURST):
        await pace.turn()
    assert clock.now == pytest.approx(started, abs=1e-6)
    await pace.turn()
    assert clock.now == pytest.approx(started + 1 / JOINS_PER_SECOND)


async def test_nobody_waits_longer_than_ten_seconds_however_many_came_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Turns taken by joins that a lost connection ended do not pile up."""
    clock, pace = SkippingClock(monkeypatch), JoinPace()
    waiting = [asyncio.ensure_future(pace.turn()) for _ in range(1000)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    last = asyncio.ensure_future(pace.turn())
    await asyncio.sleep(0)
    assert not last.done()
    clock.skip(MAX_WAIT)
    for _ in range(10):
        await asyncio.sleep(0)
    assert last.done()
    await asyncio.gather(*waiting, return_exceptions=True)


def test_refusal_for_the_rate_is_told_from_others() -> None:
    """By the contract's text."""
    assert is_rate_refusal(HubException("Rate limit exceeded. Please try again later."))
    assert not is_rate_refusal(HubException("Unauthorized"))


async def test_rate_the_hub_tells_shortens_waits_under_way() -> None:
    """One's own hub allows far more than the contract's rate: the turns given out before are taken again."""
    pace = JoinPace()
    waiting = [asyncio.ensure_future(pace.turn()) for _ in range(1000)]  # ten seconds at the contract's rate
    await asyncio.sleep(0)
    began = asyncio.get_running_loop().time()
    pace.allow(1_000_000.0)
    await asyncio.wait_for(asyncio.gather(*waiting), 30)
    assert pace._due - began < MAX_WAIT / 2


async def test_refusal_for_the_rate_makes_all_wait_once(clock: Clock) -> None:
    """Eighty refused conversations rest together, and are told apart from eighty refusals."""
    pace = JoinPace(first_rest=2.0)
    rests = [pace.refused_for_rate() for _ in range(80)]
    assert 2.0 <= min(rests) == max(rests) <= 3.0
    began = clock.now
    await pace.turn()
    assert clock.now - began >= 2.0
    assert clock.waits <= 2, "nothing wakes who waits before the time"
    pace.accepted()
    assert pace.refused_for_rate() <= 3.0, "accepted once, the next rest is a short one"


async def test_rate_that_is_none_changes_nothing(clock: Clock) -> None:
    """A foreign hub may tell anything."""
    pace = JoinPace()
    for told in (0.0, -1.0, float("nan"), float("inf")):
        pace.allow(told)
    began = clock.now
    for _ in range(JOIN_BURST + 1):
        await pace.turn()
    assert clock.now - began == pytest.approx(1 / JOINS_PER_SECOND)
