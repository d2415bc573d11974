"""The figures that screens show (rates, percentiles, shares), computed from what a hub counts.

A part of the program that counts something of its own describes its figures in a :class:`FigureSet` and adds
them to the hub's (``HubMetrics.figures.add``).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Literal

import msgspec
from prometheus_client.metrics_core import Metric

Quantile = float | Literal["above"] | None
"""Seconds. None: nothing was timed; "above": it took longer than the largest bound that is told apart."""

Sums = Mapping[str, float]

_SUFFIXES: Final = {"counter": "_total", "histogram": "_count"}


class _Served(msgspec.Struct, frozen=True, rename="camel"):
    """What travels as JSON."""


class Gauge(_Served, frozen=True):
    """What there is now: of all labels together, and by the figure's label where it has one."""

    all: float
    by: dict[str, float] = {}


class Change(_Served, frozen=True):
    """A count since the hub's start, and what is new since the earlier reading (None: there is none)."""

    total: float
    new: float | None = None
    per_second: float | None = None


class Counter(_Served, frozen=True):
    """What only grows: of all labels together, and by the figure's label where it has one."""

    all: Change
    by: dict[str, Change] = {}


class Quantiles(_Served, frozen=True):
    """How long the middle, the slowest twentieth and the slowest hundredth took."""

    p50: Quantile = None
    p95: Quantile = None
    p99: Quantile = None


class Timing(_Served, frozen=True):
    """Quantiles since the earlier reading (``now``) and since the hub's start; ``top``: the largest bound."""

    now: Quantiles
    ever: Quantiles
    top: float


class Share(_Served, frozen=True):
    """One counter as a part of another, from 0; None where the other has counted nothing."""

    now: float | None
    ever: float | None


class Figures(_Served, frozen=True):
    """All figures of one reading, by name; a figure of which the system says nothing is left out.

    ``reading`` names it: whoever asks again with this name gets what is new since. ``seconds`` lie between
    the two readings, None where there was no earlier one.
    """

    reading: str
    started_at: float
    uptime_seconds: float
    seconds: float | None
    gauges: dict[str, Gauge]
    counters: dict[str, Counter]
    timings: dict[str, Timing]
    shares: dict[str, Share]


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples one figure consists of: those of ``family`` with the labels ``where``, but ``without`` one.

    ``by`` is the label whose values are shown one by one, ``without`` the value of it that does not count.
    """

    figure: str
    family: str
    by: str = ""
    where: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    without: str | None = None

    def sums(self, family: Metric, suffix: str, by: str) -> Sums:
        """Add up the values by the label ``by``; a value that is no number is missing."""
        name, sums = family.name + suffix, defaultdict[str, float](float)
        for sample in family.samples:
            label = sample.labels.get(by, "")
            if (
                sample.name == name
                and label != self.without
                and self.where.items() <= sample.labels.items()
                and not math.isnan(sample.value)
            ):
                sums[label] += sample.value
        return sums


@dataclass(frozen=True, slots=True)
class FigureSet:
    """The figures a part of the program has. ``shares``: name, counter, and the counter it is a part of."""

    gauges: tuple[Samples, ...] = ()
    counters: tuple[Samples, ...] = ()
    timings: tuple[Samples, ...] = ()
    shares: tuple[tuple[str, str, str], ...] = ()

    def __add__(self, other: FigureSet) -> FigureSet:
        """Return the figures of both."""
        return FigureSet(
            self.gauges + other.gauges,
            self.counters + other.counters,
            self.timings + other.timings,
            self.shares + other.shares,
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """What was counted ``at`` one moment (monotonic seconds): sums by label, of timings by bound."""

    at: float
    sums: Mapping[str, Sums] = field(default_factory=dict)


_SIGNALR: Final = "conduit_signalr_"

HUB_FIGURES: Final = FigureSet(
    gauges=(
        Samples("connections", f"{_SIGNALR}connections_active", by="hub"),
        Samples("queuedBytes", f"{_SIGNALR}outbound_queue_bytes", by="hub"),
        Samples("memoryBytes", "process_resident_memory_bytes"),
        Samples("openFiles", "process_open_fds"),
    ),
    counters=(
        Samples("received", f"{_SIGNALR}messages", where={"direction": "in"}),
        Samples("sent", f"{_SIGNALR}messages", where={"direction": "out"}),
        Samples("reconnections", f"{_SIGNALR}reconnections"),
        Samples("errors", f"{_SIGNALR}errors", by="kind"),
        Samples("refused", f"{_SIGNALR}connections", by="status", without="accepted"),
        Samples("closes", f"{_SIGNALR}closes", by="reason"),
        Samples("cpuSeconds", "process_cpu_seconds"),
    ),
    timings=(
        Samples("delivery", f"{_SIGNALR}delivery_latency_seconds"),
        Samples("method", f"{_SIGNALR}message_processing_seconds"),
    ),
    shares=(("errors", "errors", "received"),),
)
"""What every hub has, whatever its methods do."""


def read(collected: Iterable[Metric], figures: FigureSet, at: float) -> Reading:
    """Return what the figures need of everything that was ``collected`` just now."""
    families = {family.name: family for family in collected}
    sums: dict[str, Sums] = {}
    for each in (*figures.gauges, *figures.counters):
        if family := families.get(each.family):
            sums[each.figure] = each.sums(family, _SUFFIXES.get(family.type, ""), each.by)
    for each in figures.timings:
        if family := families.get(each.family):
            sums[each.figure] = each.sums(family, "_bucket", "le")
    return Reading(at, sums)


def compare(
    before: Reading | None, after: Reading, figures: FigureSet, *, name: str, started_at: float, uptime: float
) -> Figures:
    """Return the figures of ``after``, with what is new since ``before``."""
    seconds = None if before is None else after.at - before.at
    if before is None or not seconds:
        before = seconds = None

    def found(wanted: Iterable[Samples]) -> Iterator[tuple[Samples, Sums, Sums | None]]:
        for each in wanted:
            if (sums := after.sums.get(each.figure)) is not None:
                yield each, sums, None if before is None else before.sums.get(each.figure, {})

    counters = {
        each.figure: _counter(each, sums, old, seconds) for each, sums, old in found(figures.counters)
    }
    return Figures(
        reading=name,
        started_at=started_at,
        uptime_seconds=uptime,
        seconds=seconds,
        gauges={
            each.figure: Gauge(sum(sums.values()), dict(sums) if each.by else {})
            for each, sums, _ in found(figures.gauges)
            if sums
        },
        counters=counters,
        timings={each.figure: _timing(sums, old) for each, sums, old in found(figures.timings)},
        shares={
            share: _share(counters[part].all, counters[whole].all)
            for share, part, whole in figures.shares
            if {part, whole} <= counters.keys()
        },
    )


def _counter(samples: Samples, sums: Sums, old: Sums | None, seconds: float | None) -> Counter:
    def change(total: float, before: float) -> Change:
        if seconds is None:
            return Change(total)
        return Change(total, total - before, (total - before) / seconds)

    old = old or {}
    by = {label: change(total, old.get(label, 0.0)) for label, total in sums.items()} if samples.by else {}
    return Counter(change(sum(sums.values()), sum(old.values())), by)


def _timing(sums: Sums, old: Sums | None) -> Timing:
    ever = sorted((float(bound), count, bound) for bound, count in sums.items())
    return Timing(
        now=_quantiles(
            [] if old is None else [(bound, count - old.get(label, 0.0)) for bound, count, label in ever]
        ),
        ever=_quantiles([(bound, count) for bound, count, _ in ever]),
        top=max((bound for bound, _, _ in ever if math.isfinite(bound)), default=0.0),
    )


def _quantiles(buckets: Sequence[tuple[float, float]]) -> Quantiles:
    return Quantiles(*(quantile(share, buckets) for share in (0.5, 0.95, 0.99)))


def quantile(share: float, buckets: Sequence[tuple[float, float]]) -> Quantile:
    """Return a quantile of cumulative ``buckets`` (bound, count), on a straight line within its bucket."""
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank = share * buckets[-1][1]
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            return "above" if math.isinf(bound) else low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return "above"


def _share(part: Change, whole: Change) -> Share:
    return Share(
        now=part.new / whole.new if part.new is not None and whole.new else None,
        ever=part.total / whole.total if whole.total else None,
    )
