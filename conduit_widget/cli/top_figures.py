"""What ``conduit-widget top`` shows, computed from two readings of ``/metrics``; no input or output."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

__all__ = ["Change", "Figures", "Latency", "Scrape", "compare", "parse", "sparkline"]

_PREFIX: Final = "conduit_signalr_"
_CUMULATIVE: Final = ("_total", "_bucket", "_count")
_STARTED: Final = "process_start_time_seconds"
_BLOCKS: Final = "▁▂▃▄▅▆▇█"

Key = tuple[str, frozenset[tuple[str, str]]]


@dataclass(frozen=True)
class Scrape:
    """One reading: samples by name and labels, taken ``at`` (monotonic seconds)."""

    at: float
    samples: dict[Key, float]

    def sum(self, name: str) -> float | None:
        """Return the sum over all labels; None where there is no such sample."""
        found = [value for (each, _), value in self.samples.items() if each == name]
        return sum(found) if found else None

    def by(self, name: str, label: str, **wanted: str) -> dict[str, float]:
        """Return sums by the values of one label, of the samples that have the ``wanted`` ones."""
        sums: defaultdict[str, float] = defaultdict(float)
        for (each, labels), value in self.samples.items():
            if each == name and labels >= set(wanted.items()):
                sums[dict(labels).get(label, "")] += value
        return dict(sums)


@dataclass(frozen=True)
class Change:
    """A counter: since the hub's start, and between the readings (None: not known yet)."""

    total: float
    now: float | None


@dataclass(frozen=True)
class Latency:
    """Quantiles in seconds; None: nothing was measured, infinite: above the largest bucket."""

    p50: float | None
    p95: float | None


@dataclass(frozen=True)
class Figures:
    """What is shown; rates (``received``, ``sent``, ``failed``: ``now``) are per second."""

    connections: dict[str, float]
    received: Change
    sent: Change
    latency: dict[str, tuple[Latency, Latency]]
    """Between the readings, and since the start; by what was timed."""
    queued_bytes: float
    reconnections: Change
    recoveries: dict[str, Change]
    failed: Change
    """All errors together."""
    errors: dict[str, Change]
    refused: dict[str, Change]
    """Connections that were not let in, by the reason."""
    closes: dict[str, Change]
    generations: float
    memory_bytes: float | None
    cpu: float | None
    """Processor seconds a second."""


def parse(text: str, at: float) -> Scrape:
    """Read Prometheus' text format.

    Raises:
        ValueError: it is not that, or not a hub's.

    """
    samples: dict[Key, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            samples[sample.name, frozenset(sample.labels.items())] = float(sample.value)
    if not any(name.startswith(_PREFIX) for name, _ in samples):
        raise ValueError("These are not the metrics of a hub.")
    return Scrape(at, samples)


def compare(before: Scrape | None, after: Scrape) -> Figures:
    """Return the figures; without ``before``, or after a restart in between, nothing is known of now."""
    if before is not None and (after.at <= before.at or _restarted(before, after)):
        before = None
    elapsed = after.at - before.at if before is not None else 0.0

    def change(name: str) -> Change:
        total = after.sum(name) or 0.0
        return Change(total, None if before is None else total - (before.sum(name) or 0.0))

    def changes(name: str, label: str, **wanted: str) -> dict[str, Change]:
        old = {} if before is None else before.by(name, label, **wanted)
        return {
            value: Change(total, None if before is None else total - old.get(value, 0.0))
            for value, total in after.by(name, label, **wanted).items()
        }

    def rate(found: Change) -> Change:
        return Change(found.total, None if found.now is None else found.now / elapsed)

    def flow(direction: str) -> Change:
        found = changes(f"{_PREFIX}messages_total", "direction", direction=direction).get(direction)
        return rate(found or Change(0.0, None if before is None else 0.0))

    cpu = change("process_cpu_seconds_total").now
    return Figures(
        connections=after.by(f"{_PREFIX}connections_active", "hub"),
        received=flow("in"),
        sent=flow("out"),
        latency={
            what: (
                _latency(name, before, after) if before else Latency(None, None),
                _latency(name, None, after),
            )
            for what, name in (
                ("delivery", f"{_PREFIX}delivery_latency_seconds"),
                ("method", f"{_PREFIX}message_processing_seconds"),
                ("first chunk", "gen_ai_client_operation_time_to_first_chunk_seconds"),
            )
        },
        queued_bytes=after.sum(f"{_PREFIX}outbound_queue_bytes") or 0.0,
        reconnections=change(f"{_PREFIX}reconnections_total"),
        recoveries=changes(f"{_PREFIX}recoveries_total", "result"),
        failed=rate(change(f"{_PREFIX}errors_total")),
        refused={
            status: count
            for status, count in changes(f"{_PREFIX}connections_total", "status").items()
            if status != "accepted"
        },
        errors=changes(f"{_PREFIX}errors_total", "kind"),
        closes=changes(f"{_PREFIX}closes_total", "reason"),
        generations=after.sum("conduit_chat_generations_active") or 0.0,
        memory_bytes=after.sum("process_resident_memory_bytes"),
        cpu=None if cpu is None or after.sum("process_cpu_seconds_total") is None else cpu / elapsed,
    )


def _restarted(before: Scrape, after: Scrape) -> bool:
    """Whether another process answered: it started at another time, or something was counted down."""
    if before.sum(_STARTED) != after.sum(_STARTED):
        return True
    return any(
        after.samples.get(key, 0.0) < value
        for key, value in before.samples.items()
        if key[0].endswith(_CUMULATIVE)
    )


def _latency(name: str, before: Scrape | None, after: Scrape) -> Latency:
    old = {} if before is None else before.by(f"{name}_bucket", "le")
    new = after.by(f"{name}_bucket", "le")
    buckets = sorted((float(bound), count - old.get(bound, 0.0)) for bound, count in new.items())
    return Latency(_quantile(0.5, buckets), _quantile(0.95, buckets))


def _quantile(share: float, buckets: Sequence[tuple[float, float]]) -> float | None:
    """Return a quantile of cumulative buckets, on a straight line within its bucket."""
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank = share * buckets[-1][1]
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            if math.isinf(bound):
                return math.inf
            return low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return math.inf


def sparkline(values: Sequence[float | None]) -> str:
    """Draw values from 0 to their largest, one character each; None is a gap."""
    top = max((value for value in values if value is not None), default=0.0)
    last = len(_BLOCKS) - 1
    return "".join(
        " " if value is None else _BLOCKS[round(last * value / top) if top > 0 else 0] for value in values
    )
