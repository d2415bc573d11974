"""Sockets of whom nothing is known yet: they are let be up to a number, then the oldest makes room.

Whoever opens sockets and says nothing needs no token for it. Without an end to their number they would take
all the descriptors of the process, and with those the place of everybody who has one.
"""

from __future__ import annotations

import gc
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from itertools import islice
from typing import Final, Protocol

from conduit_widget.log_rate import OnceAMinute

GRACE: Final = 1.0
"""How long one is let be although there are more than the limit, up to twice as many: who reconnects together
with many others needs a moment to show a token."""
KNOWN: Final = "conduit.known"
"""The key in an ASGI scope's ``state`` by which an application says that it knows whose request it is."""

SWEPT: Final = 64
"""After so many have made room, what they leave is searched for cycles: a hub that waits for fifty
thousand objects (see ``app.interpreter``) would stand still for a tenth of a second and more."""

_logger = logging.getLogger(__name__)


class Stranger(Protocol):
    """One of them."""

    def make_room(self) -> None:
        """Go, at once."""


class Strangers:
    """Those of one server, ``limit`` at most. ``clock`` in seconds."""

    def __init__(self, limit: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._waiting: OrderedDict[Stranger, float] = OrderedDict()  # since when; the oldest first
        self._once = OnceAMinute(clock)
        self._unswept = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, stranger: Stranger) -> None:
        """Let one more be, as the newest; the oldest go when those are too many."""
        self._waiting.pop(stranger, None)
        now = self._clock()
        self._waiting[stranger] = now
        for _ in range(2):  # more than one: those that were let be in their grace
            since = next(iter(self._waiting.values()))
            over = len(self._waiting) - self._limit
            if over <= 0 or (over <= self._limit and now - since < GRACE):
                return
            self.drop(1)
            self._tell()

    def discard(self, stranger: Stranger) -> None:
        """Forget one: it is known now, or gone."""
        self._waiting.pop(stranger, None)

    def drop(self, count: int) -> None:
        """Drop the oldest ``count``."""
        for stranger in list(islice(self._waiting, count)):
            self._waiting.pop(stranger, None)
            stranger.make_room()
            self._unswept += 1
        if self._unswept >= SWEPT:
            self._unswept = 0
            gc.collect(0)

    def _tell(self) -> None:
        if self._once.may_tell("strangers"):
            _logger.warning(
                "More than %d sockets have shown no token: the oldest of them make room.", self._limit
            )
