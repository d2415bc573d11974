"""Warnings that strangers can cause at will: one of a kind a minute."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

INTERVAL: Final = 60.0
_MAX_KINDS: Final = 64


class OnceAMinute(logging.Filter):
    """Lets a warning through when the last of its kind was a minute ago; everything else passes.

    A kind is the message before its arguments are put in. ``clock`` in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to log ``record``."""
        if record.levelno != logging.WARNING:
            return True
        now, kind = self._clock(), str(record.msg)
        told_at = self._told.get(kind)
        if told_at is not None and now - told_at < INTERVAL:
            return False
        if len(self._told) >= _MAX_KINDS:
            self._told.clear()
        self._told[kind] = now
        return True
