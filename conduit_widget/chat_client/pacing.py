"""Keeping within what a hub allows: joins spaced over a connection, waiting after a refusal for the rate."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import Final

from conduit_widget.back_off import BackOff
from conduit_widget.contract import INVOCATION_BURST, INVOCATIONS_PER_SECOND, ErrorText

JOIN_BURST: Final = INVOCATION_BURST // 2
JOIN_SHARE: Final = 0.75
JOINS_PER_SECOND: Final = INVOCATIONS_PER_SECOND * JOIN_SHARE
FIRST_REST: Final = 2.0
MAX_WAIT: Final = 10.0
LONGEST_REST: Final = 30.0

_logger = logging.getLogger(__name__)


class JoinPace:
    """Spaces the joins and resumes of one connection: half the hub's burst at once, then below its rate.

    A hundred conversations come back within six seconds that way, and messages find room between them. A
    refusal for the rate makes all of them wait, once.
    """

    def __init__(self, first_rest: float = FIRST_REST) -> None:
        self._due = 0.0
        self._rate = JOINS_PER_SECOND
        self._voided = asyncio.Event()  # set, and replaced, when turns given out are void
        self._rests_until = 0.0
        self._back_off = BackOff(first_rest, LONGEST_REST)

    def allow(self, invocations_per_second: float) -> None:
        """Keep below the rate that the hub has told; a higher one also shortens the waits under way."""
        if not math.isfinite(invocations_per_second) or invocations_per_second <= 0:
            return
        rate = invocations_per_second * JOIN_SHARE
        if rate > self._rate:
            self._void_turns()
        self._rate = rate

    async def turn(self) -> None:
        """Wait until one more join may go, ten seconds at most, or as long as the hub wants us to rest."""
        voided, due = self._voided, self._next_due()
        while (left := due - asyncio.get_running_loop().time()) > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(voided.wait(), left)
            if voided.is_set():
                voided, due = self._voided, self._next_due()

    def _void_turns(self) -> None:
        """Have everybody who waits take a turn again."""
        self._due = 0.0
        self._voided.set()
        self._voided = asyncio.Event()

    def _next_due(self) -> float:
        now = asyncio.get_running_loop().time()
        earliest = max(now, self._rests_until) - (JOIN_BURST - 1) / self._rate
        latest = max(now, self._rests_until) + MAX_WAIT
        self._due = min(max(self._due + 1.0 / self._rate, earliest), latest)
        return max(self._due, self._rests_until)

    def refused_for_rate(self) -> float:
        """Note a refusal; return how many seconds everybody rests."""
        now = asyncio.get_running_loop().time()
        if now >= self._rests_until:
            delay = self._back_off.next_delay()
            self._rests_until = now + delay
            self._void_turns()
            _logger.info("The hub takes no more joins for the moment; going on in %.0f s.", delay)
        return self._rests_until - now

    def accepted(self) -> None:
        """Note that a join was taken."""
        if asyncio.get_running_loop().time() >= self._rests_until:
            self._back_off.reset()


def is_rate_refusal(error: Exception) -> bool:
    """Tell whether the hub refused because too much was asked of it."""
    return str(error).startswith(ErrorText.RATE_LIMIT)
