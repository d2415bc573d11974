"""What was used within the last minute, in a few dozen numbers however much that was."""

from __future__ import annotations

import math


class SlidingWindow:
    """Adds up amounts of the last ``seconds``. Times go in as seconds of one monotonic clock.

    Amounts are kept in ``slots`` parts of the window: one leaves it up to ``seconds / slots`` late, never
    early.
    """

    def __init__(self, seconds: float = 60.0, slots: int = 60) -> None:
        self._seconds = seconds
        self._width = seconds / slots
        self._slots: dict[int, float] = {}  # the oldest first

    def add(self, amount: float, now: float) -> int:
        """Add an amount; return the place where :meth:`correct` finds it."""
        self._forget(now)
        place = math.floor(now / self._width)
        self._slots[place] = self._slots.get(place, 0.0) + amount
        return place

    def correct(self, place: int, difference: float) -> None:
        """Change what was added at a place, if that is still in the window."""
        if place in self._slots:
            self._slots[place] = max(0.0, self._slots[place] + difference)

    def used(self, now: float) -> float:
        """Return the sum of what is in the window."""
        self._forget(now)
        return sum(self._slots.values())

    def seconds_until(self, allowed: float, now: float) -> float:
        """Return how long it takes until no more than ``allowed`` is in the window: 0 if that is so now.

        Never more than until the window is empty, whatever is allowed.
        """
        self._forget(now)
        kept = 0.0
        for place, amount in reversed(self._slots.items()):
            kept += amount  # added up from the newest, never subtracted: no rest of rounding is waited for
            if kept > allowed:
                return self._leaves_at(place) - now
        return 0.0

    def _leaves_at(self, place: int) -> float:
        return (place + 1) * self._width + self._seconds

    def _forget(self, now: float) -> None:
        gone = [place for place in self._slots if self._leaves_at(place) <= now]
        for place in gone:
            del self._slots[place]
