"""Work in pieces: a bounded share of each turn of the loop, one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from conduit_widget.transports.server.loop_turns import TURN_SECONDS, LoopTurns, turns_of


class Loop:
    """Keeps what is to be called, and a clock that pieces move."""

    def __init__(self) -> None:
        self.ready: list[Callable[[], None]] = []
        self.now = 0.0
        self.done: list[str] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self.ready.append(callback)

    def turn(self) -> list[str]:
        """Run one turn; return whose pieces were worked on."""
        ready, self.ready, self.done = self.ready, [], []
        for callback in ready:
            callback()
        return self.done

    def piece(self, turns: LoopTurns, name: str, seconds: float, pieces: int) -> None:
        """Have ``pieces`` pieces worked on, each ``seconds`` long."""
        left = pieces

        def work() -> None:
            nonlocal left
            left -= 1
            self.done.append(name)
            self.now += seconds
            if left:
                turns.add(work)

        turns.add(work)


@pytest.fixture
def loop() -> Loop:
    """A loop."""
    return Loop()


@pytest.fixture
def turns(loop: Loop) -> LoopTurns:
    """What waits on it."""
    return LoopTurns(loop, lambda: loop.now)  # type: ignore[arg-type]


def test_everybody_has_a_piece_a_turn_while_there_is_time(loop: Loop, turns: LoopTurns) -> None:
    """And no more than one."""
    for name in "abc":
        loop.piece(turns, name, TURN_SECONDS / 10, 2)
    assert loop.turn() == ["a", "b", "c"]
    assert loop.turn() == ["a", "b", "c"]
    assert loop.ready == []


def test_who_had_no_turn_comes_first_in_the_next(loop: Loop, turns: LoopTurns) -> None:
    """Ten long ones cost a turn no more than one and a bit of them."""
    names = "abcdefghij"
    for name in names:
        loop.piece(turns, name, TURN_SECONDS * 0.6, 2)
    seen = [loop.turn() for _ in range(10)]
    assert all(len(worked) == 2 for worked in seen)
    assert "".join(name for worked in seen for name in worked) == names * 2
    assert loop.ready == []


def test_piece_that_fails_does_not_stop_the_others(loop: Loop, turns: LoopTurns) -> None:
    """The loop hears of it, they go on."""

    def fail() -> None:
        raise KeyError

    turns.add(fail)
    loop.piece(turns, "a", 0.0, 1)
    with pytest.raises(KeyError):
        loop.turn()
    assert loop.turn() == ["a"]


async def test_a_loop_has_one(loop: Loop) -> None:
    """All its connections share the time."""
    running = asyncio.get_running_loop()
    assert turns_of(running) is turns_of(running)
