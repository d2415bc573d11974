"""What the chat counts: recoveries, and the model's work under OpenTelemetry's GenAI names.

The names are those of OpenTelemetry's semantic conventions as Prometheus writes them (underscores for dots,
the unit as a suffix, times in seconds); what has no name there begins with ``conduit_``. Providers and models
are labels, but only so many, and never a name that only a client has written.

Three clocks of an answer are kept apart: the provider's (request to first chunk), the hub's (a chunk until it
is sent) and the view's (until it is painted), which the kernel of the view keeps.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, get_args

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from conduit_widget.chat.answers.answer_options import MAX_NAME_CHARS
from conduit_widget.contract import ChatMethod
from conduit_widget.hub.metrics.figures import FigureSet, Samples
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.outcome import CANCELLED, CHUNK_TIME_BOUNDS, ChunkTimes, GenerationOutcome
from conduit_widget.providers.provider import Usage
from conduit_widget.text.plain_text import plain_name
from conduit_widget.types import BreakerState, ProviderStatus

OTHER: Final = "other"
_OPERATION: Final = "chat"
_MAX_MODELS: Final = 64
_MAX_PROVIDERS: Final = 64
_ENDS: Final[Mapping[str, str]] = {"": "answered", CANCELLED: "cancelled"}
_LABELS: Final = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_response_model")
_DURATIONS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_RATES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)

CHAT_FIGURES: Final = FigureSet(
    gauges=(Samples("generations", "conduit_chat_generations_active"),),
    counters=(
        Samples("failovers", "conduit_chat_failovers", by="to"),
        Samples("cost", "conduit_chat_cost", by="currency"),
        Samples("recoveries", "conduit_signalr_recoveries", by="result"),
        Samples("generated", "gen_ai_client_operation_duration_seconds", by="error_type"),
        Samples(
            "messages",
            "conduit_signalr_messages",
            where={"direction": "in", "method": ChatMethod.SEND_MESSAGE},
        ),
    ),
    timings=(
        Samples("firstChunk", "gen_ai_client_operation_time_to_first_chunk_seconds"),
        Samples("flush", "conduit_chat_flush_seconds"),
    ),
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
            "How long a provider was at an answer; error_type is empty when it did not fail",
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
        self._chunk_times = TimesCollector(
            "gen_ai_client_operation_time_per_output_chunk_seconds",
            "From one chunk with text to the next",
            _LABELS,
        )
        registry.register(self._chunk_times)
        self._flush_times = TimesCollector(
            "conduit_chat_flush_seconds", "From the arrival of a chunk to its sending, once a delta", ()
        )
        registry.register(self._flush_times)
        self._tokens = Histogram(
            "gen_ai_client_token_usage",
            "Tokens of a generation as the provider counts them",
            [*_LABELS, "gen_ai_token_type"],
            buckets=_TOKENS,
            registry=registry,
        )
        self._rate = Histogram(
            "conduit_chat_tokens_per_second",
            "Tokens of an answer a second, after the first one",
            _LABELS,
            buckets=_RATES,
            registry=registry,
        )
        self._cost = Counter(
            "conduit_chat_cost",
            "What answers cost, where the price of a provider is configured",
            [*_LABELS, "currency"],
            registry=registry,
        )
        self._attempts = Counter(
            "conduit_chat_attempts",
            "Times a provider was asked for an answer, by what became of it: answered, failed or cancelled",
            ["gen_ai_provider_name", "outcome"],
            registry=registry,
        )
        self._failovers = Counter(
            "conduit_chat_failovers",
            "Failures of a provider in an answer, by who took over (empty: nobody) and if readers had text",
            ["gen_ai_provider_name", "to", "mid_stream"],
            registry=registry,
        )
        self._providers = ProvidersCollector(self.provider_label)
        registry.register(self._providers)
        self._models: set[tuple[str, str]] = set()
        self._named: set[str] = set()

    def watch(self, statuses: Callable[[], Sequence[ProviderStatus]]) -> None:
        """Show the breakers and the limits that ``statuses`` returns whenever the page is read."""
        self._providers.statuses = statuses

    def resumed(self, *, recovered: bool) -> None:
        """Count a ``ResumeConversation`` that was answered: with all missed events, or with a snapshot."""
        self._recoveries.labels("recovered" if recovered else "snapshot").inc()

    def record(self, outcome: GenerationOutcome, listed: Sequence[str], price: Price | None = None) -> None:
        """Count a generation; ``listed`` are the models of its provider, ``price`` what those cost."""
        model = self.model_label(outcome.provider, outcome.requested_model, outcome.model, listed)
        provider = self.provider_label(outcome.provider)
        labels = (_OPERATION, provider, model)
        self._duration.labels(*labels, outcome.error_type).observe(outcome.duration)
        self._attempts.labels(provider, _ENDS.get(outcome.error_type, "failed")).inc()
        if outcome.time_to_first_token is not None:
            self._first_chunk.labels(*labels).observe(outcome.time_to_first_token)
        if outcome.tokens_per_second is not None:
            self._rate.labels(*labels).observe(outcome.tokens_per_second)
        if outcome.chunk_times is not None:
            self._chunk_times.add(labels, outcome.chunk_times)
        if outcome.flush_times is not None:
            self._flush_times.add((), outcome.flush_times)
        for kind, count in (("input", outcome.prompt_tokens), ("output", outcome.completion_tokens)):
            if count is not None:
                self._tokens.labels(*labels, kind).observe(count)
        cost = None if price is None else price.of(Usage(outcome.prompt_tokens, outcome.completion_tokens))
        if cost is not None:
            self._cost.labels(*labels, cost.currency).inc(cost.amount)

    def failed_over(self, source: str, target: str | None, *, mid_stream: bool) -> None:
        """Count that ``source`` failed in an answer and ``target`` took over (None: nobody did).

        What it did until then is an outcome of its own.
        """
        provider, taker = self.provider_label(source), self.provider_label(target) if target else ""
        self._failovers.labels(provider, taker, str(mid_stream).lower()).inc()

    def provider_label(self, provider: str) -> str:
        """Return the label of a provider: ``other`` for more than so many, since packages name theirs."""
        label = plain_name(provider, MAX_NAME_CHARS)
        if label not in self._named:
            if not label or len(self._named) >= _MAX_PROVIDERS:
                return OTHER
            self._named.add(label)
        return label

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


class TimesCollector(Collector):
    """A histogram of times in the classes of ``CHUNK_TIME_BOUNDS``, added up generation by generation."""

    def __init__(self, name: str, documentation: str, labels: Sequence[str]) -> None:
        self._name = name
        self._documentation = documentation
        self._labels = labels
        self._sums: dict[tuple[str, ...], ChunkTimes] = {}

    def add(self, labels: tuple[str, ...], times: ChunkTimes) -> None:
        """Add the times of one generation."""
        known = self._sums.get(labels)
        if known is not None:
            counts = tuple(a + b for a, b in zip(known.counts, times.counts, strict=True))
            times = ChunkTimes(counts, known.seconds + times.seconds)
        self._sums[labels] = times

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return the histogram for the page."""
        family = HistogramMetricFamily(self._name, self._documentation, labels=self._labels)
        bounds = [*map(str, CHUNK_TIME_BOUNDS), "+Inf"]
        for labels, times in list(self._sums.items()):
            buckets = list(zip(bounds, itertools.accumulate(times.counts), strict=True))
            family.add_metric(labels, buckets, times.seconds)
        yield family


class ProvidersCollector(Collector):
    """The breakers and limits of the providers, as they are when the page is read."""

    def __init__(self, label: Callable[[str], str]) -> None:
        self._label = label
        self.statuses: Callable[[], Sequence[ProviderStatus]] = tuple

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Return the gauges for the page."""
        breakers = GaugeMetricFamily(
            "conduit_provider_breaker",
            "1 for the state in which the breaker of a provider is: closed, half_open or open",
            labels=["gen_ai_provider_name", "state"],
        )
        limits = GaugeMetricFamily(
            "conduit_provider_limit_used_ratio",
            "The share of a stated or configured limit that is used up; missing while it is unknown",
            labels=["gen_ai_provider_name", "scope"],
        )
        for status in self.statuses():
            provider = self._label(status.provider)
            for state in get_args(BreakerState):
                breakers.add_metric((provider, state), float(state == status.breaker))
            for scope, limit in status.rate_limit.items():
                if limit.percentage_used is not None:
                    limits.add_metric((provider, scope), limit.percentage_used / 100)
        yield breakers
        yield limits
