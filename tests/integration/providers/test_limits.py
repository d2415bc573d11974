"""Limits of real servers: a request they would surely refuse goes elsewhere, or waits; what answers cost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conduit_widget.contract import METRICS_PATH
from conduit_widget.providers.config.settings import ProviderSettings
from conduit_widget.providers.directory import ProviderDirectory
from conduit_widget.providers.failover.health import WAITS
from conduit_widget.providers.limits.limit_tracker import ProviderLimits
from conduit_widget.providers.limits.prices import Price
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.providers.provider import Chunk, GenerationRequest, PromptMessage, Usage
from conduit_widget.providers.provider_config import ProviderConfig
from tests.support.chat.server import chat_server
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

REQUEST = GenerationRequest(messages=[PromptMessage("user", "Hi")], model="m")


class Server:
    """A server that sends ``headers`` with every answer, and keeps when it was asked."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.headers: dict[str, str] = {}
        self.asked: list[float] = []

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        """List one model, or answer."""
        if request.method == "GET":
            await reply.json({"data": [{"id": "m"}]})
            return
        self.asked.append(time.time())
        lines = ["HTTP/1.1 200 OK", "Content-Type: text/event-stream", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        await reply.raw("\r\n".join(lines).encode() + b"\r\n\r\n")
        await reply.delta(self.word, finish_reason="stop")


async def answer(directory: ProviderDirectory) -> tuple[str, list[Chunk]]:
    """Return the text and the chunks of one answer, recorded as a hub records it."""
    provider = directory.select()
    chunks = provider.generate(REQUEST)
    try:
        said = [chunk async for chunk in chunks]
    finally:
        await chunks.aclose()
    who = next((chunk.provider for chunk in said if chunk.provider), provider.name)
    directory.record(GenerationOutcome(provider=who, duration=0.1))
    return "".join(chunk.text for chunk in said), said


@contextlib.asynccontextmanager
async def started(tmp_path: Path, *configs: ProviderConfig) -> AsyncIterator[ProviderDirectory]:
    """A directory of these providers alone."""
    directory = ProviderDirectory(
        ProviderSettings(configured=configs, detect=False, models_dir=tmp_path), check_interval=0.05
    )
    await directory.start()
    try:
        yield directory
    finally:
        await directory.aclose()


def openrouter(*, remaining: int, reset_in: float) -> dict[str, str]:
    """Return headers as OpenRouter sends them: the reset in epoch milliseconds."""
    return {
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(round((time.time() + reset_in) * 1000)),
    }


GROQ = {
    "x-ratelimit-limit-requests": "1",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "59m59.9s",
    "x-ratelimit-limit-tokens": "18000",
    "x-ratelimit-remaining-tokens": "17997",
    "x-ratelimit-reset-tokens": "7.66ms",
}
ANTHROPIC_LIKE = {
    "anthropic-ratelimit-requests-limit": "1",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2999-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    "headers", [openrouter(remaining=0, reset_in=3600), GROQ], ids=["OpenRouter", "Groq"]
)
async def test_request_that_would_be_refused_goes_to_another_provider(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    """Nothing is asked of the one whose limit is used up, and the chunks say who answers."""
    first, second = Server("first"), Server("second")
    first.headers = headers
    async with RawHttpServer(first) as one, RawHttpServer(second) as two:
        configs = (
            ProviderConfig(name="one", base_url=one.base_url, model="m"),
            ProviderConfig(name="two", base_url=two.base_url, model="m"),
        )
        async with started(tmp_path, *configs) as directory:
            assert (await answer(directory))[0] == "first"
            text, chunks = await answer(directory)
            assert text == "second"
            assert chunks[0].provider == "two"
            assert len(first.asked) == 1
            shown = directory.statuses()[0].rate_limit["requests"]
            assert (shown.remaining, shown.percentage_used) == (0, 100.0)


async def test_reset_beyond_all_reason_keeps_nothing_waiting(tmp_path: Path) -> None:
    """A reset in a thousand years is no reset: the provider is asked, and may refuse itself."""
    server = Server("hello")
    server.headers = ANTHROPIC_LIKE
    async with RawHttpServer(server) as one:
        config = ProviderConfig(name="one", base_url=one.base_url, model="m")
        async with started(tmp_path, config) as directory:
            assert [(await answer(directory))[0] for _ in range(2)] == ["hello", "hello"]


async def test_request_waits_for_the_reset_where_there_is_nobody_else(tmp_path: Path) -> None:
    """Visibly, and not longer than the server says."""
    server = Server("hello")
    server.headers = openrouter(remaining=0, reset_in=2.0)
    resets_at = time.time() + 2.0
    async with RawHttpServer(server) as one:
        config = ProviderConfig(name="one", base_url=one.base_url, model="m")
        async with started(tmp_path, config) as directory:
            await answer(directory)
            waiting = asyncio.create_task(answer(directory))
            await eventually(lambda: directory.current().state == "rate_limited" or waiting.done())
            if time.time() < resets_at - 0.5:
                assert directory.current().reason == WAITS
            assert (await asyncio.wait_for(waiting, 60))[0] == "hello"
            assert server.asked[1] >= resets_at - 0.01
            assert directory.current().state == "healthy"


async def test_configured_limit_holds_over_all_answers(tmp_path: Path) -> None:
    """Two a minute go to the first of two providers, every further one to the second."""
    first, second = Server("first"), Server("second")
    async with RawHttpServer(first) as one, RawHttpServer(second) as two:
        limits = ProviderLimits(requests_per_minute=2)
        configs = (
            ProviderConfig(name="one", base_url=one.base_url, model="m", limits=limits),
            ProviderConfig(name="two", base_url=two.base_url, model="m"),
        )
        async with started(tmp_path, *configs) as directory:
            texts = [(await answer(directory))[0] for _ in range(4)]
            assert texts == ["first", "first", "second", "second"]


async def test_answer_says_what_it_cost_and_the_page_adds_it_up(tmp_path: Path) -> None:
    """Where a price is known; the currency is a label, and nobody's id is."""
    provider = ScriptedProvider(["Hello"], usage=Usage(prompt_tokens=1000, completion_tokens=100))
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join("secret-room")
        free: dict[str, Any] = await ann.final(
            (await ann.send("hello?", conversation_id="secret-room"))["answerId"]
        )
        assert "cost" not in free["metadata"]
        server.directory.prices["scripted"] = Price(input=2.5, output=10, currency="EUR")
        final = await ann.final((await ann.send("hello?", conversation_id="secret-room"))["answerId"])
        assert final["metadata"]["cost"] == {"amount": 0.0035, "currency": "EUR"}
        async with httpx2.AsyncClient() as client:
            page = (await client.get(server.url + METRICS_PATH)).text
    cost = [line for line in page.splitlines() if line.startswith("conduit_chat_cost_total{")]
    assert len(cost) == 1
    assert 'currency="EUR"' in cost[0]
    assert float(cost[0].split()[-1]) == pytest.approx(0.0035)
    assert "conduit_chat_flush_seconds_count" in page
    assert "secret-room" not in page
    assert "ann" not in {part.strip('"') for line in page.splitlines() for part in line.split("=")}
