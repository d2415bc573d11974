"""Slots shared out by user."""

from __future__ import annotations

import asyncio

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
