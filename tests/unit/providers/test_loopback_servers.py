"""Finding model servers on loopback."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import msgspec
import pytest

from conduit_widget.providers import loopback_servers
from conduit_widget.providers.loopback_servers import DETECT_TIMEOUT, SIGNATURES, Signature
from tests.support.ports import free_port
from tests.support.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually

OLLAMA = {
    "models": [{"name": "nomic-embed-text:latest", "digest": "1"}, {"name": "llama3:8b", "digest": "2"}]
}
LM_STUDIO = {
    "data": [
        {"id": "idle", "type": "llm", "state": "not-loaded"},
        {"id": "embedder", "type": "embeddings", "state": "loaded"},
        {"id": "ready", "type": "llm", "state": "loaded"},
    ]
}
ANSWERS = [
    ("ollama", OLLAMA, ["llama3:8b"]),
    ("lm-studio", LM_STUDIO, ["ready", "idle"]),
    ("llama.cpp", {"data": [{"id": "m.gguf", "owned_by": "llamacpp"}]}, ["m.gguf"]),
    ("vllm", {"data": [{"id": "qwen", "owned_by": "vllm"}]}, ["qwen"]),
]


def at(signature_name: str, port: int) -> Signature:
    """The signature of this name, on another port."""
    signature = next(item for item in SIGNATURES if item.name == signature_name)
    return msgspec.structs.replace(signature, port=port)


def answering(payload: Any) -> RawHttpServer:
    """A server that says the same to everybody."""

    async def script(_request: RawRequest, reply: RawReply) -> None:
        await reply.json(payload)

    return RawHttpServer(script)


@pytest.mark.parametrize(("name", "payload", "models"), ANSWERS)
async def test_server_is_found_when_it_answers_as_its_kind_does(
    name: str, payload: Any, models: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name, a /v1 address and the chat models come out; no key went in."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    monkeypatch.setenv("CONDUIT_PROVIDER_KEY", "sk-mine")
    async with answering(payload) as server:
        ((config, found),) = await loopback_servers.detect([at(name, server.port)], timeout=30)
        (request,) = server.requests
    assert (config.name, found, config.model) == (name, models, models[0])
    assert config.base_url == f"http://127.0.0.1:{server.port}/v1"
    assert config.api_key is None
    assert "sk-mine" not in str(request)


@pytest.mark.parametrize(
    "payload", [{"data": [{"id": "x"}]}, {"models": []}, [1], "hello", {"data": [3]}, None]
)
async def test_foreign_service_is_left_alone_when_it_sits_on_the_port(payload: Any) -> None:
    """A port alone proves nothing: whatever else answers there is not a provider."""
    async with answering(payload) as server:
        signatures = [at(name, server.port) for name, _, _ in ANSWERS]
        assert await loopback_servers.detect(signatures, timeout=30) == []


async def test_looking_takes_half_a_second_at_most_when_a_port_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A silent, a closed and a good port are asked together; the good one is still found."""
    assert inspect.signature(loopback_servers.detect).parameters["timeout"].default == DETECT_TIMEOUT == 0.5
    clock = SkippingClock(monkeypatch)

    async def silent(request: RawRequest, _reply: RawReply) -> None:
        await request.closed.wait()

    async def heard(request: RawRequest, reply: RawReply) -> None:
        await reply.json(OLLAMA)
        await request.closed.wait()

    async with RawHttpServer(silent) as mute, RawHttpServer(heard) as good:
        ports = {"llama.cpp": mute.port, "vllm": free_port(), "ollama": good.port}
        signatures = [at(name, port) for name, port in ports.items()]
        looking = asyncio.create_task(loopback_servers.detect(signatures, timeout=60))
        await eventually(lambda: mute.requests and good.requests and good.requests[0].closed.is_set())
        assert not looking.done()
        clock.skip(61)
        assert [config.name for config, _ in await asyncio.wait_for(looking, 30)] == ["ollama"]
        await asyncio.wait_for(mute.requests[0].closed.wait(), 30)
