"""What a model thinks, and the tools it asks for, over the whole product: server, hub, client, prompt."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.providers.anthropic.adapter import AnthropicMessages
from conduit_widget.providers.openai.adapter import OpenAICompatible
from conduit_widget.providers.provider import Provider
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.integration.widget.test_chat import closed, opened
from tests.support.chat.server import chat_server
from tests.support.kernel.comm import recorded_comms
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest

THOUGHT, TEXT = "SECRET-THOUGHT", "It is."
CALL = {"id": "call_1", "name": "look_up", "arguments": '{"what": "it"}'}


@pytest.fixture(autouse=True)
def _comms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Recorded comms and a stand-in browser part."""
    module = tmp_path / "chat.js"
    module.write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", module.parent)
    with recorded_comms(monkeypatch):
        yield
    stop_loop_thread()


def chunks(*deltas: dict[str, Any], finish: str = "stop") -> list[dict[str, Any]]:
    """Events of a chat completion."""
    return [
        *({"model": "m", "choices": [{"index": 0, "delta": delta}]} for delta in deltas),
        {"model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
    ]


def blocks(*found: tuple[dict[str, Any], dict[str, Any]], reason: str = "end_turn") -> list[dict[str, Any]]:
    """Events of a message."""
    events: list[dict[str, Any]] = [{"type": "message_start", "message": {"model": "m", "content": []}}]
    for index, (block, delta) in enumerate(found):
        events += [
            {"type": "content_block_start", "index": index, "content_block": block},
            {"type": "content_block_delta", "index": index, "delta": delta},
            {"type": "content_block_stop", "index": index},
        ]
    return [*events, {"type": "message_delta", "delta": {"stop_reason": reason}}, {"type": "message_stop"}]


SAYS = ({"type": "text", "text": ""}, {"type": "text_delta", "text": TEXT})
THINKS = ({"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": THOUGHT})
WANTS = (
    {"type": "tool_use", "id": CALL["id"], "name": CALL["name"], "input": {}},
    {"type": "input_json_delta", "partial_json": CALL["arguments"]},
)
TOOL_DELTAS = (
    {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "look_up", "arguments": '{"what"'}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": ': "it"}'}}]},
)
THINKING: dict[str, tuple[type[Any], list[dict[str, Any]]]] = {
    "a field": (OpenAICompatible, chunks({"reasoning_content": THOUGHT}, {"content": TEXT})),
    "another field": (OpenAICompatible, chunks({"reasoning": THOUGHT}, {"content": TEXT})),
    "tags": (OpenAICompatible, chunks({"content": f"<think>{THOUGHT}</th"}, {"content": f"ink>{TEXT}"})),
    "parts": (
        OpenAICompatible,
        chunks(
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": THOUGHT}]},
                    {"type": "text", "text": TEXT},
                ]
            }
        ),
    ),
    "blocks": (AnthropicMessages, blocks(THINKS, SAYS)),
}
TOOLS: dict[str, tuple[type[Any], list[dict[str, Any]], list[dict[str, Any]]]] = {
    "openai": (
        OpenAICompatible,
        chunks({"content": TEXT}, *TOOL_DELTAS, finish="tool_calls"),
        chunks(*TOOL_DELTAS, finish="tool_calls"),
    ),
    "anthropic": (
        AnthropicMessages,
        blocks(SAYS, WANTS, reason="tool_use"),
        blocks(WANTS, reason="tool_use"),
    ),
}


@asynccontextmanager
async def asked(
    tmp_path: Path, kind: type[Any], *answers: list[dict[str, Any]]
) -> AsyncIterator[tuple[Chat, RawHttpServer]]:
    """A chat whose model gives these answers, the last one for good."""

    async def script(request: RawRequest, reply: RawReply) -> None:
        answer = answers[min(len(server.requests), len(answers)) - 1]
        await reply.start_stream()
        await reply.raw(b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in answer))

    async with RawHttpServer(script) as server:
        provider: Provider = kind("acme", server.base_url, model="m")
        async with chat_server(tmp_path / "h.db", provider) as hub:
            chat = await opened(hub)
            yield chat, server
            await closed(chat)
        await provider.aclose()


@pytest.mark.parametrize("name", THINKING)
async def test_thought_is_in_no_text_and_no_prompt(tmp_path: Path, name: str) -> None:
    """The text, what is shown of it and what is asked next hold the answer alone; the thought is apart."""
    kind, events = THINKING[name]
    async with asked(tmp_path, kind, events) as (chat, server):
        pieces = [piece async for piece in chat.stream("Is it?")]
        message = chat.messages[-1]
        answer = await chat.ask("And now?")
        bodies = [request.body for request in server.requests]
    assert ("".join(pieces), message.text, answer.text) == (TEXT, TEXT, TEXT)
    assert message.metadata["reasoning"] == THOUGHT
    assert THOUGHT not in f"{message!r} {message._repr_mimebundle_()}"
    assert len(bodies) == 2
    assert TEXT.encode() in bodies[1]
    assert THOUGHT.encode() not in bodies[1]


@pytest.mark.parametrize("name", TOOLS)
async def test_tool_call_is_data_beside_the_answer(tmp_path: Path, name: str) -> None:
    """With text: a line says that a tool was asked for. Without: the answer failed, and says so."""
    kind, with_text, without = TOOLS[name]
    async with asked(tmp_path, kind, with_text, without) as (chat, _):
        answer = await chat.ask("Is it?")
        with pytest.raises(Exception, match="asked for a tool") as caught:
            await chat.ask("Is it?")
        failed = chat.messages[-1]
    assert (answer.text, answer.metadata["toolCalls"]) == (TEXT, [CALL])
    assert answer.metadata["providerFinishReason"] == "tool_calls"
    assert "tool" in answer.metadata["notice"]
    assert (failed.text, failed.metadata["status"], failed.metadata["toolCalls"]) == ("", "error", [CALL])
    assert "look_up" not in str(caught.value)
