"""How long to wait before the next attempt: longer after each failure, and never all clients at once."""

from __future__ import annotations

import random
from collections.abc import Callable


def jittered(
    delay: float, share: float = 0.5, *, at_least: float = 0.0, draw: Callable[[], float] = random.random
) -> float:
    """Return ``delay`` seconds lengthened by a random part of ``share * delay``, or of ``at_least`` seconds.

    So clients that were cut off together do not come back together. ``draw`` returns a number from 0 to 1.
    """
    return delay + draw() * max(delay * share, at_least)


class BackOff:
    """The waits of one series of attempts: ``first`` seconds, doubled each time up to ``longest``, jittered.

    ::

        back_off = BackOff(0.5, longest=30.0)
        while not await attempt():
            await asyncio.sleep(back_off.next_delay())
        back_off.reset()

    """

    def __init__(self, first: float, longest: float, *, jitter: float = 0.5) -> None:
        self._first = first
        self._longest = longest
        self._jitter = jitter
        self.failures = 0

    def next_delay(self) -> float:
        """Count a failure and return how many seconds to wait before the next attempt."""
        delay = min(self._longest, self._first * 2.0 ** min(self.failures, 32))
        self.failures += 1
        return jittered(delay, self._jitter)

    def reset(self) -> None:
        """Start again with ``first`` seconds: an attempt succeeded."""
        self.failures = 0
