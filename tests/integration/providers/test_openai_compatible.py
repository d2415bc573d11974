"""The OpenAI-compatible adapter over real sockets: a fake provider with real faults, and scripted bytes."""

from __future__ import annotations

import asyncio
import email.utils
import gzip
import logging
import time
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from llmock.pytest_plugin import LLMock

from conduit_widget.errors import ProviderError
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.limits.limit_tracker import LimitTracker
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import Chunk, GenerationParameters, GenerationRequest, PromptMessage
from conduit_widget.providers.provider_config import Timeouts
from tests.support.network.ports import free_port
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest, Script
from tests.support.network.self_signed import self_signed
from tests.support.waiting import eventually, ticks

KEY = "sk-do-not-show-this"
QUESTION = "What did my diary say?"
SHORT = Timeouts(connect=2, first_token=0.4, idle=0.4, answer=None)


def request(**parameters: Any) -> GenerationRequest:
    """One question."""
    return GenerationRequest(
        messages=[PromptMessage("user", QUESTION)], parameters=GenerationParameters(**parameters)
    )


async def answer(provider: OpenAICompatible, **parameters: Any) -> list[Chunk]:
    """The whole answer."""
    async with aclosing(provider.generate(request(**parameters))) as chunks:
        return [chunk async for chunk in chunks]


async def failure(provider: OpenAICompatible, seen: list[Chunk] | None = None) -> ProviderError:
    """The error the answer ends with; the chunks before it go to ``seen``."""
    seen = [] if seen is None else seen

    async def read() -> None:
        async with aclosing(provider.generate(request())) as chunks:
            async for chunk in chunks:
                seen.append(chunk)

    with pytest.raises(ProviderError) as caught:
        await read()
    return caught.value


@asynccontextmanager
async def adapter(base_url: str, **options: Any) -> AsyncIterator[OpenAICompatible]:
    """An adapter with a key, closed afterwards."""
    provider = OpenAICompatible(
        "acme", base_url, **{"api_key": Secret(KEY), "model": "gpt-4o-mini", **options}
    )
    try:
        yield provider
    finally:
        await provider.aclose()


@asynccontextmanager
async def scripted(script: Script, **options: Any) -> AsyncIterator[tuple[OpenAICompatible, RawHttpServer]]:
    """An adapter on a scripted server."""
    async with RawHttpServer(script) as server, adapter(server.base_url, **options) as provider:
        yield provider, server


async def test_answer_streams_whole_when_all_is_well(llmock: LLMock) -> None:
    """Many chunks, the exact text, one finish reason at the end, and usage."""
    text = "The quick brown fox jumps over the lazy dog, twice: 🦊🦊."
    llmock.reply(text)
    async with adapter(llmock.base_url()) as provider:
        chunks = await answer(provider, temperature=0.5, max_tokens=99)
    assert "".join(chunk.text for chunk in chunks) == text
    assert len(chunks) > 5
    assert [chunk.finish_reason for chunk in chunks if chunk.finish_reason] == ["stop"]
    assert chunks[-1].finish_reason == "stop"
    body = llmock.last_request.body
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.5, 99, True)
    assert "seed" not in body


async def test_conversation_of_a_request_stays_with_us(llmock: LLMock) -> None:
    """The key of the conversation is no field of the API: it is not sent; what a caller adds is."""
    llmock.reply("Dear diary.")
    async with adapter(llmock.base_url()) as provider:
        asked = msgspec.structs.replace(request(), cache_key="c-secret")
        async with aclosing(provider.generate(asked, extra={"id_slot": 1})) as chunks:
            assert [chunk async for chunk in chunks]
    body = llmock.last_request.body
    assert body["id_slot"] == 1
    assert "c-secret" not in repr(body)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, None, "auth_error"),
        (404, "model_not_found", "model_not_found"),
        (429, "insufficient_quota", "rate_limit"),
        (500, None, "server_error"),
        (503, None, "server_error"),
    ],
)
async def test_refusal_is_one_error_that_says_what_to_do(
    llmock: LLMock, caplog: pytest.LogCaptureFixture, status: int, code: str | None, expected: str
) -> None:
    """Type and status come through; key and question appear in no error and no log."""
    caplog.set_level(logging.DEBUG)
    llmock.fail(status, code=code, message=f"bad {KEY} in {QUESTION}")
    async with adapter(llmock.base_url(), key_variable="ACME_KEY") as provider:
        error = await failure(provider)
    assert (error.type, error.status_code) == (expected, status)
    shown = f"{error!r} {error.suggestions} {caplog.text}"
    assert KEY not in shown
    assert QUESTION not in shown
    if status == 401:
        assert "ACME_KEY" in str(error)


async def test_rate_limit_tells_when_to_come_back(llmock: LLMock) -> None:
    """A 429 is asked once only, and carries the provider's wait."""
    llmock.rate_limit(retry_after=12)
    async with adapter(llmock.base_url()) as provider:
        error = await failure(provider)
    assert (error.type, error.retry_after, error.recoverable) == ("rate_limit", 12.0, True)
    assert len(llmock.requests) == 1


async def test_limits_are_read_from_real_headers(llmock: LLMock) -> None:
    """Every response's headers are seen; the counts are the provider's own."""
    llmock.limits(rpm=10)
    limits = LimitTracker()
    async with adapter(llmock.base_url(), on_headers=limits.record_headers) as provider:
        await answer(provider)
    stated = limits.rate_limit()["requests"]
    assert (stated.limit, stated.remaining, stated.percentage_used) == (10, 9, 10.0)


@pytest.mark.parametrize("in_stream", [False, True])
async def test_limits_are_read_from_an_error_that_states_them(in_stream: bool) -> None:
    """OpenRouter tells the limits of free models in the error alone; reset is a moment of its clock."""
    moment, limits = time.time() + 7200, LimitTracker()  # the server's clock is two hours ahead
    stated = {
        "X-RateLimit-Limit": "20",
        "X-RateLimit-Remaining": "0",
        "X-RateLimit-Reset": str(int((moment + 40) * 1000)),
    }
    error = {"message": "Rate limit exceeded", "code": 429, "metadata": {"headers": stated}}

    async def refuse(_: RawRequest, reply: RawReply) -> None:
        date = email.utils.formatdate(moment, usegmt=True)
        if in_stream:
            await reply.raw(f"HTTP/1.1 200 OK\r\nDate: {date}\r\nConnection: close\r\n\r\n".encode())
            await reply.delta("One")
            await reply.event({"error": error, "choices": []})
        else:
            await reply.json({"error": error}, status=429, headers={"Date": date})

    async with scripted(refuse, on_headers=limits.record_headers) as (provider, _):
        assert (await failure(provider)).type == "rate_limit"
    found = limits.rate_limit()["requests"]
    assert (found.limit, found.remaining, found.percentage_used) == (20, 0, 100.0)
    seconds = limits.would_refuse(request())
    assert seconds is not None
    assert 0 < seconds < 42


async def test_context_overflow_has_its_own_code(llmock: LLMock) -> None:
    """A prompt that is too long is not the provider's failure."""
    llmock.context_overflow()
    async with adapter(llmock.base_url()) as provider:
        error = await failure(provider)
    assert (error.code, error.recoverable) == ("context_length_exceeded", False)


@pytest.mark.parametrize("fault", ["truncate", "disconnect"])
async def test_cut_answer_is_an_error_after_its_text(llmock: LLMock, fault: str) -> None:
    """What came is kept, but a cut answer is never passed off as complete."""
    getattr(llmock, fault)(after_chunks=4)
    seen: list[Chunk] = []
    async with adapter(llmock.base_url()) as provider:
        error = await failure(provider, seen)
    assert (error.type, error.code, error.recoverable) == ("network_error", "truncated", True)
    assert "".join(chunk.text for chunk in seen)
    assert all(chunk.finish_reason is None for chunk in seen)


async def test_corrupt_chunk_ends_the_answer(llmock: LLMock) -> None:
    """A chunk that is not JSON is an error, not a gap."""
    llmock.corrupt(after_chunks=2)
    async with adapter(llmock.base_url()) as provider:
        assert (await failure(provider)).code == "malformed"


async def test_first_token_clock_runs_out_when_nothing_comes(llmock: LLMock) -> None:
    """A provider that does not begin is given up after its clock."""
    llmock.slow_first_token(30)
    async with adapter(llmock.base_url(), timeouts=SHORT) as provider:
        assert (await failure(provider)).code == "first_token_timeout"


async def test_idle_clock_runs_out_when_the_answer_stalls(llmock: LLMock) -> None:
    """A provider that stalls in the middle is given up after its clock."""
    llmock.stall(after_chunks=3, seconds=30)
    seen: list[Chunk] = []
    timeouts = Timeouts(connect=30, first_token=30, idle=0.4, answer=None)
    async with adapter(llmock.base_url(), timeouts=timeouts) as provider:
        assert (await failure(provider, seen)).code == "idle_timeout"
    assert seen


async def test_answer_clock_runs_out_when_the_answer_never_ends() -> None:
    """Steady tokens do not keep an endless answer alive."""

    async def endless(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        async for _ in ticks(0.02):
            await reply.delta("x")

    async with scripted(endless, timeouts=Timeouts(answer=0.4)) as (provider, _):
        assert (await failure(provider)).code == "answer_timeout"


@pytest.mark.parametrize(
    "sign",
    [b": still working\n\n", b"data: \n\n", b'data: {"choices": [{"delta": {"role": "assistant"}}]}\n\n'],
)
async def test_sign_of_life_starts_the_first_token_clock_again(sign: bytes) -> None:
    """A server that says it is working is waited for, longer in all than the clock."""
    quick = Timeouts(connect=30, first_token=2, idle=30, answer=None)

    async def loading(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        async for _ in ticks(0.1, 25):  # together longer than the clock, on purpose
            await reply.raw(sign)
        await reply.delta("loaded", finish_reason="stop")

    async with scripted(loading, timeouts=quick) as (provider, _):
        assert "".join(chunk.text for chunk in await answer(provider)) == "loaded"


async def test_answer_clock_runs_out_when_there_are_only_signs_of_life() -> None:
    """Comments for ever are no answer."""

    async def chatter(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        async for _ in ticks(0.02):
            await reply.raw(b": still working\n\n")

    async with scripted(chatter, timeouts=Timeouts(first_token=30, answer=0.5)) as (provider, _):
        assert (await failure(provider)).code == "answer_timeout"


async def test_end_is_not_waited_for_when_the_answer_is_there() -> None:
    """After a finish reason a server that keeps the connection open costs a moment, no clock."""

    async def lingering(request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        await reply.delta("done", finish_reason="stop")
        async for _ in ticks(0.1):
            if request.closed.is_set():
                return
            await reply.raw(b": still here\n\n")

    patient = Timeouts(connect=30, first_token=3600, idle=3600, answer=None)
    async with scripted(lingering, timeouts=patient) as (provider, _):
        assert (await asyncio.wait_for(answer(provider), 60))[-1].finish_reason == "stop"


@pytest.mark.parametrize("count", [1, 400])
async def test_compressed_answer_is_read_in_small_pieces(count: int) -> None:
    """Nobody asked for gzip; an answer in it is an answer, one without an end is cut at its limit."""
    event = b'data: {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}\n\n'
    body = gzip.compress(event if count == 1 else b"data: " + b" " * count * 1024 * 1024)

    async def squeezed(_request: RawRequest, reply: RawReply) -> None:
        await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n" + body)

    async with scripted(squeezed) as (provider, _):
        if count == 1:
            assert "".join(chunk.text for chunk in await answer(provider)) == "Hi"
        else:
            tracemalloc.start()
            error = await failure(provider)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert error.code == "malformed"
            assert peak < 16 * 1024 * 1024


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_list_of_models_has_an_end(encoding: str) -> None:
    """A list of 200 MB, small on the wire or not, is no list."""
    body = gzip.compress(b'{"data": [' + b" " * 200 * 1024 * 1024) if encoding == "gzip" else None

    async def endless(request: RawRequest, reply: RawReply) -> None:
        await reply.raw(
            f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nConnection: close\r\n\r\n".encode()
        )
        if body is not None:
            await reply.raw(body)
        while not request.closed.is_set():
            await reply.raw(b" " * 65536)

    async with scripted(endless, timeouts=Timeouts(connect=30)) as (provider, _):
        tracemalloc.start()
        with pytest.raises(ProviderError) as caught:
            await provider.models()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert caught.value.code in {"list_too_long", "answer_timeout"}
    assert peak < 16 * 1024 * 1024


async def test_list_of_models_that_is_too_long_is_called_that() -> None:
    """It can be read, but nobody does; what to do instead is in the line."""

    async def long(_: RawRequest, reply: RawReply) -> None:
        await reply.json({"data": [{"id": f"model-{number}-" + "x" * 100} for number in range(10_000)]})

    async with scripted(long) as (provider, _):
        with pytest.raises(ProviderError, match=r"more models than can be read.*models setting") as caught:
            await provider.models()
    assert caught.value.code == "list_too_long"


@pytest.mark.parametrize(("path", "hint"), [("", True), ("/", True), ("/v1", False), ("/api", False)])
async def test_address_without_its_path_says_so(path: str, hint: bool) -> None:
    """The root of a server has no API: the line names the address that has one, most of the time."""

    async def nothing(_: RawRequest, reply: RawReply) -> None:
        await reply.json({"detail": "Not Found"}, status=404)

    async with RawHttpServer(nothing) as server:
        origin = server.base_url.removesuffix("/v1")
        async with adapter(origin + path) as provider:
            error = await failure(provider)
    assert error.type == "model_not_found"
    assert (f"Set its URL to {origin}/v1" in str(error)) is hint


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ([{"id": "a"}, {"id": "b"}], ["a", "b"]),
        ({"models": [{"name": "a"}]}, ["a"]),
        ({"data": [{"id": "a"}, {"id": "x" * 500_000}, {"id": 7}, None, {}, {"id": "a\nb"}]}, ["a"]),
        ({"data": None}, []),
        ({"data": [{"id": str(number)} for number in range(3000)]}, [str(number) for number in range(1000)]),
    ],
)
async def test_models_are_read_from_any_list_and_bounded(listing: Any, expected: list[str]) -> None:
    """Every usual shape; names that are none are left out."""

    async def lists(_request: RawRequest, reply: RawReply) -> None:
        await reply.json(listing)

    async with scripted(lists, model=None) as (provider, _):
        assert await provider.models() == expected


async def test_key_that_no_header_carries_is_an_error_without_it() -> None:
    """The variable is named; nothing is sent."""

    async def never(_request: RawRequest, _reply: RawReply) -> None:
        raise AssertionError("nothing may be sent")

    key = Secret("sk\u2013secret")
    async with scripted(never, api_key=key, key_variable="ACME_KEY") as (provider, server):
        error = await failure(provider)
        assert server.requests == []
    assert (error.code, error.recoverable) == ("unusable_key", False)
    assert "ACME_KEY" in str(error)
    assert "secret" not in repr(error)


async def test_certificate_of_an_own_ca_names_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Unknown: a line that says what to set. Set: the answer, on loopback as well."""
    context, _ = self_signed(tmp_path)

    async def quick(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        await reply.delta("Hi", finish_reason="stop")

    async with RawHttpServer(quick, tls=context) as server:
        url = f"https://127.0.0.1:{server.port}/v1"
        async with adapter(url) as provider:
            error = await failure(provider)
        assert (error.code, error.recoverable) == ("certificate", False)
        assert "SSL_CERT_FILE" in str(error)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
        async with adapter(url) as provider:
            assert (await answer(provider))[0].text == "Hi"


async def test_proxy_that_is_not_there_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """The way to a provider is the proxy's fault, and its password shows nowhere."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hunter2@127.0.0.1:{free_port()}")
    async with adapter("https://api.example/v1") as provider:
        error = await failure(provider)
    assert error.code == "proxy"
    assert "HTTPS_PROXY" in str(error)
    assert "hunter2" not in f"{error!r} {error.suggestions}"


async def test_ipv6_address_is_shown_in_brackets() -> None:
    """What can be pasted into a browser."""
    async with adapter(f"http://[::1]:{free_port()}/v1") as provider:
        error = await failure(provider)
    assert "http://[::1]:" in str(error)


async def test_slow_reader_is_not_the_providers_fault() -> None:
    """The clocks time the provider only: a reader that pauses gets the rest."""

    async def quick(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        for word in ("a", "b", "c"):
            await reply.delta(word)
        await reply.event("[DONE]")

    async with (
        scripted(quick, timeouts=Timeouts(first_token=60, idle=0.3)) as (provider, _),
        aclosing(provider.generate(request())) as chunks,
    ):
        text = ""
        async for chunk in chunks:
            text += chunk.text
            await asyncio.sleep(0.4)  # longer than the idle clock, on purpose
    assert text == "abc"


async def test_unreachable_provider_is_named_with_its_address_only() -> None:
    """A closed port is a network error that says where."""
    port = free_port()
    async with adapter(f"http://127.0.0.1:{port}/v1") as provider:
        error = await failure(provider)
    assert (error.type, error.code) == ("network_error", "unreachable")
    assert f"http://127.0.0.1:{port}" in str(error)


async def test_request_is_closed_at_once_when_the_reader_stops() -> None:
    """Closing the generator hangs up, which is how providers learn to stop."""

    async def patient(request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        await reply.delta("one")
        await request.closed.wait()

    async with scripted(patient) as (provider, server):
        chunks = provider.generate(request())
        assert (await anext(chunks)).text == "one"
        await chunks.aclose()
        await asyncio.wait_for(server.requests[0].closed.wait(), 30)


async def test_request_is_closed_at_once_when_the_task_is_cancelled() -> None:
    """Cancelling the reading task in the middle of a wait hangs up too."""

    async def silent(request: RawRequest, _reply: RawReply) -> None:
        await request.closed.wait()

    async with scripted(silent) as (provider, server):
        task = asyncio.create_task(answer(provider))
        await eventually(lambda: server.requests)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.requests[0].closed.wait(), 30)


@pytest.mark.parametrize("field", ["stream_options", "max_tokens"])
async def test_optional_field_is_left_out_when_it_is_refused(field: str) -> None:
    """One refusal teaches; later requests go without the field, a limit keeps its newer name."""

    async def strict(request: RawRequest, reply: RawReply) -> None:
        if field in request.json:
            await reply.json({"error": {"message": f"Unsupported parameter: '{field}'"}}, status=400)
            return
        await reply.start_stream()
        await reply.delta("ok", finish_reason="stop")

    async with scripted(strict) as (provider, server):
        for _ in range(2):
            chunks = await answer(provider, max_tokens=7)
            assert "".join(chunk.text for chunk in chunks) == "ok"
    assert [field in item.json for item in server.requests] == [True, False, False]
    if field == "max_tokens":
        assert server.requests[-1].json["max_completion_tokens"] == 7


async def test_bad_request_is_not_sent_twice() -> None:
    """A refusal that names no optional field is final."""

    async def refuse(_request: RawRequest, reply: RawReply) -> None:
        await reply.json({"error": {"message": "no"}}, status=400)

    async with scripted(refuse) as (provider, server):
        error = await failure(provider)
    assert (error.code, error.recoverable, len(server.requests)) == ("bad_request", False, 1)


async def test_answer_is_complete_when_the_line_breaks_after_its_end() -> None:
    """A reset after the finish reason takes nothing from the answer."""

    async def careless(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        await reply.delta("done", finish_reason="stop")
        await asyncio.sleep(0.05)
        reply.abort()

    async with scripted(careless) as (provider, _):
        chunks = await answer(provider)
    assert [chunk.text for chunk in chunks] == ["done", ""]
    assert chunks[-1].finish_reason == "stop"


async def test_web_page_is_refused_when_the_url_is_not_an_api() -> None:
    """A 200 with HTML says what the URL should be."""

    async def page(_request: RawRequest, reply: RawReply) -> None:
        await reply.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>")

    async with scripted(page) as (provider, _):
        error = await failure(provider)
    assert error.code == "malformed"
    assert "/v1" in str(error.suggestions)


async def test_models_lists_the_configured_one_first(llmock: LLMock) -> None:
    """The listing comes from the endpoint; the default leads."""
    async with adapter(llmock.base_url(), model="my-tuned-model") as provider:
        models = await provider.models()
    assert models[0] == "my-tuned-model"
    assert len(models) > 1
    async with adapter(llmock.base_url(), model=None) as provider:
        listed = await provider.models()
        assert [chunk.model for chunk in await answer(provider)][-1] == listed[0]


async def test_proxy_is_not_used_for_loopback(llmock: LLMock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment never sees what is meant for this machine."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with adapter(llmock.base_url()) as provider:
        assert await answer(provider)


async def test_closed_provider_says_so() -> None:
    """After aclose nothing is opened again."""
    async with adapter("http://127.0.0.1:9/v1") as provider:
        await provider.aclose()
        assert (await failure(provider)).code == "closed"


async def test_server_that_is_still_loading_its_model_is_asked_again() -> None:
    """A 503 that says so is no failure; one that goes on for longer than the first token's clock is."""
    refusals = 2

    async def loading(request: RawRequest, reply: RawReply) -> None:
        if len(server.requests) <= refusals:
            error = {"message": "Loading model", "type": "unavailable_error", "code": 503}
            await reply.json({"error": error}, status=503)
            return
        await reply.start_stream()
        await reply.delta("loaded", finish_reason="stop")

    async with scripted(loading) as (provider, server):
        assert (await answer(provider))[0].text == "loaded"
        assert len(server.requests) == 3
    refusals = 1000
    async with scripted(loading, timeouts=Timeouts(connect=30, first_token=2)) as (provider, server):
        assert (await failure(provider)).code in {"unavailable_error", "first_token_timeout"}


async def test_default_model_can_chat() -> None:
    """The first of the list that is no embedding."""

    async def lists(request: RawRequest, reply: RawReply) -> None:
        if request.method == "GET":
            await reply.json({"data": [{"id": "nomic-embed-text"}, {"id": "qwen3"}]})
            return
        await reply.start_stream()
        await reply.delta("Hi", finish_reason="stop")

    async with scripted(lists, model=None) as (provider, server):
        await answer(provider)
        assert server.requests[-1].json["model"] == "qwen3"
