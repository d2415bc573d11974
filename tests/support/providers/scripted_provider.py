"""A provider that does what its script says, and a directory with only it; both record requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence

from conduit_widget.errors import ProviderError
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Chunk, GenerationRequest, Provider, Usage
from conduit_widget.types import ProviderExplanation, ProviderQuestion, ProviderStatus

Step = str | float | asyncio.Event | Exception | Chunk
"""A token to say, seconds to pause, an event to wait for, an error to raise, or a chunk as it is."""


class ScriptedProvider:
    """Plays one script a request; the last script is used for all later requests.

    Without a step that ends it, an answer ends with finish reason ``stop`` and ``usage``.
    """

    def __init__(
        self,
        *scripts: Sequence[Step],
        name: str = "scripted",
        context_tokens: int | None = 4096,
        usage: Usage | None = None,
    ) -> None:
        self.name = name
        self.context_tokens = context_tokens
        self.requests: list[GenerationRequest] = []
        self.starts = 0
        self.running = 0
        self.most_running = 0
        self.closed_early = 0
        self._scripts = scripts or (["Hello", " world"],)
        self._usage = usage

    async def generate(self, request: GenerationRequest) -> AsyncGenerator[Chunk, None]:
        """Play the next script."""
        script = self._scripts[min(len(self.requests), len(self._scripts) - 1)]
        self.requests.append(request)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        finished = False
        try:
            for step in script:
                if isinstance(step, Chunk):
                    yield step
                elif isinstance(step, str):
                    yield Chunk(step, "script-1")
                elif isinstance(step, Exception):
                    finished = True
                    raise step
                elif isinstance(step, asyncio.Event):
                    await step.wait()
                else:
                    await asyncio.sleep(step)
            finished = True
            yield Chunk("", "script-1", "stop", self._usage)
        finally:
            self.running -= 1
            self.closed_early += not finished

    async def models(self) -> list[str]:
        """Return the one model."""
        return ["script-1"]

    async def start(self) -> None:
        """Count the starts; there is nothing to start."""
        self.starts += 1

    async def aclose(self) -> None:
        """Nothing to release."""


class ScriptedDirectory:
    """Gives out one provider, or refuses like a directory with none; tests report changes themselves."""

    def __init__(self, provider: Provider | None = None) -> None:
        self._provider = provider
        self._callbacks: list[Callable[[ProviderStatus], None]] = []
        self._reported: ProviderStatus | None = None
        self.outcomes: list[GenerationOutcome] = []
        self.selected: list[tuple[str | None, str | None]] = []
        self.prices: dict[str, Price] = {}
        self.failovers: list[bool | None] = []
        self.settings_problem: str | None = None

    def select(self, provider: str | None, model: str | None, *, failover: bool | None = None) -> Provider:
        """Return the provider."""
        self.failovers.append(failover)
        self.selected.append((provider, model))
        if self._provider is None:
            raise ProviderError(
                "No model is available; run `conduit-widget model install`.",
                type="model_not_found",
                suggestions=("conduit-widget model install",),
            )
        return self._provider

    def price(self, provider: str) -> Price | None:
        """Return the price a test has set."""
        return self.prices.get(provider)

    def record(self, outcome: GenerationOutcome) -> None:
        """Keep how a generation went."""
        self.outcomes.append(outcome)

    def explain(self, question: ProviderQuestion) -> ProviderExplanation:
        """Nothing to explain but what is wrong with the settings."""
        return ProviderExplanation(provider=None, providers=[], settings_problem=self.settings_problem)

    def statuses(self) -> list[ProviderStatus]:
        """Return what was reported last, else one healthy status, if there is a provider."""
        if self._provider is None:
            return []
        return (
            [self._reported]
            if self._reported
            else [ProviderStatus(provider=self._provider.name, state="healthy", models=["script-1"])]
        )

    def on_change(self, callback: Callable[[ProviderStatus], None]) -> Callable[[], None]:
        """Keep the callback."""
        self._callbacks.append(callback)
        return lambda: self._callbacks.remove(callback)

    @property
    def callbacks(self) -> int:
        """How many listen for changes."""
        return len(self._callbacks)

    def report(self, status: ProviderStatus) -> None:
        """Tell everybody who listens, and whoever asks from now on."""
        self._reported = status
        for callback in list(self._callbacks):
            callback(status)
