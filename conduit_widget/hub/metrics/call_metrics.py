"""What is counted at every message, as plain numbers; the client library's families are made when asked for.

Its own counters take a lock each and look through buckets in Python: 7 % of a busy hub's CPU. These belong to
the event loop alone.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

BOUNDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the buckets, in seconds; one more is for what takes longer."""

_PREFIX: Final = "conduit_signalr_"
_NAMES: Final = (*map(str, BOUNDS), "+Inf")


class Times:
    """A histogram of seconds."""

    __slots__ = ("_counts", "_sum")

    def __init__(self) -> None:
        self._counts = [0] * len(_NAMES)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count one."""
        self._counts[bisect_left(BOUNDS, seconds)] += 1
        self._sum += seconds

    def add_to(self, family: HistogramMetricFamily, labels: Iterable[str]) -> None:
        """Put what was counted into a family, under its labels."""
        buckets = list(zip(_NAMES, itertools.accumulate(map(float, self._counts)), strict=True))
        family.add_metric(list(labels), buckets, self._sum)


class HubCalls:
    """The figures of one mounted hub."""

    __slots__ = ("latency", "processing", "received", "sent")

    def __init__(self) -> None:
        self.received: defaultdict[str, int] = defaultdict(int)
        self.sent: defaultdict[str, int] = defaultdict(int)
        self.processing: defaultdict[str, Times] = defaultdict(Times)
        self.latency = Times()


class CallMetrics(Collector):
    """The figures of every mounted hub (label ``hub``: its path)."""

    def __init__(self) -> None:
        self._hubs: dict[str, HubCalls] = {}

    def of(self, hub: str) -> HubCalls:
        """Return a hub's figures, to be counted in."""
        return self._hubs.setdefault(hub, HubCalls())

    def collect(self) -> Iterator[Metric]:
        """Yield the calls and events, the time in hub methods, and the time until all was written."""
        messages = CounterMetricFamily(
            f"{_PREFIX}messages",
            "Calls of hub methods (in) and events to a connection (out)",
            labels=["hub", "method", "direction"],
        )
        processing = HistogramMetricFamily(
            f"{_PREFIX}message_processing_seconds", "Time in a hub method", labels=["hub", "method"]
        )
        latency = HistogramMetricFamily(
            f"{_PREFIX}delivery_latency_seconds",
            "From the first message queued in a tick to the last one written",
            labels=["hub"],
        )
        for hub, calls in self._hubs.items():
            for direction, counts in (("in", calls.received), ("out", calls.sent)):
                for method, count in counts.items():
                    messages.add_metric([hub, method, direction], count)
            for method, times in calls.processing.items():
                times.add_to(processing, [hub, method])
            calls.latency.add_to(latency, [hub])
        yield from (messages, processing, latency)
