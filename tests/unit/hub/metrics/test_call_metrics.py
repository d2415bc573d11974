"""Our plain numbers show on the page what the client library's own counters would."""

from __future__ import annotations

import math

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from conduit_widget.hub.metrics.call_metrics import BOUNDS
from conduit_widget.hub.metrics.hub_metrics import OTHER, HubMetrics

SECONDS = [0.0, *BOUNDS, *(math.nextafter(bound, math.inf) for bound in BOUNDS), 11.0, 3600.0]


def _lines(page: bytes, name: str) -> list[str]:
    return [line for line in page.decode().splitlines() if name in line and "_created" not in line]


def test_counts_and_times_show_as_the_librarys_own() -> None:
    """Names, types, labels, buckets (each bound within its own), sums: line for line."""
    library = CollectorRegistry()
    messages = Counter(
        "conduit_signalr_messages",
        "Calls of hub methods (in) and events to a connection (out)",
        ["hub", "method", "direction"],
        registry=library,
    )
    processing = Histogram(
        "conduit_signalr_message_processing_seconds",
        "Time in a hub method",
        ["hub", "method"],
        buckets=BOUNDS,
        registry=library,
    )
    latency = Histogram(
        "conduit_signalr_delivery_latency_seconds",
        "From the first message queued in a tick to the last one written",
        ["hub"],
        buckets=BOUNDS,
        registry=library,
    )
    metrics = HubMetrics()
    meters = {path: metrics.for_hub(path) for path in ("/hubs/chat", "/hubs/st\"at'us")}
    for path, meter in meters.items():
        latency.labels(path)
        for number, seconds in enumerate(SECONDS):
            method = f"Method{number % 3}"
            meter.received(method)
            messages.labels(path, method, "in").inc()
            meter.sent(method, number)
            messages.labels(path, method, "out").inc(number)
            meter.processed(method, seconds)
            processing.labels(path, method).observe(seconds)
            meter.flushed(seconds)
            latency.labels(path).observe(seconds)
    ours, theirs = metrics.render(), generate_latest(library)
    for name in ("messages", "message_processing_seconds", "delivery_latency_seconds"):
        assert len(_lines(theirs, f"conduit_signalr_{name}")) > 6
        assert sorted(_lines(ours, f"conduit_signalr_{name}")) == sorted(
            _lines(theirs, f"conduit_signalr_{name}")
        )


def test_events_of_many_names_share_one_line() -> None:
    """A hub that makes up its events' names does not fill the page, nor the memory."""
    metrics = HubMetrics()
    meter = metrics.for_hub("/hubs/chat")
    for number in range(1000):
        meter.sent(f"Event{number}", 1)
    meter.sent("Event0", 1)
    lines = [line for line in _lines(metrics.render(), "messages_total{") if 'direction="out"' in line]
    assert len(lines) == 65
    [other] = [line for line in lines if f'method="{OTHER}"' in line]
    assert other.endswith(" 936.0")
    [first] = [line for line in lines if 'method="Event0"' in line]
    assert first.endswith(" 2.0")
