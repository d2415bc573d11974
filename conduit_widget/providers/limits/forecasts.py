"""When something will be used up if it goes on like this."""

from __future__ import annotations

from typing import Final, NamedTuple

HORIZON: Final = 3600.0
"""Seconds: what a minute's use says of later than that is worth nothing."""
_SPAN: Final = 60.0
_SHORTEST: Final = 1.0
_READINGS: Final = 12


class _Reading(NamedTuple):
    at: float
    remaining: float


class Forecast:
    """A short series of what remained, over the last minute. Times are seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._readings: list[_Reading] = []

    def add(self, remaining: float, now: float) -> None:
        """Note what remains now; of readings that come thick and fast only some are kept."""
        readings = self._readings
        if len(readings) > 1 and now - readings[-2].at < _SPAN / _READINGS:
            readings.pop()
        readings.append(_Reading(now, remaining))
        self._forget(now)

    def clear(self) -> None:
        """Begin anew: all has come back."""
        self._readings.clear()

    def seconds(self, now: float) -> float | None:
        """Return in how many seconds nothing remains at the present rate.

        None while that is unknown (fewer than two readings a second apart), while nothing is being used up,
        and for what is further off than an hour.
        """
        self._forget(now)
        if len(self._readings) < 2:
            return None
        first, last = self._readings[0], self._readings[-1]
        elapsed, used = last.at - first.at, first.remaining - last.remaining
        if elapsed < _SHORTEST or used <= 0 or last.remaining * elapsed > used * HORIZON:
            return None
        return max(0.0, max(0.0, last.remaining) * elapsed / used - (now - last.at))

    def _forget(self, now: float) -> None:
        while self._readings and now - self._readings[0].at > _SPAN:
            del self._readings[0]
