"""How fast a kernel sends files to its views.

Jupyter Server drops what a kernel sends beyond a million bytes a second, silently and whatever it is: tokens
too. What is left is for them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

BYTES_PER_SECOND: Final = 700_000.0
BURST_BYTES: Final = 1_000_000.0


class Pace:
    """A token bucket for one process; ``clock`` returns seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._free_at = float("-inf")

    def delay(self, size: int) -> float:
        """Take ``size`` bytes; return how many seconds to wait before they may be sent."""
        now = self._clock()
        self._free_at = max(self._free_at, now - BURST_BYTES / BYTES_PER_SECOND) + size / BYTES_PER_SECOND
        return max(self._free_at - now, 0.0)
