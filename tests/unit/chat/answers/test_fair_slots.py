"""Slots shared out by user."""

from __future__ import annotations

import asyncio
import contextlib

from conduit_widget.chat.answers.fair_slots import FairSlots
from tests.support.waiting import eventually


class Uses:
    """Requests for slots, in the order they got one; each holds it until told to let go."""

    def __init__(self, slots: FairSlots) -> None:
        self.slots = slots
        self.began: list[str] = []
        self.over: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    def ask(self, name: str) -> None:
        """Ask for a slot; the user is the name's first letter."""
        self.over[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._use(name))

    async def _use(self, name: str) -> None:
        async with self.slots.slot(name[0]):
            self.began.append(name)
            await self.over[name].wait()

    async def end(self, name: str) -> None:
        """Let a slot go."""
        self.over[name].set()
        await self.tasks[name]


async def test_slots_go_to_who_has_the_fewest() -> None:
    """With one user's requests first in line, others still have the next slots, their own in order."""
    uses = Uses(FairSlots(3, 2))
    for name in ("a1", "a2", "a3", "a4", "b1", "b2", "c1"):
        uses.ask(name)
    await eventually(lambda: uses.began == ["a1", "a2", "b1"])
    await uses.end("a1")
    await eventually(lambda: uses.began[3:] == ["c1"])
    await uses.end("a2")
    await eventually(lambda: uses.began[4:] == ["a3"])
    await uses.end("b1")
    await eventually(lambda: uses.began[5:] == ["b2"])
    await uses.end("c1")
    await eventually(lambda: uses.began[6:] == ["a4"])
    for name in ("a3", "a4", "b2"):
        await uses.end(name)
    assert uses.slots.is_free("a")


async def test_slot_is_not_lost_when_who_waited_gives_up() -> None:
    """Cancelled in line, or in the moment it was given, a request leaves its slot to the next."""
    slots = FairSlots(1, 1)
    uses = Uses(slots)
    async with slots.slot("z"):
        for name in ("b1", "c1", "d1"):
            uses.ask(name)
        await asyncio.sleep(0)
        uses.tasks["b1"].cancel()
        await asyncio.wait({uses.tasks["b1"]})
    uses.tasks["c1"].cancel()  # it has been given the slot, and has not run since
    await eventually(lambda: uses.began == ["d1"])
    await uses.end("d1")
    assert slots.is_free("c")


async def test_slot_that_is_set_aside_is_for_others_until_its_end() -> None:
    """Then it is waited for like any other, before anything goes on, also where there was an error."""
    slots, seen, gate = FairSlots(1, 1), list[str](), asyncio.Event()

    async def wait(error: bool) -> None:
        async with slots.slot("a") as set_aside:
            with contextlib.suppress(ValueError):
                async with set_aside():
                    seen.append("waits")
                    await gate.wait()
                    if error:
                        raise ValueError
            seen.append("goes on")

    for error in (False, True):
        seen.clear()
        gate.clear()
        task = asyncio.create_task(wait(error))
        await eventually(lambda: seen == ["waits"])
        async with slots.slot("b"):
            gate.set()
            for _ in range(5):
                await asyncio.sleep(0)
            assert seen == ["waits"]
        await task
        assert seen == ["waits", "goes on"]
        assert slots.is_free("a")


async def test_slot_that_is_set_aside_is_not_needed_by_who_is_cancelled() -> None:
    """It ends at once, though another one holds the slot; nothing is let go twice."""
    slots, waits = FairSlots(1, 1), asyncio.Event()

    async def wait() -> None:
        async with slots.slot("a") as set_aside, set_aside():
            waits.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(wait())
    await waits.wait()
    async with slots.slot("b"):
        task.cancel()
        await asyncio.wait({task}, timeout=10)
        assert task.cancelled()
        assert not slots.is_free("a")
    assert slots.is_free("a")


async def test_slot_is_not_kept_by_who_comes_back_after_its_end() -> None:
    """Whoever gave up a work that would not end has no slot to let go when that ends after all."""
    slots, gate = FairSlots(1, 1), asyncio.Event()
    async with slots.slot("a") as set_aside:

        async def wait() -> None:
            async with set_aside():
                await gate.wait()

        task = asyncio.create_task(wait())
        await eventually(lambda: slots.is_free("a"))
    gate.set()
    await task
    assert slots.is_free("a")
