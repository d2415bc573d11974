"""What ``/figures`` serves: the figures of this moment, with what is new since a reading its reader names."""

from __future__ import annotations

import secrets
import time
from typing import Final

from prometheus_client.registry import Collector

from conduit_widget.hub.metrics.figures import HUB_FIGURES, Figures, FigureSet, Reading, compare, read

MAX_READINGS: Final = 120
MAX_DIGITS: Final = 18
SHORTEST: Final = 0.05
"""Seconds between two readings; who asks sooner gets the last one once more."""


class FigureSeries:
    """The last readings of a hub's metrics; one is taken when somebody asks, and none while nobody does.

    Each answer names its reading. A reader that asks again names the one it had, and gets what is new since
    exactly then, whatever other readers do. Of more than ``MAX_READINGS`` the one goes that is missed least:
    old ones stand ever farther apart, and a reader who names one that went gets what is new since the next
    older one. The first reading is the hub's start, where nothing was counted yet.

        first = series.since("")
        later = series.since(first.reading)
        later.counters["received"].all.per_second
    """

    def __init__(self, metrics: Collector) -> None:
        self._metrics = metrics
        self._figures = HUB_FIGURES
        self._process = secrets.token_hex(4)
        self._started_at = time.time()
        self._count = 0
        self._readings = {0: Reading(time.monotonic())}

    def add(self, figures: FigureSet) -> None:
        """Show further figures, of metrics in the same registry."""
        self._figures += figures

    def since(self, reading: str) -> Figures:
        """Return the figures, with what is new since ``reading``; totals only where that is unknown."""
        self._take()
        process, _, number = reading.partition("-")
        if process != self._process or not number.isdecimal() or len(number) > MAX_DIGITS:
            return self._compared(None)
        return self._compared(max((known for known in self._readings if known <= int(number)), default=None))

    def over(self, seconds: float) -> Figures:
        """Return the figures, with what is new within the last ``seconds``, as far as readings tell.

        Where none was taken in that time, the latest one before counts: ``Figures.seconds`` says how long
        ago that was.
        """
        self._take()
        *earlier, now = self._readings
        begin = self._readings[now].at - seconds
        within = (number for number in earlier if self._readings[number].at >= begin)
        return self._compared(next(within, earlier[-1]))

    def _take(self) -> None:
        now = time.monotonic()
        if self._count and now - self._readings[self._count].at < SHORTEST:
            return
        self._count += 1
        self._readings[self._count] = read(self._metrics.collect(), self._figures, now)
        if len(self._readings) > MAX_READINGS:
            del self._readings[self._least_missed()]

    def _least_missed(self) -> int:
        """Return the number of the reading whose absence leaves the smallest gap for its age."""
        numbers = list(self._readings)
        times = [reading.at for reading in self._readings.values()]
        gaps = {
            numbers[index]: (times[index + 1] - times[index - 1]) / (times[-1] - times[index])
            for index in range(1, len(numbers) - 1)
        }
        return min(gaps, key=gaps.__getitem__)

    def _compared(self, number: int | None) -> Figures:
        before = None if number is None else self._readings[number]
        after = self._readings[self._count]
        return compare(
            before,
            after,
            self._figures,
            name=f"{self._process}-{self._count}",
            started_at=self._started_at,
            uptime=after.at - self._readings[0].at,
        )
