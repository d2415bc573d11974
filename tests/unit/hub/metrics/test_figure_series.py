"""Several readers of one hub's figures: each gets what is new since its own last reading."""

from __future__ import annotations

import time

import msgspec
import pytest

from conduit_widget.hub.metrics.figure_series import MAX_READINGS, FigureSeries
from conduit_widget.hub.metrics.figures import Figures
from conduit_widget.hub.metrics.hub_metrics import HubMetrics


class WatchedHub:
    """A hub that counts calls, on a clock of its own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        metrics = HubMetrics()
        self.series: FigureSeries = metrics.figures
        self._meter = metrics.for_hub("/hub")

    def after(self, seconds: float, calls: int = 0) -> WatchedHub:
        for _ in range(calls):
            self._meter.received("Method")
        self.now += seconds
        return self


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> WatchedHub:
    """A hub nobody has asked yet."""
    return WatchedHub(monkeypatch)


def _new(figures: Figures) -> tuple[float | None, float | None, float | None]:
    received = figures.counters["received"].all
    return figures.seconds, received.new, received.per_second


def test_readers_at_different_intervals_get_right_rates(hub: WatchedHub) -> None:
    """Each names its own last reading; a first one, and one of another hub, get totals only."""
    slow = fast = hub.after(1, calls=5).series.since("")
    assert _new(slow) == (None, None, None)
    assert slow.counters["received"].all.total == 5
    assert slow.uptime_seconds == 1.0
    for _ in range(10):
        fast = hub.after(1, calls=2).series.since(fast.reading)
        assert _new(fast) == (1.0, 2.0, 2.0)
    slow = hub.series.since(slow.reading)
    assert _new(slow) == (10.0, 20.0, 2.0)
    for unknown in ("1", "other-1", slow.reading + "x", slow.reading + "9" * 5000):
        assert _new(hub.after(1).series.since(unknown)) == (None, None, None)


def test_asked_twice_at_once_reads_once(hub: WatchedHub) -> None:
    """Many readers cost no more than one, and drive out nobody's reading."""
    first = hub.after(1).series.since("")
    assert hub.after(0.01, calls=1).series.since("").reading == first.reading
    assert _new(hub.series.since(first.reading)) == (None, None, None)
    assert _new(hub.after(1).series.since(first.reading))[1] == 1


def test_readings_are_bounded_and_old_ones_stand_farther_apart(hub: WatchedHub) -> None:
    """After a thousand readings of others an old one is still answered, from one hardly older."""
    readings = []
    for _ in range(1000):
        readings.append((hub.now, hub.after(1, calls=3).series.since("").reading))
    assert len({hub.series.since(reading).seconds for _, reading in readings}) <= MAX_READINGS
    for _, reading in readings[:-1]:
        seconds, new, rate = _new(hub.series.since(reading))
        assert seconds
        assert new
        assert rate == pytest.approx(3.0)
    for age in (2, 10, 60, 600):
        seconds = hub.series.since(readings[-1 - age][1]).seconds
        assert seconds == pytest.approx(age, rel=0.15)


def test_last_minute_is_told_as_far_as_it_is_known(hub: WatchedHub) -> None:
    """Since the start at first, then over the minute; after a silence since the reading before it."""
    assert _new(hub.after(10, calls=5).series.over(60)) == (10.0, 5.0, 0.5)
    for _ in range(30):
        figures = hub.after(5, calls=10).series.over(60)
    assert _new(figures) == (60.0, 120.0, 2.0)
    assert _new(hub.after(3600, calls=36).series.over(60)) == (3600.0, 36.0, 0.01)


def test_figures_travel_as_json(hub: WatchedHub) -> None:
    """What is served reads back as it was; names are in camel case."""
    figures = hub.after(1, calls=2).series.over(60)
    wire = msgspec.json.encode(figures)
    assert msgspec.json.decode(wire, type=Figures) == figures
    assert b'"uptimeSeconds":1.0' in wire
    assert b'"perSecond":2.0' in wire
