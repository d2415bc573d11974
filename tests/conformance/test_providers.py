"""What every provider promises, run for each implementation."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
from llmock.pytest_plugin import LLMock

from conduit_widget.errors import ProviderError
from conduit_widget.providers import kinds
from conduit_widget.providers.anthropic.adapter import AnthropicMessages
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.kinds import ProviderContext
from conduit_widget.providers.local.server import LocalServer
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import (
    Chunk,
    GenerationParameters,
    GenerationRequest,
    PromptMessage,
    Provider,
    Usage,
)
from conduit_widget.providers.provider_config import ProviderConfig, Replay
from conduit_widget.providers.reading.provider_words import ProviderWords
from conduit_widget.providers.replay.player import ReplayProvider
from conduit_widget.providers.replay.recording import Piece, Take, append, digest
from tests.support.providers import foreign_provider
from tests.support.providers.local_model import installed_model, local_model_at

REQUEST = GenerationRequest(
    messages=[
        PromptMessage("system", "Be brief."),
        PromptMessage("user", "Name three colours."),
        PromptMessage("assistant", "Red, green and blue."),
        PromptMessage("user", "And three animals?"),
    ],
    parameters=GenerationParameters(max_tokens=40, temperature=0.1, top_p=0.9, seed=7, stop=["@@@"]),
)


def _endpoint(llmock: LLMock, _folder: Path) -> Provider:
    # Paced, so that an answer can be closed in its middle.
    llmock.pace(5).reply("The cat, the dog and the horse, I would say, are three animals.", times=None)
    return OpenAICompatible("acme", llmock.base_url(), api_key=Secret("k"), model="gpt-4o-mini")


def _messages(llmock: LLMock, _folder: Path) -> Provider:
    llmock.pace(5).reply("The cat, the dog and the horse, I would say, are three animals.", times=None)
    return AnthropicMessages("acme", llmock.base_url("anthropic"), api_key=Secret("k"), model="claude-x")


def _local(_llmock: LLMock, _folder: Path) -> Provider:
    return LocalServer(lambda: local_model_at(installed_model()))


def _foreign(_llmock: LLMock, _folder: Path) -> Provider:
    context = ProviderContext(on_headers=lambda _headers: None, words=ProviderWords(), models_dir=Path())
    config = ProviderConfig(name="polly", kind=foreign_provider.KIND)
    return kinds.build(kinds.load(foreign_provider.KIND), config, context)


def _replay(_llmock: LLMock, folder: Path) -> Provider:
    words = ["The", "cat,", "the", "dog", "and", "the", "horse."]
    take = Take(
        asked=digest(REQUEST),
        question="And three animals?",
        provider="acme",
        model="gpt-4o-mini",
        recorded="2026-01-31T12:00:00.000Z",
        pieces=[Piece(10 * number, f"{word} ") for number, word in enumerate(words)],
        finish_reason="stop",
        usage=Usage(20, len(words)),
    )
    append(folder / "answers.jsonl", take)
    return ReplayProvider("tape", Replay(file=folder / "answers.jsonl"))


@pytest.fixture(
    params=[_endpoint, _messages, _local, _replay, _foreign],
    ids=["openai-compatible", "anthropic", "local", "replay", "entry-point"],
)
async def provider(
    request: pytest.FixtureRequest, llmock: LLMock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Provider]:
    """Each implementation, closed afterwards."""
    monkeypatch.setattr(sys, "path", [foreign_provider.install(tmp_path / "site"), *sys.path])
    factory: Callable[[LLMock, Path], Provider] = request.param
    provider = factory(llmock, tmp_path)
    yield provider
    await provider.aclose()


async def answer(provider: Provider) -> list[Chunk]:
    """The whole answer."""
    async with aclosing(provider.generate(REQUEST)) as chunks:
        return [chunk async for chunk in chunks]


async def test_it_has_the_seams_shape(provider: Provider) -> None:
    """Name, context size and methods are there."""
    assert isinstance(provider, Provider)
    assert provider.name
    assert provider.context_tokens is None or provider.context_tokens > 0


async def test_answer_is_chunks_of_text_and_one_end(provider: Provider) -> None:
    """Text arrives in pieces; exactly the last chunk carries the finish reason."""
    chunks = await answer(provider)
    assert len([chunk for chunk in chunks if chunk.text]) > 1
    assert [bool(chunk.finish_reason) for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].finish_reason in {"stop", "length"}
    assert all(chunk.model for chunk in chunks)


async def test_usage_comes_with_the_end_when_it_comes(provider: Provider) -> None:
    """Token counts are on the last chunk only, and positive."""
    chunks = await answer(provider)
    assert all(chunk.usage is None for chunk in chunks[:-1])
    if (usage := chunks[-1].usage) is not None:
        assert (usage.prompt_tokens or 0) > 0
        assert (usage.completion_tokens or 0) > 0


async def test_answer_can_be_closed_in_its_middle(provider: Provider) -> None:
    """Closing early raises nothing, and the provider answers the next request."""
    chunks = provider.generate(REQUEST)
    assert (await anext(chunks)).text
    await chunks.aclose()
    assert await answer(provider)


async def test_unstarted_answer_can_be_closed(provider: Provider) -> None:
    """A generator that nobody read costs nothing."""
    await provider.generate(REQUEST).aclose()


async def test_two_answers_run_at_the_same_time(provider: Provider) -> None:
    """Concurrent generations do not mix."""
    first, second = await asyncio.gather(answer(provider), answer(provider))
    assert first[-1].finish_reason
    assert second[-1].finish_reason


async def test_models_are_listed(provider: Provider) -> None:
    """At least one name can be asked for."""
    assert all(await provider.models())
    assert await provider.models()


async def test_start_and_close_may_be_repeated(provider: Provider) -> None:
    """Both are idempotent; after closing, generating is a clear error."""
    await provider.start()
    await provider.start()
    await provider.aclose()
    await provider.aclose()
    with pytest.raises(ProviderError):
        await answer(provider)
