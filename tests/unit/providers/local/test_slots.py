"""Which slot of the local model a conversation gets."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from conduit_widget.providers.local.slots import ModelSlots


async def ask(slots: ModelSlots, cache_key: str | None) -> int:
    """A generation that is over at once; the slot it had."""
    async with slots.hold(cache_key) as slot:
        return slot


async def settle() -> None:
    """Let every task that can go on do so."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_conversations_keep_their_slots_in_turn() -> None:
    """Two long conversations that take turns never read over each other's prompt."""
    slots = ModelSlots(2)
    assert [await ask(slots, key) for key in "abbaabab"] == [0, 1, 1, 0, 0, 1, 0, 1]


async def test_new_conversation_takes_the_slot_used_least_recently() -> None:
    """The conversation that has been quiet for longest loses its slot, then takes the next one's."""
    slots = ModelSlots(2)
    assert [await ask(slots, key) for key in ("a", "b", "a", "c", "a", "c", "b")] == [0, 1, 0, 1, 0, 1, 0]


async def test_requests_of_no_conversation_leave_the_last_one_its_slot() -> None:
    """Without a key the least recently used slot is taken, and kept for nobody."""
    slots = ModelSlots(2)
    assert [await ask(slots, key) for key in ("a", None, "a", None, None, "b")] == [0, 1, 0, 1, 0, 1]


async def test_nobody_waits_for_a_busy_slot_while_another_is_free() -> None:
    """A second answer of one conversation goes elsewhere while its slot is busy."""
    slots = ModelSlots(2)
    async with slots.hold("a") as first, slots.hold("a") as second:
        assert {first, second} == {0, 1}


async def test_first_to_wait_is_first_to_get_a_slot() -> None:
    """When all are busy they are handed on in the order of asking; newcomers do not push in."""
    slots = ModelSlots(2)
    got: list[tuple[str, int]] = []

    async def wait(key: str) -> None:
        async with slots.hold(key) as slot:
            got.append((key, slot))

    async with asyncio.TaskGroup() as tasks, AsyncExitStack() as first, AsyncExitStack() as second:
        await first.enter_async_context(slots.hold("a"))
        await second.enter_async_context(slots.hold("b"))
        for key in "cd":
            tasks.create_task(wait(key))
        await settle()
        assert got == []
        await second.aclose()
        tasks.create_task(wait("e"))
        await settle()
        assert got == [("c", 1), ("d", 1), ("e", 1)]
        assert await ask(slots, "e") == 1


@pytest.mark.parametrize("is_handed", [False, True])
async def test_slot_is_not_lost_when_a_waiting_request_is_cancelled(is_handed: bool) -> None:
    """Cancelled before or just after the slot was handed to it: the next one gets it."""
    slots = ModelSlots(1)
    async with AsyncExitStack() as busy:
        await busy.enter_async_context(slots.hold("a"))
        waiting = asyncio.create_task(ask(slots, "b"))
        await settle()
        if is_handed:
            await busy.aclose()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await asyncio.wait_for(ask(slots, "c"), 30) == 0
