"""What the chat counts: recoveries, and the model's work under OpenTelemetry's GenAI names.

The names are those of OpenTelemetry's semantic conventions as Prometheus writes them (underscores for dots,
the unit as a suffix, times in seconds). Models are labels, but only so many, and never a name that only a
client has written.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from conduit_widget.chat.answers.answer_options import MAX_NAME_CHARS
from conduit_widget.chat.status.provider_statuses import Providers
from conduit_widget.errors import ProviderError
from conduit_widget.hub.metrics.figures import FigureSet, Samples
from conduit_widget.plain_text import plain_name
from conduit_widget.providers.provider import Chunk, GenerationRequest, Provider
from conduit_widget.types import ProviderStatus

__all__ = ["ChatMetrics"]

OTHER: Final = "other"
_OPERATION: Final = "chat"
_MAX_MODELS: Final = 64
_LABELS: Final = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_response_model")
_DURATIONS: Final = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_CHUNK_TIMES: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56)
_TOKENS: Final = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)


CHAT_FIGURES: Final = FigureSet(
    gauges=(Samples("generations", "conduit_chat_generations_active"),),
    counters=(
        Samples("recoveries", "conduit_signalr_recoveries", by="result"),
        Samples("generated", "gen_ai_client_operation_duration_seconds", by="error_type"),
    ),
    timings=(Samples("firstChunk", "gen_ai_client_operation_time_to_first_chunk_seconds"),),
)
"""What the chat adds to the hub's figures; ``generated`` counts ended answers, an empty label is success."""


class ChatMetrics:
    """The chat's metrics; give it the registry of the hub's to have both on one page."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry = registry or CollectorRegistry()
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
        self.duration = Histogram(
            "gen_ai_client_operation_duration_seconds",
            "How long a generation took; error_type is empty when it succeeded",
            [*_LABELS, "error_type"],
            buckets=_DURATIONS,
            registry=registry,
        )
        self.first_chunk = Histogram(
            "gen_ai_client_operation_time_to_first_chunk_seconds",
            "From the request to the first chunk with text",
            _LABELS,
            buckets=_DURATIONS,
            registry=registry,
        )
        self.per_chunk = Histogram(
            "gen_ai_client_operation_time_per_output_chunk_seconds",
            "From one chunk with text to the next",
            _LABELS,
            buckets=_CHUNK_TIMES,
            registry=registry,
        )
        self.tokens = Histogram(
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

    def observing(self, providers: Providers) -> Providers:
        """Return ``providers`` with every generation measured."""
        return _MeasuredProviders(providers, self)

    def model_label(self, provider: str, requested: str | None, answered: str, listed: Sequence[str]) -> str:
        """Return the label of a generation's model; ``other`` for what nobody but the client vouches for.

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


class _Operation:
    """One generation under way."""

    def __init__(
        self,
        metrics: ChatMetrics,
        provider: str,
        requested: str | None,
        listed: Callable[[], Sequence[str]],
    ) -> None:
        self._metrics = metrics
        self._provider = provider
        self._requested = requested
        self._listed = listed
        self._labels: tuple[str, str, str] | None = None
        self._per_chunk: Histogram | None = None
        self._started = time.monotonic()
        self._last = 0.0
        metrics.active.inc()

    def see(self, chunk: Chunk) -> None:
        """Measure a chunk as it comes."""
        if chunk.text or chunk.reasoning:
            now = time.monotonic()
            if self._per_chunk is None:
                labels = self._name(chunk.model)
                self._metrics.first_chunk.labels(*labels).observe(now - self._started)
                self._per_chunk = self._metrics.per_chunk.labels(*labels)
            else:
                self._per_chunk.observe(now - self._last)
            self._last = now
        if chunk.usage is not None:
            labels, usage = self._name(chunk.model), chunk.usage
            for kind, count in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
                if count is not None:
                    self._metrics.tokens.labels(*labels, kind).observe(count)

    def end(self, error_type: str) -> None:
        """Measure the whole."""
        self._metrics.active.dec()
        duration = self._metrics.duration.labels(*self._name(""), error_type)
        duration.observe(time.monotonic() - self._started)

    def _name(self, answered: str) -> tuple[str, str, str]:
        if self._labels is None:
            model = self._metrics.model_label(self._provider, self._requested, answered, self._listed())
            self._labels = (_OPERATION, self._provider, model)
        return self._labels


class _MeasuredProvider:
    """A provider whose generations are measured."""

    def __init__(self, provider: Provider, metrics: ChatMetrics, listed: Callable[[], Sequence[str]]) -> None:
        self.name = provider.name
        self.context_tokens = provider.context_tokens
        self._provider = provider
        self._metrics = metrics
        self._listed = listed

    async def start(self) -> None:
        """Make the wrapped provider ready."""
        await self._provider.start()

    async def aclose(self) -> None:
        """Release the wrapped provider."""
        await self._provider.aclose()

    async def models(self) -> list[str]:
        """List the wrapped provider's models."""
        return await self._provider.models()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer as the wrapped provider does; closed early, it counts as ``cancelled``."""
        operation = _Operation(self._metrics, self.name, request.model, self._listed)
        error_type = "cancelled"
        try:
            async with aclosing(self._provider.generate(request)) as chunks:
                async for chunk in chunks:
                    operation.see(chunk)
                    yield chunk
            error_type = ""
        except ProviderError as error:
            error_type = error.type
            raise
        except Exception:
            error_type = "unexpected"
            raise
        finally:
            operation.end(error_type)


class _MeasuredProviders:
    """The directory with its providers measured."""

    def __init__(self, providers: Providers, metrics: ChatMetrics) -> None:
        self._providers = providers
        self._metrics = metrics

    def select(self, provider: str | None, model: str | None) -> Provider:
        """Return the provider to ask, measured."""
        selected = self._providers.select(provider, model)
        return _MeasuredProvider(selected, self._metrics, lambda: self._models_of(selected.name))

    def statuses(self) -> list[ProviderStatus]:
        """Return the state of every provider."""
        return self._providers.statuses()

    def on_change(self, callback: Callable[[ProviderStatus], None]) -> Callable[[], None]:
        """Call back on every change; returns the unsubscriber."""
        return self._providers.on_change(callback)

    def _models_of(self, provider: str) -> Sequence[str]:
        statuses = self._providers.statuses()
        return next((status.models for status in statuses if status.provider == provider), ())
