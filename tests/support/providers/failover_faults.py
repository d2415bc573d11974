"""What can go wrong with a provider, before its answer and in it, as scripts of a server on a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from llmock.pytest_plugin import LLMock

from conduit_widget.providers.failures import CONTEXT_OVERFLOW
from conduit_widget.providers.provider_config import Timeouts
from tests.support.network.raw_http_server import RawReply, RawRequest

WHOLE: Final = "One two three é😀 four five six."
"""What every provider here answers, whoever begins it and whoever ends it."""
BEGUN: Final = "One two three"
"""What readers have when an answer fails in its middle."""
PATIENT: Final = Timeouts(connect=30, first_token=30, idle=30, answer=None)
SHORT: Final = 0.3

Kind = Literal["before", "middle", "request", "end", "stop"]


@dataclass
class Scene:
    """What a script plays before.

    ``seen`` is set once readers have :data:`BEGUN`, ``freed`` once the server has nothing more to do.
    """

    seen: asyncio.Event
    freed: asyncio.Event


Play = Callable[[RawRequest, RawReply, Scene], Awaitable[None]]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong. ``code`` is what the hub calls it, ``breaker`` what it does to that.

    ``kind``: another provider answers (``before``), goes on (``middle``), or nobody does: the request is at
    fault, the answer ended in a way that is no failure, or its reader stopped it.
    """

    name: str
    kind: Kind
    play: Play
    code: str
    breaker: str = "closed"
    timeouts: Timeouts = PATIENT
    text: str = ""
    leaves: bool = False
    """The server is gone by the time it is asked."""
    mock: Callable[[LLMock], object] | None = None
    """What llmock, a fake provider, is told to do instead of the script."""


def words(text: str) -> list[str]:
    """The words of a text, each with the blank before it."""
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


async def go_on(request: RawRequest, reply: RawReply) -> None:
    """Answer :data:`WHOLE`, or what is missing of it after a last message of the assistant."""
    last = request.json["messages"][-1]
    said = last["content"] if last["role"] == "assistant" else ""
    assert WHOLE.startswith(said)
    await reply.start_stream()
    for word in words(WHOLE[len(said) :]):
        await reply.delta(word)
    await reply.event({"model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    await reply.event("[DONE]")


async def begin(reply: RawReply, scene: Scene) -> None:
    """Answer the beginning, and wait until it has been read."""
    await reply.start_stream()
    for word in words(BEGUN):
        await reply.delta(word)
    await scene.seen.wait()


def status(
    number: int, code: str | None = None, message: str = "no", headers: dict[str, str] | None = None
) -> Play:
    """Refuse with an HTTP status."""

    async def play(_request: RawRequest, reply: RawReply, _scene: Scene) -> None:
        await reply.json({"error": {"message": message, "code": code}}, status=number, headers=headers)

    return play


def raw(data: bytes) -> Play:
    """Send bytes and close."""

    async def play(_request: RawRequest, reply: RawReply, _scene: Scene) -> None:
        await reply.raw(data)

    return play


def stream(*events: Any, then: bytes = b"", waits: bool = False) -> Play:
    """Send events before any text, then bytes; close or wait."""

    async def play(request: RawRequest, reply: RawReply, _scene: Scene) -> None:
        await reply.start_stream()
        for event in events:
            await reply.event(event)
        if then:
            await reply.raw(then)
        if waits:
            await request.closed.wait()

    return play


def begun(*events: Any, then: bytes = b"", waits: bool = False, abort: bool = False) -> Play:
    """Send the beginning, then events and bytes; close, wait or cut the connection."""

    async def play(request: RawRequest, reply: RawReply, scene: Scene) -> None:
        await begin(reply, scene)
        for event in events:
            await reply.event(event)
        if then:
            await reply.raw(then)
        if waits:
            await request.closed.wait()
        if abort:
            reply.abort()

    return play


async def _abort(_request: RawRequest, reply: RawReply, _scene: Scene) -> None:
    reply.abort()


async def _silence(request: RawRequest, _reply: RawReply, _scene: Scene) -> None:
    await request.closed.wait()


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """One chunk."""
    return {"model": "m", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def error(code: str) -> dict[str, Any]:
    """One event with an error."""
    return {"error": {"message": "no", "type": code, "code": code}}


_NO_TOKEN: Final = Timeouts(connect=30, first_token=SHORT, idle=30, answer=None)
_NO_MORE: Final = Timeouts(connect=30, first_token=30, idle=SHORT, answer=None)
_TOO_LONG: Final = Timeouts(connect=30, first_token=30, idle=30, answer=SHORT)
_LATER: Final = {"Retry-After": "30"}
_HTML: Final = b"<!doctype html><title>Welcome</title>"
_PAGE: Final = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
_HALF_EVENT: Final = b'data: {"choices": [{"index": 0, "delta": {"content": " fo'

FAULTS: Final = (
    # Nobody has seen anything yet.
    Fault("the server is gone", "before", _abort, "unreachable", "open", leaves=True),
    Fault("it cuts the connection", "before", _abort, "unreachable", "open"),
    Fault("it hangs up without a word", "before", raw(b""), "unreachable", "open"),
    Fault("it does not speak HTTP", "before", raw(b"SSH-2.0-Oops\r\n"), "unreachable", "open"),
    Fault("HTTP 500", "before", status(500), "server_error"),
    Fault("HTTP 502 with a page", "before", raw(_PAGE % (b"502 Bad", len(_HTML), _HTML)), "server_error"),
    Fault("HTTP 503", "before", status(503), "server_error"),
    Fault(
        "HTTP 503 with Retry-After",
        "before",
        status(503, headers={"Retry-After": "30"}),
        "server_error",
        "open",
    ),
    Fault("HTTP 529, overloaded", "before", status(529, "overloaded_error"), "overloaded_error"),
    Fault("HTTP 429", "before", status(429), "rate_limit"),
    Fault(
        "HTTP 429 with Retry-After",
        "before",
        status(429, headers=_LATER),
        "rate_limit",
        "open",
    ),
    Fault("the quota is used up", "before", status(429, "insufficient_quota"), "insufficient_quota", "open"),
    Fault("HTTP 401, the key is refused", "before", status(401), "auth_error", "open"),
    Fault("HTTP 403", "before", status(403), "auth_error", "open"),
    Fault("HTTP 404, no such model", "before", status(404, "model_not_found"), "model_not_found"),
    Fault("HTTP 408", "before", status(408), "server_error"),
    Fault(
        "it has moved (HTTP 301)", "before", status(301, headers={"Location": "/v2"}), "redirected", "open"
    ),
    Fault("no answer at all", "before", _silence, "first_token_timeout", timeouts=_NO_TOKEN),
    Fault("headers, then silence", "before", stream(waits=True), "first_token_timeout", timeouts=_NO_TOKEN),
    Fault("an empty stream", "before", stream(), "malformed"),
    Fault("a role, then the end", "before", stream(delta(role="assistant", content="")), "truncated"),
    Fault("a page instead of an answer", "before", raw(_PAGE % (b"200 OK", len(_HTML), _HTML)), "malformed"),
    Fault("an error as the first event", "before", stream(error("overloaded_error")), "overloaded_error"),
    Fault("an event that is no JSON", "before", stream("{nonsense"), "malformed"),
    Fault("thoughts, then the end", "before", stream(delta(reasoning_content="Hm.")), "truncated"),
    # Readers have the beginning.
    Fault("the connection is cut in mid-answer", "middle", begun(abort=True), "truncated", text=BEGUN),
    Fault("the stream ends in mid-answer", "middle", begun(), "truncated", text=BEGUN),
    Fault("it ends within an event", "middle", begun(then=_HALF_EVENT), "truncated", text=BEGUN),
    Fault(
        "it falls silent in mid-answer",
        "middle",
        begun(waits=True),
        "idle_timeout",
        timeouts=_NO_MORE,
        text=BEGUN,
    ),
    Fault(
        "the answer takes too long",
        "middle",
        begun(waits=True),
        "answer_timeout",
        timeouts=_TOO_LONG,
        text=BEGUN,
    ),
    Fault(
        "an error in mid-answer",
        "middle",
        begun(error("overloaded_error")),
        "overloaded_error",
        text=BEGUN,
    ),
    Fault(
        "its limit is reached in mid-answer",
        "middle",
        begun(error("rate_limit_exceeded")),
        "rate_limit_exceeded",
        text=BEGUN,
    ),
    Fault("no JSON in mid-answer", "middle", begun("{nonsense"), "malformed", text=BEGUN),
    # The same from a fake provider that others made.
    Fault(
        "llmock: an outage",
        "before",
        _silence,
        "service_unavailable",
        "open",
        mock=lambda mock: mock.fail(503, times=None, retry_after=30),
    ),
    Fault(
        "llmock: a limit with Retry-After",
        "before",
        _silence,
        "rate_limit_exceeded",
        "open",
        mock=lambda mock: mock.rate_limit(retry_after=30),
    ),
    Fault(
        "llmock: an answer that is cut",
        "middle",
        _silence,
        "truncated",
        text="One two ",
        mock=lambda mock: mock.reply(WHOLE).truncate(after_chunks=3),
    ),
    Fault(
        "llmock: an event that is corrupt",
        "middle",
        _silence,
        "malformed",
        text="One two ",
        mock=lambda mock: mock.reply(WHOLE).corrupt(after_chunks=3),
    ),
    Fault(
        "llmock: a connection that is dropped",
        "middle",
        _silence,
        "truncated",
        text="One two ",
        mock=lambda mock: mock.reply(WHOLE).disconnect(after_chunks=3),
    ),
    # Nobody else would do better.
    Fault("HTTP 400, a bad request", "request", status(400), "bad_request"),
    Fault("HTTP 422", "request", status(422, "invalid"), "invalid"),
    Fault("the prompt is too long", "request", status(400, CONTEXT_OVERFLOW), CONTEXT_OVERFLOW),
    Fault("the prompt is filtered", "request", status(400, "content_filter"), "content_filter"),
    Fault("an answer without text", "end", stream(delta("stop"), "[DONE]"), "no_text"),
    Fault("a tool is asked for", "end", stream(delta("tool_calls"), "[DONE]"), "tool_calls"),
    Fault("the answer is filtered", "end", begun(delta("content_filter"), "[DONE]"), "", text=BEGUN),
    Fault("the limit of tokens is reached", "end", begun(delta("length"), "[DONE]"), "", text=BEGUN),
    Fault("its reader stops it", "stop", begun(waits=True), "", text=BEGUN),
    Fault("its reader stops it before the first word", "stop", _silence, ""),
)
