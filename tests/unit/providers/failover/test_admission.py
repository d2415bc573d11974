"""Requests wait for a limit where people see it, and not for too long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.failover.admission import Admission
from conduit_widget.providers.failover.health import WAITS, ProviderHealth
from conduit_widget.providers.limits.limit_tracker import LimitTracker, ProviderLimits
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Chunk, GenerationRequest, PromptMessage
from conduit_widget.providers.retiring import RetirableProvider
from conduit_widget.types import ProviderStatus
from tests.support.waiting import eventually

REQUEST = GenerationRequest(messages=[PromptMessage("user", "Hi")])


class Quick:
    """Answers at once, and counts how often it was asked."""

    name = "quick"
    context_tokens: int | None = 100

    def __init__(self) -> None:
        self.asked = 0

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one chunk."""
        self.asked += 1
        yield Chunk("Hello", "m", finish_reason="stop")

    async def models(self) -> list[str]:
        """There is one."""
        return ["m"]

    async def start(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Do nothing."""


class Door:
    """A provider whose limit allows one request a minute, by a clock that the test moves on."""

    def __init__(self, *, longest: float | None = None) -> None:
        self.now = 1000.0
        self.changes: list[ProviderStatus] = []
        limits = LimitTracker(ProviderLimits(requests_per_minute=1), clock=lambda: self.now)
        self.health = ProviderHealth(
            "quick", self.changes.append, state="healthy", limits=limits, monotonic=lambda: self.now
        )
        self.quick = Quick()
        self.provider = RetirableProvider(self.quick, Admission("quick", self.health, longest).wait)

    async def answer(self) -> list[Chunk]:
        """Return all chunks of an answer."""
        answer = self.provider.generate(REQUEST)
        try:
            return [chunk async for chunk in answer]
        finally:
            await answer.aclose()


async def test_request_that_fits_goes_at_once() -> None:
    """Nothing is added to its chunks."""
    door = Door()
    assert [chunk.text for chunk in await door.answer()] == ["Hello"]
    assert door.health.status.state == "healthy"
    assert door.health.status.rate_limit["requests"].remaining == 0


async def test_request_over_the_limit_waits_visibly_and_then_goes() -> None:
    """The provider is shown as limited, with the time when it goes on, and as it was before afterwards."""
    door = Door()
    await door.answer()
    second = asyncio.create_task(door.answer())
    await eventually(lambda: door.health.status.state == "rate_limited")
    status = door.health.status
    assert (status.reason, status.retry_at is not None) == (WAITS, True)
    assert [change.state for change in door.changes if change.reason == WAITS] == ["rate_limited"]
    assert door.quick.asked == 1
    door.now += 61
    first, *rest = await asyncio.wait_for(second, 30)
    assert (first.text, first.asked) == ("", True)
    assert [chunk.text for chunk in rest] == ["Hello"]
    assert (door.health.status.state, door.health.status.reason) == ("healthy", "")
    assert door.health.status.retry_at is None


async def test_stop_ends_a_wait_at_once() -> None:
    """The provider is never asked, and nothing stays open."""
    door = Door()
    await door.answer()
    answer = door.provider.generate(REQUEST)
    waiting = asyncio.create_task(anext(answer))
    await eventually(lambda: door.health.status.state == "rate_limited")
    await cancel_and_wait(waiting)
    status = door.health.status
    assert (status.state, status.reason, status.retry_at) == ("healthy", "", None), "nobody waits"
    await asyncio.wait_for(answer.aclose(), 30)
    assert door.quick.asked == 1
    await asyncio.wait_for(door.provider.retire(0), 30)


async def test_those_who_wait_go_in_their_order() -> None:
    """Whoever comes when there is room at last goes behind them, and each of them is shown to wait."""
    door = Door()
    await door.answer()
    order: list[int] = []

    async def ask(number: int) -> None:
        await door.answer()
        order.append(number)

    asking = [asyncio.create_task(ask(number)) for number in range(5)]
    await eventually(lambda: door.health.status.state == "rate_limited")
    door.now += 61
    late = asyncio.create_task(ask(99))
    for count in range(1, 7):
        await eventually(lambda count=count: len(order) == count)  # type: ignore[misc]
        if count < 6:
            await eventually(lambda: door.health.status.reason == WAITS)
        door.now += 61
    await asyncio.gather(*asking, late)
    assert order == [0, 1, 2, 3, 4, 99]
    shown = [change.state for change in door.changes]
    assert shown[shown.index("rate_limited") : -1] == ["rate_limited"] * (
        len(shown) - shown.index("rate_limited") - 1
    )
    assert (door.health.status.state, door.health.status.retry_at) == ("healthy", None)


async def test_one_that_is_stopped_lets_the_next_one_go() -> None:
    """The first of those who wait leaves; nobody waits for it."""
    door = Door()
    await door.answer()
    first, second = (asyncio.create_task(door.answer()) for _ in range(2))
    await eventually(lambda: door.health.status.reason == WAITS)
    await cancel_and_wait(first)
    assert door.health.status.reason == WAITS
    door.now += 61
    assert [chunk.text for chunk in await asyncio.wait_for(second, 30)] == ["", "Hello"]


async def test_wait_stays_visible_while_other_answers_end_well() -> None:
    """A success says that the provider is well, not that questions go out; it is shown when they do."""
    door = Door()
    await door.answer()
    second = asyncio.create_task(door.answer())
    await eventually(lambda: door.health.status.reason == WAITS)
    door.health.record(GenerationOutcome(provider="quick", duration=1, time_to_first_token=0.5))
    status = door.health.status
    assert (status.state, status.reason, status.latency.ttft_p50) == ("rate_limited", WAITS, 500.0)
    door.now += 61
    await asyncio.wait_for(second, 30)
    assert (door.health.status.state, door.health.status.retry_at) == ("healthy", None)


async def test_whoever_waits_behind_others_is_refused_in_time() -> None:
    """Its own wait is short; theirs are not."""
    door = Door()
    await door.answer()
    admission = Admission("quick", door.health, 0.2)
    door.now += 60.9  # room in a moment, by a clock that stands still
    waiting = [asyncio.create_task(admission.wait(REQUEST)) for _ in range(3)]
    for refused in await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 30):
        assert isinstance(refused, ProviderError)
        assert refused.code == failures.LIMIT_REACHED
    assert (door.health.status.state, door.health.status.retry_at) == ("healthy", None)


async def test_wait_that_no_answer_may_take_is_refused_at_once() -> None:
    """With the time in the text; that is no failure of the provider."""
    door = Door(longest=30)
    await door.answer()
    with pytest.raises(ProviderError) as refused:
        await door.answer()
    error = refused.value
    assert (error.type, error.code, error.retry_after) == ("rate_limit", failures.LIMIT_REACHED, 61.0)
    assert "61 s" in str(error)
    door.health.record(
        GenerationOutcome(provider="quick", duration=0.1, error=error, error_type="rate_limit")
    )
    assert (door.health.status.state, door.health.status.error_rate) == ("healthy", 0.0)


async def test_answer_that_is_never_read_asks_nothing() -> None:
    """It is closed without a warning, and counts for no limit."""
    door = Door()
    answer = door.provider.generate(REQUEST)
    await answer.aclose()
    assert door.quick.asked == 0
    assert door.health.limits.would_refuse(REQUEST) is None
