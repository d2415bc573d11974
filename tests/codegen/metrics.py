"""Writes ``notebooks/reference/metrics.md``: every metric of a hub, as its page says it."""

from __future__ import annotations

from typing import Final

from prometheus_client.metrics import MetricWrapperBase

from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.outcome import CHUNK_TIME_BOUNDS, ChunkTimes, GenerationOutcome
from conduit_widget.types import ProviderStatus, RateLimit

_HEAD: Final = """\
# Metrics

What `GET /metrics` of a hub shows, in Prometheus' text format; made by `python -m tests.codegen`. Names that
begin with `gen_ai_` mean what OpenTelemetry's conventions for generative AI say. Times are in seconds. No
label names a user, a conversation or a connection, and no label takes more than a bounded number of values.

The three clocks of an answer are kept apart:

| clock | from, to | where |
| --- | --- | --- |
| provider | the request to the first chunk | `gen_ai_client_operation_time_to_first_chunk_seconds` |
| hub | a chunk's arrival to its sending | `conduit_chat_flush_seconds` |
| view | the sending to the paint | kept by the widget, not by the hub |

| metric | type | labels | what it says |
| --- | --- | --- | --- |
"""
_LEFT_OUT: Final = ("python_", "process_")
_BOUNDS: Final = frozenset({"le", "quantile"})


def metrics_table() -> str:
    """Return the text of ``metrics.md``."""
    hub = HubMetrics()
    metrics = ChatMetrics(hub)
    _record_one_of_each(metrics)
    own = {name: collector for collector, names in hub.registry._collector_to_names.items() for name in names}
    rows = []
    for family in hub.registry.collect():
        if family.name.startswith(_LEFT_OUT):
            continue
        labels = {label for sample in family.samples for label in sample.labels} - _BOUNDS
        labels |= set(getattr(family, "_labelnames", ()))
        collector = own.get(family.name)
        if isinstance(collector, MetricWrapperBase):
            labels |= set(collector._labelnames)
        name = family.name + ("_total" if family.type == "counter" else "")
        shown = ", ".join(f"`{label}`" for label in sorted(labels))
        rows.append(f"| `{name}` | {family.type} | {shown} | {family.documentation}. |")
    return _HEAD + "\n".join(sorted(rows)) + "\n"


def _record_one_of_each(metrics: ChatMetrics) -> None:
    """Record an answer, so that metrics that make their labels as they go have some."""
    times = ChunkTimes((1, *[0] * len(CHUNK_TIME_BOUNDS)), 0.001)
    outcome = GenerationOutcome(
        provider="acme", model="m", duration=1.0, chunk_times=times, flush_times=times, prompt_tokens=1
    )
    metrics.record(outcome, ["m"], Price(input=1, output=1))
    limit = RateLimit(limit=10, remaining=5, percentage_used=50.0)
    status = ProviderStatus(provider="acme", state="healthy", rate_limit={"requests": limit})
    metrics.watch(lambda: [status])
