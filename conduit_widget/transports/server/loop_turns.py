"""Work that one turn of the event loop is too short for: a piece of it in every turn, fairly shared.

Whoever has more to do than its share leaves the rest here. In each turn of the loop those that wait go on one
after the other, until :data:`TURN_SECONDS` are used; who had no turn comes first in the next one. So the loop
reaches its sockets and timers again soon, however many there are that would keep it for themselves.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final
from weakref import WeakKeyDictionary

TURN_SECONDS: Final = 0.002
"""Time budget of one turn for all waiting work; the piece that passes it is still finished."""


class LoopTurns:
    """The work that waits on one event loop; ``clock`` in seconds."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._call_soon = loop.call_soon
        self._clock = clock
        self._waiting: deque[Callable[[], None]] = deque()
        self._scheduled = False

    def add(self, piece: Callable[[], None]) -> None:
        """Call ``piece`` in a later turn, once; it adds itself again while there is more to do."""
        self._waiting.append(piece)
        self._schedule()

    def _schedule(self) -> None:
        if self._waiting and not self._scheduled:
            self._scheduled = True
            self._call_soon(self._run)

    def _run(self) -> None:
        self._scheduled = False
        until = self._clock() + TURN_SECONDS
        try:
            for _ in range(len(self._waiting)):
                self._waiting.popleft()()
                if self._clock() >= until:
                    break
        finally:
            self._schedule()


_of_loops: WeakKeyDictionary[asyncio.AbstractEventLoop, LoopTurns] = WeakKeyDictionary()


def turns_of(loop: asyncio.AbstractEventLoop) -> LoopTurns:
    """Return what waits on ``loop``: one for all its connections."""
    turns = _of_loops.get(loop)
    if turns is None:
        turns = _of_loops[loop] = LoopTurns(loop)
    return turns
