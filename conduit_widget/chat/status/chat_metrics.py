"""What the chat counts: recoveries, and the model's work under OpenTelemetry's GenAI names.

The names are those of OpenTelemetry's semantic conventions as Prometheus writes them (underscores for dots,
the unit as a suffix, times in seconds). Models are labels, but only so many, and never a name that only a
client has written.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector

from conduit_widget.chat.answers.answer_options import MAX_NAME_CHARS
from conduit_widget.contract import ChatMethod
from conduit_widget.hub.metrics.figures import FigureSet, Samples
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.plain_text import plain_name
from conduit_widget.providers.outcome import CHUNK_TIME_BOUNDS, ChunkTimes, GenerationOutcome

OTHER: Final = "other"
_OPERATION: Final = "chat"
_MAX_MODELS: Final = 64
_LABELS: Final = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_response_model")
_DURATIONS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)

CHAT_FIGURES: Final = FigureSet(
    gauges=(Samples("generations", "conduit_chat_generations_active"),),
    counters=(
        Samples("recoveries", "conduit_signalr_recoveries", by="result"),
        Samples("generated", "gen_ai_client_operation_duration_seconds", by="error_type"),
        Samples(
            "messages",
            "conduit_signalr_messages",
            where={"direction": "in", "method": ChatMethod.SEND_MESSAGE},
        ),
    ),
    timings=(Samples("firstChunk", "gen_ai_client_operation_time_to_first_chunk_seconds"),),
)
"""What the chat adds to the hub's figures; ``generated`` counts ended answers, an empty label is success."""


class ChatMetrics:
    """The chat's metrics, on one page with those of the hub that serves it."""

    def __init__(self, hub: HubMetrics | None = None) -> None:
        hub = hub or HubMetrics()
        hub.figures.add(CHAT_FIGURES)
        self.figures = hub.figures
        self.registry = registry = hub.registry
        self._recoveries = Counter(
            "conduit_signalr_recoveries",
            "Conversations resumed, by result: all that was missed, or a snapshot instead",
            ["result"],
            registry=registry,
        )
        for result in ("recovered", "snapshot"):
            self._recoveries.labels(result)
        self.active = Gauge(
            "conduit_chat_generations_active", "Answers a provider is writing now", registry=registry
        )
        self._duration = Histogram(
            "gen_ai_client_operation_duration_seconds",
            "How long a generation took; error_type is empty when it succeeded",
            [*_LABELS, "error_type"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self._first_chunk = Histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "From the request to the first chunk with text",
            _LABELS,
            buckets=_DURATIONS,
            registry=registry,
        )
        self._chunk_times = _ChunkTimesCollector()
        registry.register(self._chunk_times)
        self._tokens = Histogram(
            "gen_ai_client_token_usage",
            "Tokens of a generation as the provider counts them",
            [*_LABELS, "gen_ai_token_type"],
            buckets=_TOKENS,
            registry=registry,
        )
        self._models: set[tuple[str, str]] = set()

    def resumed(self, *, recovered: bool) -> None:
        """Count a ``ResumeConversation`` that was answered: with all missed events, or with a snapshot."""
        self._recoveries.labels("recovered" if recovered else "snapshot").inc()

    def record(self, outcome: GenerationOutcome, listed: Sequence[str]) -> None:
        """Count a generation; ``listed`` are the models of its provider."""
        model = self.model_label(outcome.provider, outcome.requested_model, outcome.model, listed)
        labels = (_OPERATION, outcome.provider, model)
        self._duration.labels(*labels, outcome.error_type).observe(outcome.duration)
        if outcome.time_to_first_token is not None:
            self._first_chunk.labels(*labels).observe(outcome.time_to_first_token)
        if outcome.chunk_times is not None:
            self._chunk_times.add(labels, outcome.chunk_times)
        for kind, count in (("input", outcome.prompt_tokens), ("output", outcome.completion_tokens)):
            if count is not None:
                self._tokens.labels(*labels, kind).observe(count)

    def model_label(self, provider: str, requested: str | None, answered: str, listed: Sequence[str]) -> str:
        """Return the label of a generation's model: ``other`` for a name that only a client has written.

        ``requested`` is the client's text, and a server may echo it; ``listed`` are the provider's models.
        """
        answered = plain_name(answered, MAX_NAME_CHARS)
        label = next((name for name in (answered, requested) if name and name in listed), "")
        if not label and answered != requested:
            label = answered
        if not label:
            return OTHER
        label = plain_name(label, MAX_NAME_CHARS)
        pair = (provider, label)
        if pair not in self._models:
            if len(self._models) >= _MAX_MODELS:
                return OTHER
            self._models.add(pair)
        return label


class _ChunkTimesCollector(Collector):
    """The histogram of the times between chunks, added up generation by generation."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, str, str], ChunkTimes] = {}

    def add(self, labels: tuple[str, str, str], times: ChunkTimes) -> None:
        """Add the times of one generation."""
        known = self._sums.get(labels)
        if known is not None:
            counts = tuple(a + b for a, b in zip(known.counts, times.counts, strict=True))
            times = ChunkTimes(counts, known.seconds + times.seconds)
        self._sums[labels] = times

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return the histogram for the page."""
        family = HistogramMetricFamily(
            "gen_ai_client_operation_time_per_output_chunk_seconds",
            "From one chunk with text to the next",
            labels=_LABELS,
        )
        bounds = [*map(str, CHUNK_TIME_BOUNDS), "+Inf"]
        for labels, times in list(self._sums.items()):
            buckets = list(zip(bounds, itertools.accumulate(times.counts), strict=True))
            family.add_metric(labels, buckets, times.seconds)
        yield family
