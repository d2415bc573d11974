"""Real servers, byte for byte: a question, reasoning, a refusal and an error in the middle, of each."""

from __future__ import annotations

import json
from contextlib import aclosing
from typing import Any, NamedTuple

import msgspec
import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import GenerationParameters, GenerationRequest, PromptMessage
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest

REQUEST = GenerationRequest(
    messages=[PromptMessage("system", "Be brief."), PromptMessage("user", "Is it?")],
    parameters=GenerationParameters(max_tokens=9, temperature=0.5, seed=7),
)
THOUGHT = "Hm, é😀."
TEXT = "Yes 😀é!"
ID = {"id": "cmpl-1", "created": 1_760_000_000, "model": "m-1"}


class Refusal(NamedTuple):
    """What a server answers to a request it does not take, and what it must not see again."""

    status: int
    body: Any
    field: str


class Server(NamedTuple):
    """What a server sends: bytes of a stream, an error in its middle (or None), and a refusal."""

    question: bytes
    reasoning: bytes
    error: bytes
    expected_error: tuple[str, str | None, int | None]
    refusal: Refusal
    usage: tuple[int | None, int | None] | None = (12, 5)
    finish: str = "stop"


def data(*payloads: Any, end: str = "\n\n") -> bytes:
    """Events as JSON, texts as they are."""
    texts = (each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in payloads)
    return "".join(f"data: {text}{end}" for text in texts).encode()


def chunk(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    """One ``chat.completion.chunk``."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**ID, "object": "chat.completion.chunk", "choices": [choice], **more}


USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}
ROLE = chunk({"role": "assistant", "content": ""})
YES, REST = chunk({"content": TEXT[:3]}), chunk({"content": TEXT[3:]})
STOP = chunk({}, "stop")
USAGE_ALONE = {**ID, "object": "chat.completion.chunk", "choices": [], "usage": USAGE}
DONE = "[DONE]"


def plain(*, before: bytes = b"", after: tuple[Any, ...] = (STOP, USAGE_ALONE, DONE)) -> bytes:
    """The usual stream with the usual answer."""
    return before + data(ROLE, YES, REST, *after)


def thinking(field: str) -> bytes:
    """The same, with reasoning in a field of the delta."""
    return data(
        ROLE, chunk({field: THOUGHT[:3], "content": None}), chunk({field: THOUGHT[3:]}), YES, REST, STOP, DONE
    )


TAGGED = data(
    ROLE,
    *(chunk({"content": each}) for each in ("<thi", "nk>", THOUGHT, "</thin", "k>\n\n", TEXT)),
    STOP,
    DONE,
)

_EXTRA = [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra", "input": {}}]
_AZURE_RESULTS = {"hate": {"filtered": False, "severity": "safe"}}
_OPENROUTER_WAITS = b": OPENROUTER PROCESSING\n\n" * 3
_GATEWAY_ALIVE = b"data: \n\ndata: : keepalive\n\n"

SERVERS: dict[str, Server] = {
    "Mistral": Server(
        question=data(ROLE, YES, {**chunk({"content": TEXT[3:]}, "stop"), "usage": USAGE}, DONE),
        reasoning=data(
            chunk(
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}], "closed": True}
                    ],
                }
            ),
            chunk({"content": [{"type": "text", "text": TEXT[:3]}]}),
            REST,
            STOP,
            DONE,
        ),
        error=data(
            ROLE, YES, {"object": "error", "message": "x", "type": "internal_server_error", "code": "3700"}
        ),
        expected_error=("server_error", "internal_server_error", 500),
        refusal=Refusal(
            422,
            {"object": "error", "message": {"detail": _EXTRA}, "type": "invalid_request_error"},
            "stream_options",
        ),
    ),
    "Azure": Server(
        question=data(
            {"choices": [], "id": "", "model": "", "object": "", "prompt_filter_results": [_AZURE_RESULTS]}
        )
        + plain(
            after=(
                {
                    **ID,
                    "choices": [
                        {"index": 0, "finish_reason": None, "content_filter_offsets": {"end_offset": 9}}
                    ],
                },
                chunk({}, "content_filter", content_filter_results=_AZURE_RESULTS),
                {**USAGE_ALONE, "usage": {**USAGE, "completion_tokens_details": None}},
                DONE,
            )
        ),
        reasoning=thinking("reasoning_content"),
        error=data(
            ROLE, YES, {"error": {"code": "429", "message": "slow", "type": "rate_limit_error"}}, DONE
        ),
        expected_error=("rate_limit", "rate_limit_error", 429),
        refusal=Refusal(
            400,
            {
                "error": {
                    "message": "'max_tokens' is unsupported. Use 'max_completion_tokens'.",
                    "param": "max_tokens",
                    "code": "unsupported_parameter",
                }
            },
            "max_tokens",
        ),
        finish="content_filter",
    ),
    "OpenRouter": Server(
        question=plain(before=_OPENROUTER_WAITS),
        reasoning=_OPENROUTER_WAITS
        + data(
            chunk(
                {
                    "role": "assistant",
                    "content": "",
                    "reasoning": THOUGHT,
                    "reasoning_details": [{"type": "reasoning.text", "text": THOUGHT}],
                }
            ),
            *(
                chunk({"role": "assistant", "content": each, "reasoning": None})
                for each in (TEXT[:3], TEXT[3:])
            ),
            {**chunk({"role": "assistant", "content": ""}, "stop"), "native_finish_reason": "STOP"},
            DONE,
        ),
        error=_OPENROUTER_WAITS
        + data(
            ROLE, YES, chunk({"content": ""}, "error", error={"code": 502, "message": "gone", "metadata": {}})
        ),
        expected_error=("server_error", None, 502),
        refusal=Refusal(
            400,
            {
                "error": {
                    "code": 400,
                    "message": "x",
                    "metadata": {
                        "raw": json.dumps({"error": {"param": "temperature"}}),
                        "provider_name": "p",
                    },
                    "param": "temperature",
                }
            },
            "temperature",
        ),
    ),
    "vLLM, older": Server(
        question=plain(),
        reasoning=thinking("reasoning_content"),
        error=data(
            ROLE,
            YES,
            {"object": "error", "message": "x", "type": "BadRequestError", "param": None, "code": 400},
            DONE,
        ),
        expected_error=("server_error", "BadRequestError", 400),
        refusal=Refusal(
            400,
            {
                "object": "error",
                "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'input': {}}]",
                "code": 400,
            },
            "stream_options",
        ),
    ),
    "vLLM": Server(
        question=plain(after=(chunk({"content": ""}, "stop", usage=None), USAGE_ALONE, DONE)),
        reasoning=thinking("reasoning"),
        error=data(
            ROLE,
            YES,
            {"error": {"message": "x", "type": "InternalServerError", "param": None, "code": 500}},
            DONE,
        ),
        expected_error=("server_error", "InternalServerError", 500),
        refusal=Refusal(
            400, {"error": {"message": "x", "type": "BadRequestError", "param": "seed", "code": 400}}, "seed"
        ),
    ),
    "Ollama": Server(
        question=data(
            *(
                {**chunk({"role": "assistant", "content": each}), "system_fingerprint": "fp_ollama"}
                for each in (TEXT[:3], TEXT[3:])
            ),
            chunk({"role": "assistant", "content": ""}, "stop"),
            USAGE_ALONE,
            DONE,
        ),
        reasoning=thinking("reasoning"),
        error=data(YES)
        + b'{"error":{"message":"out of memory","type":"api_error","param":null,"code":null}}\n',
        expected_error=("server_error", "api_error", 500),
        refusal=Refusal(
            400,
            {"error": {"message": "unknown field: stream_options", "type": "invalid_request_error"}},
            "stream_options",
        ),
    ),
    "LM Studio": Server(
        question=plain(
            after=({**STOP, "stats": {}}, {**USAGE_ALONE, "usage": {**USAGE, "prompt_tokens": 12.0}}, DONE)
        ),
        reasoning=TAGGED,
        error=data(ROLE, YES)
        + b"event: error\n"
        + data({"error": {"message": "Context size exceeded", "code": 400}, "message": "x"}),
        expected_error=("server_error", "context_length_exceeded", 400),
        refusal=Refusal(
            400, {"error": "'messages' must not have a system role: system role not supported"}, "system"
        ),
    ),
    "llama.cpp": Server(
        question=data(
            chunk({"role": "assistant", "content": None}),
            YES,
            REST,
            STOP,
            {**USAGE_ALONE, "timings": {"predicted_ms": 1.5}},
            DONE,
        ),
        reasoning=thinking("reasoning_content"),
        error=data(ROLE, YES) + b'error: {"code":500,"message":"x","type":"server_error"}\n\n',
        expected_error=("server_error", "server_error", 500),
        refusal=Refusal(
            500,
            {
                "error": {
                    "code": 500,
                    "message": "Jinja Exception: System role not supported",
                    "type": "server_error",
                }
            },
            "system",
        ),
    ),
    "Gemma behind vLLM": Server(
        question=data(
            ROLE, YES, REST, {**chunk({"content": ""}, "stop"), "stop_reason": 106}, USAGE_ALONE, DONE
        ),
        reasoning=TAGGED,
        error=data(ROLE, YES, {"error": {"message": "x", "type": "InternalServerError", "code": 500}}, DONE),
        expected_error=("server_error", "InternalServerError", 500),
        refusal=Refusal(
            400,
            {
                "object": "error",
                "message": "System role not supported",
                "type": "BadRequestError",
                "code": 400,
            },
            "system",
        ),
    ),
    "a gateway": Server(
        question=_GATEWAY_ALIVE
        + data(YES)
        + _GATEWAY_ALIVE
        + data(REST, STOP, USAGE_ALONE)
        + _GATEWAY_ALIVE
        + data(DONE),
        reasoning=_GATEWAY_ALIVE
        + data(chunk({"reasoning_content": THOUGHT}))
        + _GATEWAY_ALIVE
        + data(YES, REST, STOP),
        error=_GATEWAY_ALIVE + data(YES) + _GATEWAY_ALIVE + data({"detail": "upstream gone"}, DONE),
        expected_error=("server_error", None, 500),
        refusal=Refusal(400, "", "stream_options"),
    ),
    "a server that does not stream": Server(
        question=json.dumps(
            {
                **ID,
                "object": "chat.completion",
                "choices": [
                    {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
                ],
                "usage": USAGE,
            }
        ).encode(),
        reasoning=json.dumps(
            {
                "choices": [
                    {"message": {"content": TEXT, "reasoning_content": THOUGHT}, "finish_reason": "stop"}
                ]
            }
        ).encode(),
        error=json.dumps({"error": {"message": "x", "type": "server_error", "code": 503}}).encode(),
        expected_error=("server_error", "server_error", 503),
        refusal=Refusal(
            422, {"detail": [{"loc": ["body", "seed"], "msg": "Extra", "type": "extra_forbidden"}]}, "seed"
        ),
    ),
}


class Played:
    """Sends one of a server's streams, in pieces of ``size`` bytes; refuses first, if it has a refusal."""

    def __init__(self, stream: bytes, size: int, refusal: Refusal | None = None) -> None:
        self._stream = stream
        self._size = size
        self._refusal = refusal

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        if self._refusal is not None and self._is_refused(request.json):
            await self._refuse(self._refusal, reply)
            return
        kind = "application/json" if self._stream.startswith(b"{") else "text/event-stream"
        await reply.raw(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n".encode())
        for start in range(0, len(self._stream), self._size):
            await reply.raw(self._stream[start : start + self._size])

    def _is_refused(self, body: dict[str, Any]) -> bool:
        assert self._refusal is not None
        if self._refusal.field == "system":
            return any(message["role"] == "system" for message in body["messages"])
        return self._refusal.field in body

    async def _refuse(self, refusal: Refusal, reply: RawReply) -> None:
        if refusal.body == "":
            await reply.raw(
                f"HTTP/1.1 {refusal.status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
        else:
            await reply.json(refusal.body, status=refusal.status)


class Answered(NamedTuple):
    """The whole of an answer."""

    text: str
    reasoning: str
    finish: str | None
    usage: tuple[int | None, int | None] | None


async def ask(provider: OpenAICompatible) -> Answered:
    """Read one answer."""
    text, reasoning, finish, usage = "", "", None, None
    async with aclosing(provider.generate(REQUEST)) as chunks:
        async for each in chunks:
            text, reasoning, finish = text + each.text, reasoning + each.reasoning, each.finish_reason
            usage = each.usage
    return Answered(text, reasoning, finish, None if usage is None else msgspec.structs.astuple(usage)[:2])


@pytest.mark.parametrize("size", [1, 17, 1 << 20])
@pytest.mark.parametrize("name", SERVERS)
async def test_question_is_answered(name: str, size: int) -> None:
    """The exact text, how it ended, and what it cost."""
    server = SERVERS[name]
    async with RawHttpServer(Played(server.question, size)) as http:
        provider = OpenAICompatible("acme", http.base_url, model="m-1")
        answer = await ask(provider)
        await provider.aclose()
    assert answer == (TEXT, "", server.finish, server.usage)


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("name", SERVERS)
async def test_reasoning_is_kept_apart(name: str, size: int) -> None:
    """What the model thinks is in no part of its answer, wherever the server puts it."""
    async with RawHttpServer(Played(SERVERS[name].reasoning, size)) as http:
        provider = OpenAICompatible("acme", http.base_url, model="m-1")
        answer = await ask(provider)
        await provider.aclose()
    assert (answer.text, answer.reasoning, answer.finish) == (TEXT, THOUGHT, "stop")


@pytest.mark.parametrize("name", SERVERS)
async def test_refusal_is_understood_once_and_remembered(name: str) -> None:
    """The request goes again without what was refused, and the next one at once."""
    server = SERVERS[name]
    async with RawHttpServer(Played(server.question, 1 << 20, server.refusal)) as http:
        provider = OpenAICompatible("acme", http.base_url, model="m-1")
        answers = [await ask(provider) for _ in range(2)]
        await provider.aclose()
        bodies = [request.json for request in http.requests]
    assert {answer.text for answer in answers} == {TEXT}
    assert len(bodies) == 3
    if server.refusal.field == "system":
        assert "Be brief." in bodies[-1]["messages"][0]["content"]
    if server.refusal.field == "max_tokens":
        assert bodies[-1]["max_completion_tokens"] == 9


@pytest.mark.parametrize("size", [1, 1 << 20])
@pytest.mark.parametrize("name", SERVERS)
async def test_error_in_the_middle_is_the_servers_own(name: str, size: int) -> None:
    """Never a whole answer, never a guess."""
    server = SERVERS[name]
    async with RawHttpServer(Played(server.error, size)) as http:
        provider = OpenAICompatible("acme", http.base_url, model="m-1")
        with pytest.raises(ProviderError) as caught:
            await ask(provider)
        await provider.aclose()
    error = caught.value
    assert (error.type, error.code, error.status_code) == server.expected_error
