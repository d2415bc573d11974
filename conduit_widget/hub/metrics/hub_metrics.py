"""Counters with the contract's names; never a user, conversation or connection id as a label.

Every label value comes from the code, but for the targets of events: of those, so many are told apart.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from conduit_widget.contract import CloseCode
from conduit_widget.hub.metrics.call_metrics import CallMetrics
from conduit_widget.hub.metrics.figure_series import FigureSeries
from conduit_widget.hub.metrics.process_metrics import ProcessMetrics

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OTHER: Final = "other"
CONNECTION_STATUSES: Final = (
    "accepted",
    "unauthorized",
    "origin",
    "limit",
    "rate_limit",
    "handshake",
    "unknown_id",
    "draining",
)
"""What becomes of a client that wants to connect (label ``status``)."""

ERROR_KINDS: Final = (
    "refused",
    "unknown_method",
    "too_large",
    "unavailable",
    "unauthorized",
    "rate_limit",
    "timeout",
    "cancelled",
    "protocol",
    "unexpected",
)
"""Refused or failed work (label ``kind``); :meth:`HubMeter.failed` takes further ones."""

_PREFIX: Final = "conduit_signalr_"
_LONG_BUCKETS: Final = (1, 10, 60, 300, 1800, 3600, 14400, 86400)
_RETURN_WINDOW: Final = 60.0
_MAX_REMEMBERED: Final = 10_000
_MAX_DROPS: Final = 64  # of one user
_MAX_TARGETS: Final = 64


class HubMetrics:
    """The metrics of one hub application and its process, on a registry of its own."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
        registry.register(ProcessMetrics())
        self.connections_active = Gauge(
            f"{_PREFIX}connections_active", "Connections open now", ["hub"], registry=registry
        )
        self.connections = Counter(
            f"{_PREFIX}connections", "Connections by outcome", ["hub", "status"], registry=registry
        )
        self.connection_duration = Histogram(
            f"{_PREFIX}connection_duration_seconds",
            "How long connections lived",
            ["hub"],
            buckets=_LONG_BUCKETS,
            registry=registry,
        )
        self.calls = CallMetrics()
        registry.register(self.calls)
        self.reconnections = Counter(
            f"{_PREFIX}reconnections",
            "Connections that came back within a minute of a drop",
            ["hub"],
            registry=registry,
        )
        self.errors = Counter(
            f"{_PREFIX}errors", "Refused or failed work by kind", ["hub", "kind"], registry=registry
        )
        self.outbound_queue = Gauge(
            f"{_PREFIX}outbound_queue_bytes", "Bytes waiting for slow readers", ["hub"], registry=registry
        )
        self.closes = Counter(
            f"{_PREFIX}closes", "Connections the hub closed, by reason", ["hub", "reason"], registry=registry
        )

        self.figures = FigureSeries(registry)

    def for_hub(self, hub: str) -> HubMeter:
        """Return the metrics with their ``hub`` label set (the hub's path)."""
        return HubMeter(self, hub)

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(_WithoutCreated(self.registry))


class _WithoutCreated(Collector):
    """A registry without the times of creation, which double the page and which nobody asks for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Yield every metric with the samples that tell something."""
        for metric in self._registry.collect():
            created = f"{metric.name}_created"
            metric.samples = [sample for sample in metric.samples if sample.name != created]
            yield metric


class HubMeter:
    """One hub's metrics; label lookups are done once, and what has not happened yet is there as 0."""

    def __init__(self, metrics: HubMetrics, hub: str) -> None:
        self._metrics = metrics
        self._hub = hub
        self._calls = metrics.calls.of(hub)
        self._duration = metrics.connection_duration.labels(hub)
        self._reconnections = metrics.reconnections.labels(hub)
        self._dropped: OrderedDict[str, list[float]] = OrderedDict()  # by user: when, not come back yet
        for status in CONNECTION_STATUSES:
            metrics.connections.labels(hub, status)
        for kind in ERROR_KINDS:
            metrics.errors.labels(hub, kind)
        for code in CloseCode:
            metrics.closes.labels(hub, code.name.lower())

    def watch(self, connections: Callable[[], float], queued_bytes: Callable[[], float]) -> None:
        """Ask these for the open connections and the outbound queue whenever the metrics are read."""
        self._metrics.connections_active.labels(self._hub).set_function(connections)
        self._metrics.outbound_queue.labels(self._hub).set_function(queued_bytes)

    def opened(self, user_id: str) -> None:
        """Count a connection whose handshake is done."""
        self._metrics.connections.labels(self._hub, "accepted").inc()
        times = self._dropped.get(user_id)
        if times is None:
            return
        if time.monotonic() - times.pop() < _RETURN_WINDOW:
            self._reconnections.inc()
        else:
            times.clear()
        if not times:
            del self._dropped[user_id]

    def resumed(self) -> None:
        """Count a connection that goes on over another transport after a cut (stateful reconnect)."""
        self._reconnections.inc()

    def refused(self, status: str) -> None:
        """Count a connection that was not let in: one of :data:`CONNECTION_STATUSES`."""
        self._metrics.connections.labels(self._hub, status).inc()

    def ended(self, user_id: str, seconds: float, dropped: bool) -> None:
        """Count a connection that is over; ``dropped``: not by its own will."""
        self._duration.observe(seconds)
        if dropped:
            times = self._dropped.setdefault(user_id, [])
            del times[: len(times) + 1 - _MAX_DROPS]
            times.append(time.monotonic())
            self._dropped.move_to_end(user_id)
            if len(self._dropped) > _MAX_REMEMBERED:
                self._dropped.popitem(last=False)

    def closed(self, code: CloseCode) -> None:
        """Count a connection the hub closes."""
        self._metrics.closes.labels(self._hub, code.name.lower()).inc()

    def received(self, method: str) -> None:
        """Count an invocation; ``method`` is a declared name or ``unknown``."""
        self._calls.received[method] += 1

    def sent(self, target: str, count: int) -> None:
        """Count an event queued for ``count`` connections."""
        sent = self._calls.sent
        sent[target if target in sent or len(sent) < _MAX_TARGETS else OTHER] += count

    def processed(self, method: str, seconds: float) -> None:
        """Observe a finished hub method."""
        self._calls.processing[method].observe(seconds)

    def failed(self, kind: str) -> None:
        """Count refused or failed work: one of :data:`ERROR_KINDS`, or another fixed word."""
        self._metrics.errors.labels(self._hub, kind).inc()

    def flushed(self, seconds: float) -> None:
        """Observe how long a tick's messages waited."""
        self._calls.latency.observe(seconds)
