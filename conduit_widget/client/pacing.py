"""Keeping within what a hub allows: joins spaced over a connection, waiting after a refusal for the rate."""

from __future__ import annotations

import asyncio
import random
from typing import Final

from conduit_widget.contract import INVOCATION_BURST, INVOCATIONS_PER_SECOND, ErrorText

JOIN_BURST: Final = INVOCATION_BURST // 2
JOINS_PER_SECOND: Final = INVOCATIONS_PER_SECOND * 0.75
MAX_WAIT: Final = 10.0
MAX_BACK_OFF: Final = 30.0


class JoinPace:
    """Spaces the joins and resumes of one connection: half the hub's burst at once, then below its rate.

    A hundred conversations come back within six seconds that way, and messages find room between them.
    """

    def __init__(self) -> None:
        self._due = 0.0

    async def turn(self) -> None:
        """Wait until one more join may go, ten seconds at most."""
        now = asyncio.get_running_loop().time()
        earliest = now - (JOIN_BURST - 1) / JOINS_PER_SECOND
        self._due = min(max(self._due + 1.0 / JOINS_PER_SECOND, earliest), now + MAX_WAIT)
        if self._due > now:
            await asyncio.sleep(self._due - now)


class BackOff:
    """How long to wait after a refusal: ``first`` seconds, doubled each time up to ``longest``; jittered."""

    def __init__(self, first: float, longest: float = MAX_BACK_OFF) -> None:
        self._first = first
        self._longest = longest
        self.refusals = 0

    def refused(self) -> float:
        """Note a refusal; return how many seconds to wait."""
        delay = min(self._longest, self._first * 2.0**self.refusals)
        self.refusals = min(self.refusals + 1, 16)
        return delay * random.uniform(1.0, 1.5)  # noqa: S311 - jitter

    def reset(self) -> None:
        """Note that it was accepted."""
        self.refusals = 0


def is_rate_refusal(error: Exception) -> bool:
    """Tell whether the hub refused because too much was asked of it."""
    return str(error).startswith(ErrorText.RATE_LIMIT)
