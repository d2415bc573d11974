"""The figures of synthetic samples: rates and counts between two readings, quantiles, shares."""

from __future__ import annotations

import math
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from conduit_widget.hub.metrics.figures import (
    HUB_FIGURES,
    Change,
    Figures,
    FigureSet,
    Quantiles,
    Reading,
    Samples,
    compare,
    quantile,
    read,
)


class CountingHub:
    """A hub's metrics, and readings of them at made-up times."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        name = "conduit_signalr_"
        self.messages = Counter(f"{name}messages", "m", ["hub", "direction"], registry=registry)
        self.errors = Counter(f"{name}errors", "e", ["hub", "kind"], registry=registry)
        self.connections = Counter(f"{name}connections", "c", ["hub", "status"], registry=registry)
        self.active = Gauge(f"{name}connections_active", "a", ["hub"], registry=registry)
        self.delivery = Histogram(
            f"{name}delivery_latency_seconds", "d", ["hub"], buckets=(0.1, 0.2), registry=registry
        )
        self.cpu = Counter("process_cpu_seconds", "p", registry=registry)

    def read(self, at: float) -> Reading:
        return read(self.registry.collect(), HUB_FIGURES, at)

    def since(self, before: Reading | None, at: float) -> Figures:
        return compare(before, self.read(at), HUB_FIGURES, name="r", started_at=1000.0, uptime=at)


def test_rates_and_quantiles_are_of_what_came_between_the_readings() -> None:
    """Sums over hubs, divided by the time between; quantiles on a line within their bucket."""
    hub = CountingHub()
    hub.messages.labels("/a", "in").inc(10)
    for _ in range(1000):
        hub.delivery.labels("/a").observe(0.05)
    before = hub.read(5.0)
    for path in ("/a", "/b"):
        hub.messages.labels(path, "in").inc(10)
        hub.errors.labels(path, "refused").inc(2)
    hub.messages.labels("/a", "out").inc(30)
    hub.active.labels("/a").set(2)
    hub.active.labels("/b").set(1)
    hub.connections.labels("/a", "accepted").inc(3)
    hub.connections.labels("/a", "limit").inc()
    hub.cpu.inc(1)
    for _ in range(100):
        hub.delivery.labels("/b").observe(0.15)
    figures = hub.since(before, 7.0)
    assert figures.seconds == 2.0
    assert figures.counters["received"].all == Change(30.0, 20.0, 10.0)
    assert figures.counters["sent"].all == Change(30.0, 30.0, 15.0), "counted from zero where it appears"
    assert figures.gauges["connections"].all == 3.0
    assert figures.gauges["connections"].by == {"/a": 2.0, "/b": 1.0}
    assert figures.counters["errors"].by == {"refused": Change(4.0, 4.0, 2.0)}
    assert figures.counters["refused"].all == Change(1.0, 1.0, 0.5), "those let in are not refused"
    assert figures.counters["cpuSeconds"].all.per_second == 0.5
    assert figures.shares["errors"].now == pytest.approx(4 / 20)
    assert figures.shares["errors"].ever == pytest.approx(4 / 30)
    delivery = figures.timings["delivery"]
    assert delivery.now.p50 == pytest.approx(0.15)
    assert delivery.now.p95 == pytest.approx(0.195)
    assert delivery.ever.p50 == pytest.approx(0.055)
    assert delivery.top == 0.2


def test_first_reading_knows_totals_and_nothing_of_now() -> None:
    """Neither without an earlier reading, nor where no time has passed since."""
    hub = CountingHub()
    hub.messages.labels("/a", "in").inc(5)
    hub.delivery.labels("/a").observe(0.05)
    for before in (None, hub.read(3.0)):
        figures = hub.since(before, 3.0)
        assert figures.seconds is None
        assert figures.counters["received"].all == Change(5.0)
        assert figures.shares["errors"].now is None
        assert figures.timings["delivery"].now == Quantiles()
        assert figures.timings["delivery"].ever.p50 == pytest.approx(0.05)


def test_what_the_system_does_not_tell_is_left_out() -> None:
    """No memory where there is no /proc, no number where a gauge gives none."""
    hub = CountingHub()
    hub.active.labels("/a").set(math.nan)
    figures = hub.since(None, 1.0)
    assert figures.gauges == {}
    assert "reconnections" not in figures.counters


def test_other_parts_add_figures_of_their_own() -> None:
    """A histogram's observations are counted by any of its labels, an empty one too."""
    registry = CollectorRegistry()
    work = Histogram("work_seconds", "w", ["outcome"], registry=registry)
    work.labels("").observe(1)
    work.labels("failed").observe(2)
    figures = FigureSet(counters=(Samples("done", "work_seconds", by="outcome"),))
    both = HUB_FIGURES + figures
    shown = compare(None, read(registry.collect(), both, 1.0), both, name="r", started_at=0.0, uptime=1.0)
    assert shown.counters["done"].all.total == 2.0
    assert shown.counters["done"].by == {"": Change(1.0), "failed": Change(1.0)}


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        ([], None),
        ([(1.0, 0.0), (math.inf, 0.0)], None),
        ([(1.0, 0.0), (math.inf, 5.0)], "above"),
        ([(1.0, 5.0), (math.inf, 5.0)], 0.5),
        ([(1.0, 0.0), (3.0, 10.0), (math.inf, 10.0)], 2.0),
    ],
)
def test_median_lies_on_a_line_within_its_bucket(buckets: Any, expected: Any) -> None:
    """Nothing timed has none; above the largest bound only that is known."""
    assert quantile(0.5, buckets) == expected
