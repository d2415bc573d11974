"""A provider that reports its own traffic: what every user of the directory gets."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers.provider import Chunk, GenerationRequest, Provider

RecordSuccess = Callable[[float | None, float | None], None]
RecordFailure = Callable[[ProviderError], None]


class ObservedProvider:
    """Wraps a provider: measures first token and rate, records outcomes, fills in the chosen model.

    An answer closed early records neither success nor failure.
    """

    def __init__(
        self,
        provider: Provider,
        *,
        model: str | None,
        on_success: RecordSuccess,
        on_failure: RecordFailure,
    ) -> None:
        self.name = provider.name
        self.context_tokens: int | None = provider.context_tokens
        self.model = model
        self._provider = provider
        self._on_success = on_success
        self._on_failure = on_failure

    async def start(self) -> None:
        """Make the wrapped provider ready."""
        await self._provider.start()

    async def aclose(self) -> None:
        """Nothing: the directory owns the wrapped provider."""

    async def models(self) -> list[str]:
        """List the wrapped provider's models."""
        return await self._provider.models()

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Stream one answer as the wrapped provider does, errors included."""
        if request.model is None and self.model is not None:
            request = msgspec.structs.replace(request, model=self.model)
        speed = _Speed()
        try:
            async with aclosing(self._provider.generate(request)) as chunks:
                async for chunk in chunks:
                    speed.see(chunk)
                    yield chunk
        except ProviderError as error:
            self._on_failure(error)
            raise
        self._on_success(speed.ttft, speed.tokens_per_second)


class _Speed:
    """Times in seconds since it was made."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._first: float | None = None
        self._last = 0.0
        self._tokens = 0

    def see(self, chunk: Chunk) -> None:
        if chunk.text or chunk.reasoning:
            self._last = time.monotonic()
            self._first = self._last if self._first is None else self._first
            self._tokens += 1
        if chunk.usage is not None and chunk.usage.completion_tokens:
            # The provider's own count; until then one chunk counts as one token.
            self._tokens = chunk.usage.completion_tokens

    @property
    def ttft(self) -> float | None:
        return None if self._first is None else self._first - self._started

    @property
    def tokens_per_second(self) -> float | None:
        if self._first is None or self._tokens < 2 or self._last <= self._first:
            return None
        return (self._tokens - 1) / (self._last - self._first)
