"""A provider that is replaced closes when its last open answer is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.providers.provider import Chunk, GenerationRequest, PromptMessage
from conduit_widget.providers.retiring import RetirableProvider
from tests.support.waiting import eventually

REQUEST = GenerationRequest(messages=[PromptMessage("user", "Hi")])


class Slow:
    """Writes one word, and another when it may."""

    name = "slow"
    context_tokens: int | None = 100

    def __init__(self) -> None:
        self.may_go_on = asyncio.Event()
        self.closed = False

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream two chunks."""
        yield Chunk("Hello", "m")
        await self.may_go_on.wait()
        yield Chunk(" you", "m", finish_reason="stop")

    async def models(self) -> list[str]:
        """There is one."""
        return ["m"]

    async def start(self) -> None:
        """Do nothing."""

    async def aclose(self) -> None:
        """Remember it."""
        self.closed = True


async def test_open_answer_is_finished_before_the_provider_closes() -> None:
    """Also one that is asked for in the grace, by somebody who chose the provider before."""
    slow = Slow()
    provider = RetirableProvider(slow)
    answer = provider.generate(REQUEST)
    assert (await anext(answer)).text == "Hello"
    retiring = asyncio.create_task(provider.retire(0.05))
    slow.may_go_on.set()
    assert (await anext(answer)).text == " you"
    with pytest.raises(StopAsyncIteration):
        await anext(answer)
    assert not slow.closed
    late = provider.generate(REQUEST)
    await answer.aclose()
    assert [chunk.text async for chunk in late] == ["Hello", " you"]
    assert not slow.closed
    await late.aclose()
    await retiring
    assert slow.closed


async def test_provider_closes_at_once_when_the_hub_ends() -> None:
    """Nothing is waited for then, whatever is open."""
    slow = Slow()
    provider = RetirableProvider(slow)
    answer = provider.generate(REQUEST)
    await anext(answer)
    retiring = asyncio.create_task(provider.retire(3600))
    await asyncio.sleep(0)
    await cancel_and_wait(retiring)
    assert slow.closed
    await answer.aclose()


async def test_answer_that_nobody_closes_does_not_keep_the_provider() -> None:
    """An answer that is dropped is over."""
    slow = Slow()
    provider = RetirableProvider(slow)
    answer = provider.generate(REQUEST)
    del answer
    await asyncio.create_task(provider.retire(0))
    await eventually(lambda: slow.closed)
