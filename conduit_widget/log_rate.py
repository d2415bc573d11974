"""Log records that clients can cause at will: one of a kind a minute, or a number of them."""

from __future__ import annotations

import logging
import math
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

INTERVAL: Final = 60.0
_MAX_KINDS: Final = 64


class OnceAMinute(logging.Filter):
    """Allows one record of a kind a minute. ``clock`` returns seconds.

    As a filter of a logger it lets warnings through by that, and everything else; a warning's kind is the
    message before its arguments are put in.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to log ``record``."""
        return record.levelno != logging.WARNING or self.may_tell(str(record.msg))

    def may_tell(self, kind: str) -> bool:
        """Return whether to log one more of ``kind`` now, and count it as logged if so."""
        now = self._clock()
        told_at = self._told.get(kind)
        if told_at is not None and now - told_at < INTERVAL:
            return False
        if len(self._told) >= _MAX_KINDS:
            self._told.clear()
        self._told[kind] = now
        return True


class LinesPerMinute:
    """Counts the log lines of each kind (a user, say) in the present minute. ``clock`` returns seconds.

    What is over ``limit`` is to be left out until the minute ends; so is what is over ten times ``limit`` of
    all kinds together, which bounds what is remembered.
    """

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.limit = limit
        self._clock = clock
        self._began = -math.inf
        self._lines: Counter[str] = Counter()
        self._total = 0

    def left(self, kind: str) -> int:
        """Count a line of ``kind``; return how many it had left with this one (0: do not log it)."""
        now = self._clock()
        if now - self._began >= INTERVAL:
            self._began = now
            self._lines.clear()
            self._total = 0
        left = min(self.limit - self._lines[kind], 10 * self.limit - self._total)
        if left > 0:
            self._lines[kind] += 1
            self._total += 1
        return max(left, 0)
