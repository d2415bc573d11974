"""How often a model failed, and how long it is left alone."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.local import troubles
from conduit_widget.providers.local.crashes import LOOP, CrashCount
from conduit_widget.providers.local.library import LocalModel


def model(name: str) -> LocalModel:
    """A model that need not be there."""
    return LocalModel(name=name, path=Path(f"/models/{name}.gguf"), size=1, modified_ns=1)


ONE, OTHER = model("one"), model("other")
CLOSING = asyncio.Event()
CLOSING.set()
"""With a hub that is closing, a pause is over at once."""


async def test_a_few_crashes_cost_a_pause_then_the_model_is_left_alone() -> None:
    """The error says the cause and how many seconds are left."""
    crashes = CrashCount()
    for _ in range(LOOP - 1):
        crashes.count(ONE, "it crashed with SIGSEGV", -11)
        await crashes.pause(ONE, CLOSING)
    crashes.count(ONE, "it crashed with SIGSEGV", -11)
    assert crashes.is_loop_of(ONE)
    with pytest.raises(ProviderError, match=r"failed 3 times in a row \(it crashed with SIGSEGV\)") as caught:
        await crashes.pause(ONE, CLOSING)
    assert caught.value.retry_after is not None
    assert 0 < caught.value.retry_after <= 3


async def test_an_answer_puts_the_count_back() -> None:
    """Crashes far apart are not counted together."""
    crashes = CrashCount()
    for _ in range(LOOP):
        crashes.count(ONE, "x", 1)
        crashes.forget()
    assert not crashes.is_loop_of(ONE)
    await crashes.pause(ONE, asyncio.Event())


async def test_a_reason_that_stays_is_told_again_until_it_is_gone() -> None:
    """Too little memory, say: looks at the provider keep finding it down, not healthy again."""
    crashes, error = CrashCount(), troubles.too_little_memory("one", 2, 1)
    crashes.count(ONE, "x", None, error)
    assert crashes.is_loop_of(ONE)
    with pytest.raises(ProviderError, match="needs about"):
        await crashes.pause(ONE, asyncio.Event())
    crashes.forget()
    assert not crashes.is_loop_of(ONE)


async def test_another_model_does_not_pay_for_this_one() -> None:
    """Whoever chooses another model is answered at once, and the count begins at nought."""
    crashes = CrashCount()
    for _ in range(LOOP):
        crashes.count(ONE, "x", 1)
    assert not crashes.is_loop_of(OTHER)
    await crashes.pause(OTHER, asyncio.Event())
    crashes.count(OTHER, "x", 1)
    assert not crashes.is_loop_of(OTHER)
    assert not crashes.is_loop_of(ONE)


@pytest.mark.parametrize("exit_code", [-4, 0xC000001D, 0xC000001D - (1 << 32)])
async def test_an_illegal_instruction_is_not_tried_again_soon(exit_code: int) -> None:
    """Once is enough, on every system: the CPU will not change."""
    crashes = CrashCount()
    crashes.count(ONE, "x", exit_code)
    with pytest.raises(ProviderError, match="CPU of this computer lacks instructions") as caught:
        await crashes.pause(ONE, asyncio.Event())
    assert (caught.value.recoverable, (caught.value.retry_after or 0) > 200) == (False, True)
