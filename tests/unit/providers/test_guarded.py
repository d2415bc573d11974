"""A provider of another package does what it likes: one answer ends with words, and nothing else happens."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import Chunk, GenerationRequest, Provider, Timeouts, Usage, guarded, kinds
from conduit_widget.providers.failover.health import ProviderHealth
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.kinds import ProviderContext, ProviderKind
from conduit_widget.providers.provider import Failover, ToolCall
from conduit_widget.providers.provider_config import ProviderConfig
from conduit_widget.providers.reading.provider_words import ProviderWords
from tests.support.waiting import PATIENCE

REQUEST = GenerationRequest(messages=[])
END = Chunk("", "polly", "stop", Usage(1, 1))
Generate = Callable[[Any, GenerationRequest], Any]


class Foreign:
    """A provider as another package may write one."""

    context_tokens: Any = 10

    def __init__(self) -> None:
        self.name: Any = "somebody else"
        self.listed: Any = ["polly"]

    async def generate(self, _request: GenerationRequest) -> AsyncIterator[Any]:
        """Answer with one word."""
        yield Chunk("hi", "polly")
        yield END

    async def models(self) -> Any:
        """Return what the test wants."""
        return self.listed

    async def start(self) -> None:
        """Have nothing to do."""

    async def aclose(self) -> None:
        """Have nothing to do."""


def _made(foreign: Any, tmp_path: Path, **fields: Any) -> Provider:
    config = ProviderConfig(name="polly", kind="parrot", **fields)
    words = ProviderWords(config.secrets)
    context = ProviderContext(on_headers=lambda _headers: None, words=words, models_dir=tmp_path)
    return kinds.build(ProviderKind(build=lambda _config, _context: foreign), config, context)


async def _words_of(provider: Provider) -> list[str]:
    return [chunk.text async for chunk in provider.generate(REQUEST)]


async def _raises(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
    yield Chunk("hi", "polly")
    raise RuntimeError("sk-private")


async def _exits(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
    yield Chunk("hi", "polly")
    sys.exit(3)


async def _cancels(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
    yield Chunk("hi", "polly")
    raise asyncio.CancelledError


async def _stops_short(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
    yield Chunk("hi", "polly")


async def _a_coroutine(_self: Any, _request: GenerationRequest) -> None:
    pass


async def _odd_error(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
    yield Chunk("hi", "polly")
    raise ProviderError("sk-private", type="banana")  # type: ignore[arg-type]


def _yields(item: Any) -> Generate:
    async def generate(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
        yield item
        yield END

    return generate


@pytest.mark.parametrize(
    ("generate", "said"),
    [
        (_raises, "RuntimeError"),
        (_exits, "SystemExit"),
        (_cancels, "CancelledError"),
        (_odd_error, "ProviderError"),
        (_stops_short, "before it was complete"),
        (_a_coroutine, "returned coroutine, not an async generator"),
        (lambda _self, _request: [END], "returned list, not an async generator"),
        (_yields("text"), "yielded str, not Chunk"),
        (_yields(Chunk(5, "polly")), "text is int"),  # type: ignore[arg-type]
        (_yields(Chunk("x", None)), "model is NoneType"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", reasoning=b"")), "reasoning is bytes"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", provider=[])), "provider is list"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", 5)), "finish_reason is int"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", usage=(1, 2))), "usage is tuple"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", usage=Usage(-1, None))), "counts no tokens"),
        (_yields(Chunk("x", "polly", usage=Usage("1", None))), "counts no tokens"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", tool_calls=[])), "tool_calls are not"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", tool_calls=("call",))), "tool_calls are not"),  # type: ignore[arg-type]
        (_yields(Chunk("x", "polly", tool_calls=(ToolCall("1", "f", {}),))), "tool_calls are not"),  # type: ignore[arg-type]
    ],
)
async def test_what_the_seam_does_not_allow_is_an_error_of_the_provider(
    generate: Generate, said: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever an answer is, or raises, readers get one line that says why, without its words."""
    kind = type("Odd", (Foreign,), {"generate": generate})
    provider = _made(kind(), tmp_path)
    with pytest.raises(ProviderError, match=said) as caught:
        await _words_of(provider)
    assert "sk-private" not in f"{caught.value} {caplog.text}"
    assert caught.value.code in {guarded.BROKEN, "truncated"}


@pytest.mark.parametrize(
    "retry_after", ["soon", float("nan"), float("-inf"), float("inf"), -1, True, 10**400, []]
)
async def test_an_error_has_fields_of_their_types(retry_after: Any, tmp_path: Path) -> None:
    """Whatever a package puts into one: the breaker counts with it, and everybody reads it."""

    async def refuses(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
        yield Chunk("hi", "polly")
        raise ProviderError(
            "No\x1b[31m more\u202e\n" + "x" * 10_000,
            type="rate_limit",
            code=["odd"],  # type: ignore[arg-type]
            status_code="429",  # type: ignore[arg-type]
            retry_after=retry_after,
            recoverable="maybe",  # type: ignore[arg-type]
            suggestions=("Wait.", 5, "y" * 10_000),  # type: ignore[arg-type]
        )

    provider = _made(type("Odd", (Foreign,), {"generate": refuses})(), tmp_path)
    with pytest.raises(ProviderError) as caught:
        await _words_of(provider)
    error = caught.value
    assert str(error).startswith("No[31m more ")
    assert len(str(error)) <= 500
    assert (error.type, error.code, error.status_code, error.recoverable) == ("rate_limit", None, None, True)
    assert error.suggestions[0] == "Wait."
    assert all(len(text) <= 500 for text in error.suggestions)
    assert error.retry_after is None
    health = ProviderHealth("polly", lambda _status: None)
    health.record_failure(error)
    assert health.status.state == "rate_limited"


@pytest.mark.parametrize("text", ["Bad key sk-Private-123456!", "Bad key (private-12).", "sk-private-123456"])
async def test_an_error_that_tells_a_key_is_not_passed_on(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither in its line nor in what it suggests; not a part of it either."""
    for error in (ProviderError(text), ProviderError("No.", suggestions=(text,))):

        async def refuses(
            _self: Any, _request: GenerationRequest, error: ProviderError = error
        ) -> AsyncIterator[Any]:
            yield Chunk("hi", "polly")
            raise error

        foreign = type("Odd", (Foreign,), {"generate": refuses})()
        provider = _made(foreign, tmp_path, api_key=Secret("sk-private-123456"))
        with pytest.raises(ProviderError, match="its package has a mistake") as caught:
            await _words_of(provider)
        assert "private" not in f"{caught.value} {caught.value.suggestions} {caplog.text}".lower()


async def test_no_provider_speaks_for_another(tmp_path: Path) -> None:
    """Health, price and what people see are of the one that was asked; tool calls pass as they are."""
    call = ToolCall("1", "f", "{}")
    failover = Failover(
        source="polly",
        source_model="",
        target="other",
        target_model="",
        reason="",
        error_type="server_error",
        text="",
        mid_stream=False,
        policy="stop",
    )
    item = Chunk("x", "m", provider="other", failover=failover, tool_calls=(call,), asked=True)
    provider = _made(type("Odd", (Foreign,), {"generate": _yields(item)})(), tmp_path)
    [first, _] = [chunk async for chunk in provider.generate(REQUEST)]
    assert first == Chunk("x", "m", tool_calls=(call,))


async def test_a_size_that_cannot_be_read_is_the_configured_one(tmp_path: Path) -> None:
    """A property of a package may raise."""

    def fail(_self: Any) -> int:
        raise RuntimeError("no")

    provider = _made(
        type("Odd", (Foreign,), {"context_tokens": property(fail)})(), tmp_path, context_tokens=99
    )
    assert provider.context_tokens == 99


async def test_half_a_character_reaches_nobody(tmp_path: Path) -> None:
    """No store and no socket could carry it."""
    kind = type("Odd", (Foreign,), {"generate": _yields(Chunk("a\ud800b", "polly"))})
    assert await _words_of(_made(kind(), tmp_path)) == ["a?b", ""]


async def test_the_configured_clocks_hold_for_every_kind(tmp_path: Path) -> None:
    """A provider that falls silent is given up, and one that never waits for anything, too."""

    async def silent(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
        yield Chunk("hi", "polly")
        await asyncio.Event().wait()

    async def busy(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
        while True:
            yield Chunk("", "polly")

    for generate, clocks, said in (
        (silent, Timeouts(idle=0.05), "fell silent"),
        (busy, Timeouts(answer=0.05), "did not finish the answer"),
    ):
        kind = type("Odd", (Foreign,), {"generate": generate})
        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ProviderError, match=said):
                await _words_of(_made(kind(), tmp_path, timeouts=clocks))


async def test_stopping_ends_the_provider_s_work(tmp_path: Path) -> None:
    """Closing the answer closes the foreign generator; a cancellation stays one."""
    ended = asyncio.Event()

    async def waits(_self: Any, _request: GenerationRequest) -> AsyncIterator[Any]:
        try:
            yield Chunk("hi", "polly")
            await asyncio.Event().wait()
        finally:
            ended.set()

    provider = _made(type("Odd", (Foreign,), {"generate": waits})(), tmp_path)
    answer = provider.generate(REQUEST)
    assert (await anext(answer)).text == "hi"
    await answer.aclose()
    assert ended.is_set()

    reading = asyncio.create_task(_words_of(provider))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_the_name_and_the_size_are_the_configured_ones(tmp_path: Path) -> None:
    """Health and limits are kept by name; a context that is no number is none."""
    foreign = Foreign()
    provider = _made(foreign, tmp_path, context_tokens=99)
    assert (provider.name, provider.context_tokens) == ("polly", 10)
    foreign.context_tokens = "many"
    assert provider.context_tokens == 99


async def test_models_are_names_and_a_bounded_number_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is no name is left out; what is no list, fails, or never comes is an error."""
    foreign = Foreign()
    provider = _made(foreign, tmp_path)
    foreign.listed = [1, None, "polly", "polly", "x" * 10_000, *(f"m{number}" for number in range(5000))]
    models = await provider.models()
    assert models[:2] == ["polly", "m0"]
    assert len(models) == 1000
    foreign.listed = None
    with pytest.raises(ProviderError, match="not a list of names"):
        await provider.models()

    async def never(_self: Any) -> None:
        await asyncio.Event().wait()

    async def fail(_self: Any) -> None:
        raise RuntimeError("sk-private")

    monkeypatch.setattr(guarded, "MODELS_TIMEOUT", 0.05)
    monkeypatch.setattr(guarded, "CLOSE_TIMEOUT", 0.05)
    for broken, said in ((never, "did not return within"), (fail, "RuntimeError")):
        odd = _made(type("Odd", (Foreign,), {"models": broken, "aclose": broken})(), tmp_path)
        with pytest.raises(ProviderError, match=said):
            await odd.models()
        async with asyncio.timeout(PATIENCE):
            await odd.aclose()


@pytest.mark.parametrize("made", [None, "text", object()])
def test_what_is_no_provider_is_refused_when_it_is_made(made: object, tmp_path: Path) -> None:
    """The line names what is missing; the hub starts without it."""
    with pytest.raises(ProviderError, match="has no generate, models, start, aclose"):
        _made(made, tmp_path)


def test_a_package_that_exits_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`sys.exit` at import, or when a provider is made, costs a line and not the hub."""
    metadata = tmp_path / "leaver-1.0.dist-info"
    metadata.mkdir()
    (tmp_path / "leaver.py").write_text("import sys\nsys.exit(3)\n")
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: leaver\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[conduit_widget.providers]\nleaver = leaver:KIND\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ProviderError, match="SystemExit"):
        kinds.load("leaver")

    def leave(_config: ProviderConfig, _context: ProviderContext) -> Provider:
        sys.exit(3)

    config = ProviderConfig(name="polly", kind="parrot")
    context = ProviderContext(on_headers=lambda _headers: None, words=ProviderWords(), models_dir=tmp_path)
    with pytest.raises(ProviderError, match="SystemExit"):
        kinds.build(ProviderKind(build=leave), config, context)
