"""The Messages API over real sockets: what the published API sends, cut anywhere, and what it is asked."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from llmock.pytest_plugin import LLMock

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.anthropic.adapter import MAX_TOKENS, AnthropicMessages
from conduit_widget.providers.keys import Secret
from conduit_widget.providers.limits.rate_limit_headers import parse_rate_limit
from conduit_widget.providers.provider import (
    Chunk,
    GenerationParameters,
    GenerationRequest,
    PromptMessage,
    ToolCall,
    Usage,
)
from conduit_widget.providers.provider_config import Timeouts
from conduit_widget.types import ImagePart, ImageUrl, TextPart
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest, Script
from tests.support.waiting import ticks

KEY = "sk-ant-do-not-show-this"
SIZES = (1, 2, 7, 10**6)
MODEL = "claude-sonnet-9-20991231"
THOUGHT, TEXT = "Hm, é😀.", "Yes 😀é!"


def events(*payloads: dict[str, Any]) -> bytes:
    """Events as the API writes them, each with its name."""
    return "".join(
        f"event: {payload['type']}\ndata: {json.dumps(payload, ensure_ascii=False)}\n\n"
        for payload in payloads
    ).encode()


def start(**usage: Any) -> dict[str, Any]:
    """The beginning of a message."""
    message: dict[str, Any] = {
        "model": MODEL,
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 1, "service_tier": "standard", **usage},
    }
    return {"type": "message_start", "message": message}


def block(index: int, kind: str, deltas: list[dict[str, Any]], **fields: Any) -> list[dict[str, Any]]:
    """A content block: its beginning, its deltas, its end."""
    return [
        {"type": "content_block_start", "index": index, "content_block": {"type": kind, **fields}},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text_block(index: int, *pieces: str) -> list[dict[str, Any]]:
    """A block of text."""
    return block(index, "text", [{"type": "text_delta", "text": piece} for piece in pieces], text="")


def end(reason: Any = "end_turn", **usage: Any) -> list[dict[str, Any]]:
    """The end of a message."""
    delta = {"stop_reason": reason, "stop_sequence": None}
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5, **usage}},
        {"type": "message_stop"},
    ]


PING = {"type": "ping"}
THINKING = block(
    0,
    "thinking",
    [
        {"type": "thinking_delta", "thinking": THOUGHT[:3]},
        {"type": "thinking_delta", "thinking": THOUGHT[3:]},
        {"type": "signature_delta", "signature": "EqQBCgIYAhIM1gbcDa9GJwZA2b3h"},
    ],
    thinking="",
    signature="",
)
WEATHER = block(
    1,
    "tool_use",
    [
        {"type": "input_json_delta", "partial_json": ""},
        {"type": "input_json_delta", "partial_json": '{"city": "K'},
        {"type": "input_json_delta", "partial_json": 'öln"}'},
    ],
    id="toolu_1",
    name="get_weather",
    input={},
)
PLAIN = events(start(), *text_block(0, TEXT[:3], TEXT[3:]), *end())
WHOLE = json.dumps(
    {
        **start()["message"],
        "content": [{"type": "thinking", "thinking": THOUGHT}, {"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 12, "output_tokens": 5},
    }
).encode()

STREAMS: dict[str, tuple[bytes, Chunk, str, str]] = {
    "the usual one": (PLAIN, Chunk("", MODEL, "stop", Usage(12, 5)), TEXT, ""),
    "pings everywhere": (
        events(start(), PING, *text_block(0, TEXT)[:2], PING, PING, *end()),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        "",
    ),
    "thinking first": (
        events(start(), *THINKING, *text_block(1, TEXT), *end()),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        THOUGHT,
    ),
    "thinking that is hidden": (
        events(start(), *block(0, "redacted_thinking", [], data="EmwKAhgB"), *text_block(1, TEXT), *end()),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        "",
    ),
    "signs of life": (
        b": PROCESSING\n\n"
        + events(start())
        + b"data: \n\ndata: : keepalive\n\n"
        + PLAIN.partition(b"\n\n")[2].replace(b"\n\n", b"\n\n: PROCESSING\n\ndata: \n\n"),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        "",
    ),
    "two thoughts": (
        events(start(), *THINKING, *text_block(1, TEXT[:3]), *THINKING, *text_block(3, TEXT[3:]), *end()),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        f"{THOUGHT}\n\n{THOUGHT}",
    ),
    "a tool": (
        events(start(), *text_block(0, TEXT), *WEATHER, *end("tool_use")),
        Chunk(
            "",
            MODEL,
            "tool_calls",
            Usage(12, 5),
            tool_calls=(ToolCall("toolu_1", "get_weather", '{"city": "Köln"}'),),
        ),
        TEXT,
        "",
    ),
    "a tool of the server's": (
        events(
            start(),
            *block(0, "server_tool_use", [{"type": "input_json_delta", "partial_json": "{}"}], id="s"),
            *block(1, "web_search_tool_result", [], content=[{"type": "x", "url": "https://x"}]),
            *block(2, "text", [{"type": "citations_delta", "citation": {"cited_text": "no"}}], text=""),
            *text_block(3, TEXT),
            *end(),
        ),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        "",
    ),
    "what the cache held": (
        events(
            start(cache_read_input_tokens=100, cache_creation_input_tokens=7),
            *text_block(0, TEXT),
            *end(input_tokens=0),
        ),
        Chunk("", MODEL, "stop", Usage(119, 5, 100, 7)),
        TEXT,
        "",
    ),
    "counts of the wrong type": (
        events(start(input_tokens="many", output_tokens=None), *text_block(0, TEXT), *end(output_tokens=5.0)),
        Chunk("", MODEL, "stop", Usage(None, 5)),
        TEXT,
        "",
    ),
    "fields of the wrong type": (
        events(
            start(service_tier=float("nan")),
            {"type": "content_block_start", "index": "0", "content_block": None},
            {"type": "content_block_delta", "index": None, "delta": None},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": None}},
            {"type": "content_block_delta", "delta": {"text": TEXT, "type": 7}},
            {"type": "a_later_one", "more": [1e300]},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": [5]},
        ),
        Chunk("", MODEL, "stop", Usage(12, 1)),
        TEXT,
        "",
    ),
    "no stop reason": (
        events(start(), *text_block(0, TEXT), {"type": "message_stop"}),
        Chunk("", MODEL, "stop", Usage(12, 1)),
        TEXT,
        "",
    ),
    "no message_stop": (
        events(start(), *text_block(0, TEXT), *end()[:1]),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        "",
    ),
    "carriage returns, no names, a BOM": (
        b"\xef\xbb\xbf"
        + b"".join(
            line + b"\r\n" for line in PLAIN.replace(b"data: ", b"data:").split(b"\n") if line[:5] != b"event"
        ),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        "",
    ),
    "half a character": (
        b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"Yes \\ud83d"}}\n\n'
        b'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"\\ude00\xc3\xa9!"}}\n\n'
        + events(*end()),
        Chunk("", "asked", "stop", Usage(None, 5)),
        TEXT,
        "",
    ),
    "tags in the text": (
        events(start(), *text_block(0, "<thin", f"king>{THOUGHT}</think", f"ing>\n{TEXT}"), *end()),
        Chunk("", MODEL, "stop", Usage(12, 5)),
        TEXT,
        THOUGHT,
    ),
    "an answer that came whole": (WHOLE, Chunk("", MODEL, "stop", Usage(12, 5)), TEXT, THOUGHT),
}


def played(stream: bytes, size: int = 10**6) -> Script:
    """Send a stream in pieces of ``size`` bytes."""

    async def play(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        for begin in range(0, len(stream), size):
            await reply.raw(stream[begin : begin + size])

    return play


@asynccontextmanager
async def adapter(script: Script, **options: Any) -> AsyncIterator[tuple[AnthropicMessages, RawHttpServer]]:
    """An adapter on a scripted server."""
    async with RawHttpServer(script) as server:
        url = f"http://127.0.0.1:{server.port}"
        provider = AnthropicMessages(
            "claude",
            url,
            **{"api_key": Secret(KEY), "model": "asked", "key_variable": "CLAUDE_KEY", **options},
        )
        try:
            yield provider, server
        finally:
            await provider.aclose()


def request(*messages: PromptMessage, **parameters: Any) -> GenerationRequest:
    """A question."""
    return GenerationRequest(
        messages=list(messages or [PromptMessage("user", "Is it?")]),
        parameters=GenerationParameters(**parameters),
    )


async def answer(provider: AnthropicMessages, asked: GenerationRequest | None = None) -> list[Chunk]:
    """The whole answer."""
    async with aclosing(provider.generate(asked or request())) as chunks:
        return [chunk async for chunk in chunks]


async def failure(provider: AnthropicMessages, seen: list[Chunk] | None = None) -> ProviderError:
    """The error of an answer; the chunks before it go to ``seen``."""
    seen = [] if seen is None else seen

    async def read() -> None:
        async with aclosing(provider.generate(request())) as chunks:
            async for chunk in chunks:
                seen.append(chunk)

    with pytest.raises(ProviderError) as caught:
        await read()
    return caught.value


def whole(chunks: list[Chunk]) -> str:
    """All text."""
    return "".join(chunk.text for chunk in chunks)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", STREAMS)
async def test_stream_is_read_wherever_it_is_cut(name: str, size: int) -> None:
    """Text, reasoning, tool calls, counts and the reason of the end; reasoning is never in the text."""
    stream, last, text, reasoning = STREAMS[name]
    async with adapter(played(stream, size)) as (provider, _):
        chunks = await answer(provider)
    assert chunks[-1] == last
    assert (whole(chunks), "".join(chunk.reasoning for chunk in chunks)) == (text, reasoning)
    assert [chunk.finish_reason for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "refusal"),
        ("pause_turn", "pause_turn"),
        ("something_new", "something_new"),
        (7, "unknown"),
        (f"said {KEY}", "unknown"),
    ],
)
async def test_stop_reasons_are_told_apart(reason: Any, word: str) -> None:
    """In the words that all providers use, else in the API's own; never in words that are none."""
    async with adapter(played(events(start(), *text_block(0, "Hi"), *end(reason)))) as (provider, _):
        assert (await answer(provider))[-1].finish_reason == word


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("overloaded_error", ("server_error", "overloaded_error", 529)),
        ("rate_limit_error", ("rate_limit", "rate_limit_error", 429)),
        ("api_error", ("server_error", "api_error", 500)),
        ("timeout_error", ("server_error", "timeout_error", 504)),
        ("invalid_request_error", ("server_error", "invalid_request_error", 400)),
        ("authentication_error", ("auth_error", "authentication_error", 401)),
        ("permission_error", ("auth_error", "permission_error", 403)),
    ],
)
async def test_error_inside_a_stream_is_the_providers_own(
    kind: str, expected: tuple[str, str, int], size: int
) -> None:
    """What came before it is passed on, and it is no whole answer."""
    error = {"type": "error", "error": {"type": kind, "message": f"Is it? {KEY}"}, "request_id": "req_1"}
    stream = events(start(), *text_block(0, "Hi")[:2], error)
    seen: list[Chunk] = []
    async with adapter(played(stream, size)) as (provider, _):
        found = await failure(provider, seen)
    assert whole(seen) == "Hi"
    assert (found.type, found.code, found.status_code) == expected
    assert KEY not in f"{found!r} {found.suggestions}"


@pytest.mark.parametrize(
    ("status", "kind", "message", "code", "recoverable"),
    [
        (400, "invalid_request_error", "messages: at least one message is required", None, False),
        (400, "invalid_request_error", "prompt is too long: 9 > 8", failures.CONTEXT_OVERFLOW, False),
        (
            400,
            "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
            failures.CONTEXT_OVERFLOW,
            False,
        ),
        (413, "request_too_large", "Request exceeds the maximum size", failures.CONTEXT_OVERFLOW, False),
        (400, "invalid_request_error", "Your credit balance is too low", failures.QUOTA_EXHAUSTED, False),
        (402, "billing_error", "Pay", "billing_error", False),
        (401, "authentication_error", "invalid x-api-key", None, False),
        (403, "permission_error", "no", None, False),
        (404, "not_found_error", "model: x", None, False),
        (429, "rate_limit_error", "slow", None, True),
        (500, "api_error", "Internal", None, True),
        (504, "timeout_error", "late", None, True),
        (529, "overloaded_error", "Overloaded", None, True),
        (
            400,
            "invalid_request_error",
            "This model does not support assistant message prefill. The conversation must end with a user "
            "message.",
            failures.PREFILL_REFUSED,
            False,
        ),
    ],
)
async def test_refusal_says_what_to_do(
    status: int, kind: str, message: str, code: str | None, recoverable: bool
) -> None:
    """Each of the API's errors is told apart; its own text, which may echo anything, shows nowhere."""

    async def refuse(_request: RawRequest, reply: RawReply) -> None:
        body = {"type": "error", "error": {"type": kind, "message": f"{message} Is it? {KEY}"}}
        await reply.json(body, status=status, headers={"retry-after": "7", "request-id": "req_1"})

    async with adapter(refuse) as (provider, server):
        error = await failure(provider)
        assert len(server.requests) == 1
    assert (error.code, error.status_code, error.recoverable) == (code or kind, status, recoverable)
    assert error.suggestions
    assert "Is it?" not in str(error)
    assert KEY not in f"{error!r} {error.suggestions}"
    assert ("CLAUDE_KEY" in str(error)) == (status in {401, 403})
    if status in {429, 529}:
        assert error.retry_after == 7


async def test_request_is_what_the_api_wants() -> None:
    """The key and the version in headers, system text apart, a limit of tokens always, nothing it has not."""
    messages = (
        PromptMessage("system", "Be brief."),
        PromptMessage("user", "One?"),
        PromptMessage("assistant", "Two."),
        PromptMessage("user", [TextPart(text="This"), TextPart(text=" \n")]),
    )
    async with adapter(played(PLAIN)) as (provider, server):
        await answer(
            provider, request(*messages, temperature=1.7, top_p=0.5, seed=3, max_tokens=9, stop=["a", " "])
        )
        await answer(provider)
    asked, bare = server.requests
    assert (asked.method, asked.path) == ("POST", "/v1/messages")
    assert (asked.headers["x-api-key"], asked.headers["anthropic-version"]) == (KEY, "2023-06-01")
    assert "authorization" not in asked.headers
    assert asked.json == {
        "model": "asked",
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "One?"},
            {"role": "assistant", "content": "Two."},
            {"role": "user", "content": [{"type": "text", "text": "This"}]},
        ],
        "stream": True,
        "max_tokens": 9,
        "temperature": 1.0,
        "top_p": 0.5,
        "stop_sequences": ["a"],
    }
    assert bare.json["max_tokens"] == MAX_TOKENS
    assert "system" not in bare.json


PIXEL = base64.b64encode(b"\x89PNG\xff\xfe\xfd").decode()


@pytest.mark.parametrize(
    ("url", "source"),
    [
        (
            f"data:image/png;base64,{PIXEL}",
            {"type": "base64", "media_type": "image/png", "data": PIXEL},
        ),
        (
            "data:image/jpg;charset=x;base64," + PIXEL.replace("+", "-").replace("/", "_").rstrip("="),
            {"type": "base64", "media_type": "image/jpeg", "data": PIXEL},
        ),
        (
            "DATA:IMAGE/GIF,%47if",
            {"type": "base64", "media_type": "image/gif", "data": base64.b64encode(b"Gif").decode()},
        ),
        ("https://x.example/a.png", {"type": "url", "url": "https://x.example/a.png"}),
    ],
)
async def test_image_is_sent_by_its_bytes_or_by_reference(url: str, source: dict[str, str]) -> None:
    """A data URL becomes bytes in the alphabet the API takes."""
    picture = PromptMessage("user", [TextPart(text="What?"), ImagePart(image_url=ImageUrl(url=url))])
    async with adapter(played(PLAIN)) as (provider, server):
        await answer(provider, request(picture))
    assert server.requests[0].json["messages"][0]["content"] == [
        {"type": "text", "text": "What?"},
        {"type": "image", "source": source},
    ]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("begun", "sent", "continued", "expected"),
    [
        ("Roses are", "Roses are", [" red"], "Roses are red"),
        ("Roses are ", "Roses are", [" ", "red"], "Roses are red"),
        ("Roses are ", "Roses are", ["red"], "Roses are red"),
        ("One.\n\n", "One.", ["\n", "\nTwo."], "One.\n\nTwo."),
        ("One.\n", "One.", ["\n\n- Two"], "One.\n\n- Two"),
        ("One. ", "One.", ["\n\nTwo"], "One. \n\nTwo"),
    ],
)
async def test_begun_answer_is_continued_without_a_blank_twice(
    begun: str, sent: str, continued: list[str], expected: str, size: int
) -> None:
    """The API refuses a blank at the end of what it is to continue, and gives it again: it counts once."""

    async def strict(asked: RawRequest, reply: RawReply) -> None:
        last = asked.json["messages"][-1]
        if last["content"] != last["content"].rstrip():
            text = "messages: final assistant content cannot end with trailing whitespace"
            await reply.json({"type": "error", "error": {"type": "invalid_request_error", "message": text}})
            return
        await played(events(start(), *text_block(0, *continued), *end()), size)(asked, reply)

    prompt = request(PromptMessage("user", "A poem?"), PromptMessage("assistant", begun))
    async with adapter(strict) as (provider, server):
        text = begun + whole(await answer(provider, prompt))
    assert server.requests[0].json["messages"][-1] == {"role": "assistant", "content": sent}
    assert text == expected


async def test_nothing_begun_is_no_message() -> None:
    """An empty beginning is left out: the API takes no blank message."""
    prompt = request(PromptMessage("user", "A poem?"), PromptMessage("assistant", " \n"))
    async with adapter(played(PLAIN)) as (provider, server):
        assert whole(await answer(provider, prompt)) == TEXT
    assert [message["role"] for message in server.requests[0].json["messages"]] == ["user"]


@pytest.mark.parametrize(
    ("message", "left"),
    [
        ("`temperature` and `top_p` cannot both be specified for this model. Use only one.", {"temperature"}),
        ("`temperature` is deprecated for this model.", {"top_p", "stop_sequences"}),
        ("stop_sequences: Extra inputs are not permitted", {"temperature", "top_p"}),
        ("system: Extra inputs are not permitted", {"temperature", "top_p", "stop_sequences"}),
    ],
)
async def test_refused_field_is_left_out_and_remembered(message: str, left: set[str]) -> None:
    """One more request without it, and no second refusal; system text goes into the first question."""
    field = "system" if message.startswith("system") else next(iter({"top_p"} - left), "")
    field = field or ("temperature" if "temperature" not in left else "stop_sequences")

    async def strict(asked: RawRequest, reply: RawReply) -> None:
        if field in asked.json:
            error = {"type": "invalid_request_error", "message": message}
            await reply.json({"type": "error", "error": error}, status=400)
        else:
            await played(PLAIN)(asked, reply)

    prompt = request(
        PromptMessage("system", "Be brief."),
        PromptMessage("user", "Is it?"),
        temperature=0.5,
        top_p=0.9,
        stop=["@"],
    )
    async with adapter(strict) as (provider, server):
        assert [whole(await answer(provider, prompt)) for _ in range(2)] == [TEXT, TEXT]
    bodies = [each.json for each in server.requests]
    assert [field in body for body in bodies] == [True, False, False]
    assert left <= set(bodies[-1])
    assert bodies[-1].get("system", bodies[-1]["messages"][0]["content"][:9]) == "Be brief."


async def test_smaller_limit_of_a_model_is_learnt_unless_somebody_chose_it() -> None:
    """The default of a limit that the API insists on is ours to mend; a person's own limit is theirs."""
    message = f"max_tokens: {MAX_TOKENS} > 4096, which is the maximum allowed number of output tokens"

    async def small(asked: RawRequest, reply: RawReply) -> None:
        if asked.json["max_tokens"] > 4096:
            error = {"type": "invalid_request_error", "message": message}
            await reply.json({"type": "error", "error": error}, status=400)
        else:
            await played(PLAIN)(asked, reply)

    async with adapter(small) as (provider, server):
        assert whole(await answer(provider)) == TEXT
        assert whole(await answer(provider)) == TEXT
        assert [each.json["max_tokens"] for each in server.requests] == [MAX_TOKENS, 4096, 4096]
        with pytest.raises(ProviderError):
            await answer(provider, request(max_tokens=9000))
        assert len(server.requests) == 4


async def test_models_are_listed_and_the_default_is_no_surprise() -> None:
    """The configured one first; unnamed, the newest of the middle size is asked."""
    listing = {
        "data": [{"type": "model", "id": name} for name in ("claude-opus-9", MODEL, "claude-haiku-9")],
        "has_more": False,
    }

    async def lists(asked: RawRequest, reply: RawReply) -> None:
        if asked.method == "GET":
            await reply.json(listing)
        else:
            await played(PLAIN)(asked, reply)

    async with adapter(lists) as (provider, server):
        assert (await provider.models())[:2] == ["asked", "claude-opus-9"]
        assert server.requests[0].path.startswith("/v1/models")
        assert server.requests[0].headers["anthropic-version"]
    async with adapter(lists, model=None) as (provider, server):
        await answer(provider)
        assert server.requests[-1].json["model"] == MODEL


async def test_pings_are_life() -> None:
    """A server that says that it works is waited for, longer than the clock of the first token."""

    async def slow(_request: RawRequest, reply: RawReply) -> None:
        await reply.start_stream()
        async for _ in ticks(0.2, 8):  # together longer than the clock, on purpose
            await reply.raw(events(PING))
        await reply.raw(PLAIN)

    async with adapter(slow, timeouts=Timeouts(first_token=1.0, idle=30)) as (provider, _):
        assert whole(await answer(provider)) == TEXT


async def test_cut_answer_is_no_whole_one() -> None:
    """A stream that ends before its end is an error, after its text."""
    async with adapter(played(events(start(), *text_block(0, "Hi")))) as (provider, _):
        assert (await failure(provider)).code == failures.TRUNCATED


async def test_other_api_behind_the_url_is_named() -> None:
    """Chunks of a chat completion are no message: the error says to look at URL and kind."""
    stream = b'data: {"choices":[{"delta":{"content":"Hi"}}]}\n\ndata: [DONE]\n\n'
    async with adapter(played(stream)) as (provider, _):
        error = await failure(provider)
    assert error.code == failures.MALFORMED
    assert "kind" in str(error)


async def test_limits_are_read_from_real_headers(llmock: LLMock) -> None:
    """What the API says of its limits is understood: requests, tokens and their resets."""
    llmock.limits(rpm=10, tpm=100_000)
    headers: list[dict[str, str]] = []
    provider = AnthropicMessages(
        "claude",
        llmock.base_url("anthropic"),
        api_key=Secret(KEY),
        model="claude-x",
        on_headers=lambda got: headers.append(dict(got)),
    )
    await answer(provider)
    await provider.aclose()
    limits = parse_rate_limit(headers[-1])
    assert (limits["requests"].limit, limits["requests"].remaining) == (10, 9)
    assert limits["tokens"].limit == 100_000
    assert limits["requests"].reset
