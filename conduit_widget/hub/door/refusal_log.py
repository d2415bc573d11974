"""Why nobody was let in, for the operator: one line a reason and second at most, however many try."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

from conduit_widget.errors import AuthenticationError

__all__ = ["RefusalLog"]

INTERVAL: Final = 1.0
_MAX_REASONS: Final = 64

logger = logging.getLogger(__name__)


class RefusalLog:
    """Logs the reasons of refused credentials; no part of a credential, no user, no address is in a line.

    A reason is repeated after a second at the earliest, with how many were not told meanwhile.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], list[float]] = {}  # when, and how many since

    def refused(self, where: str, error: AuthenticationError) -> None:
        """Log a refusal at ``where``, a path of the hub's own."""
        reason = error.reason or "nobody here knows it"
        now, key = self._clock(), (where, reason)
        told = self._told.get(key)
        if told is not None and now - told[0] < INTERVAL:
            told[1] += 1
            return
        if told is None and len(self._told) >= _MAX_REASONS:
            self._told.clear()
        self._told[key] = [now, 0]
        more = f" ({told[1]:.0f} more since the last such line)" if told is not None and told[1] else ""
        logger.info("A credential was refused at %s: %s%s", where, reason, more)
