"""Log records that strangers can cause at will: one of a kind a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

INTERVAL: Final = 60.0
_MAX_KINDS: Final = 64


class OnceAMinute(logging.Filter):
    """Tells whether the last record of a kind was a minute ago. ``clock`` in seconds.

    As a filter of a logger it lets warnings through by that, and everything else; a warning's kind is the
    message before its arguments are put in.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to log ``record``."""
        return record.levelno != logging.WARNING or self.may_tell(str(record.msg))

    def may_tell(self, kind: str) -> bool:
        """Tell whether to log one more of ``kind`` now; that counts as having done so."""
        now = self._clock()
        told_at = self._told.get(kind)
        if told_at is not None and now - told_at < INTERVAL:
            return False
        if len(self._told) >= _MAX_KINDS:
            self._told.clear()
        self._told[kind] = now
        return True
