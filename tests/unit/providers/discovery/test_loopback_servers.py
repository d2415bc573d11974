"""Finding model servers on loopback."""

from __future__ import annotations

import asyncio
import inspect
from typing import Any

import msgspec
import pytest

from conduit_widget.providers.discovery import loopback_servers
from conduit_widget.providers.discovery.loopback_servers import DETECT_TIMEOUT, SIGNATURES, Signature
from tests.support.network.ports import free_port
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually

DIGEST = "a" * 64
OLLAMA = {
    "models": [
        {
            "name": name,
            "model": name,
            "modified_at": "2026-11-01T10:00:00Z",
            "size": 4661224676,
            "digest": DIGEST,
            "details": {"parent_model": "", "format": "gguf", "family": "llama"},
        }
        for name in ("nomic-embed-text:latest", "llama3:8b")
    ]
}
LM_STUDIO = {
    "object": "list",
    "data": [
        {"id": "idle", "object": "model", "type": "llm", "publisher": "x", "state": "not-loaded"},
        {"id": "embedder", "object": "model", "type": "embeddings", "state": "loaded"},
        {"id": "ready", "object": "model", "type": "vlm", "state": "loaded", "max_context_length": 8192},
    ],
}
LLAMA_CPP = {
    "models": [{"name": "m.gguf", "model": "m.gguf", "digest": "", "type": "model"}],
    "object": "list",
    "data": [{"id": "m.gguf", "object": "model", "owned_by": "llamacpp", "meta": {"n_ctx_train": 8192}}],
}
VLLM = {
    "object": "list",
    "data": [
        {"id": "qwen", "object": "model", "owned_by": "vllm", "root": "qwen", "max_model_len": 32768},
    ],
}
JAN = {
    "object": "list",
    "data": [{"id": "Jan-v3-4b", "object": "model", "created": 1, "owned_by": "user"}],
}
JAN_API = {
    "openapi": "3.0.0",
    "info": {"title": "Jan API Server Endpoints", "version": "1.0"},
    "servers": [{"url": "http://localhost:1337/v1"}],
}
LOCAL_AI = {
    "object": "list",
    "data": [
        {"id": name, "object": "model"}
        for name in (
            "text-embedding-ada-002",
            "whisper-1",
            "stablediffusion",
            "tts-1",
            "gpt-4",
            "jina-reranker",
        )
    ],
}
LOCAL_AI_SYSTEM = {"backends": ["llama-cpp"], "loaded_models": [{"id": "gpt-4"}]}

Pages = dict[str, Any]
SERVERS: list[tuple[str, Pages, list[str]]] = [
    ("ollama", {"/api/tags": OLLAMA}, ["llama3:8b"]),
    ("lm-studio", {"/api/v0/models": LM_STUDIO, "/v1/models": LM_STUDIO}, ["ready", "idle"]),
    ("llama.cpp", {"/v1/models": LLAMA_CPP, "/api/tags": LLAMA_CPP}, ["m.gguf"]),
    ("vllm", {"/v1/models": VLLM}, ["qwen"]),
    ("jan", {"/v1/models": JAN, "/openapi.json": JAN_API}, ["Jan-v3-4b"]),
    ("localai", {"/v1/models": LOCAL_AI, "/system": LOCAL_AI_SYSTEM}, ["gpt-4"]),
]
"""As each answers: paths, and the chat models to find."""


def at(signature_name: str, port: int) -> Signature:
    """The signature of this name, on another port."""
    signature = next(item for item in SIGNATURES if item.name == signature_name)
    return msgspec.structs.replace(signature, port=port)


def everywhere(port: int) -> list[Signature]:
    """Every signature, on one port."""
    return [at(signature.name, port) for signature in SIGNATURES]


def answering(payload: Any) -> RawHttpServer:
    """A server that says the same to everybody."""

    async def script(_request: RawRequest, reply: RawReply) -> None:
        await reply.json(payload)

    return RawHttpServer(script)


def serving(pages: Pages, *, refusals: dict[str, int] | None = None) -> RawHttpServer:
    """A server with these pages; what it has not is 404, some paths are refused otherwise."""

    async def script(request: RawRequest, reply: RawReply) -> None:
        if (status := (refusals or {}).get(request.path)) is not None:
            await reply.json({"error": "no"}, status=status, headers={"Location": "/elsewhere"})
        elif request.path in pages:
            await reply.json(pages[request.path])
        else:
            await reply.json({"error": "not found"}, status=404)

    return RawHttpServer(script)


@pytest.mark.parametrize(
    ("name", "pages", "models"), SERVERS, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_server_is_told_from_all_others_by_its_answers(
    name: str, pages: Pages, models: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for every kind on one port, it is found as the one it is; no key goes to it."""
    for variable in ("OPENAI_API_KEY", "CONDUIT_PROVIDER_KEY", "ANTHROPIC_API_KEY", "LM_API_TOKEN"):
        monkeypatch.setenv(variable, "sk-mine")
    async with serving(pages) as server:
        ((config, found),) = await loopback_servers.detect(everywhere(server.port), timeout=30)
        for request in server.requests:
            assert "sk-mine" not in str(request)
            assert not {"authorization", "x-api-key", "cookie"} & {key.lower() for key in request.headers}
    assert (config.name, found, config.model) == (name, models, models[0])
    assert config.base_url == f"http://127.0.0.1:{server.port}/v1"
    assert (config.api_key, config.headers) == (None, ())


def test_each_kind_is_looked_for_where_it_listens() -> None:
    """The usual ports; each has a line that names the server."""
    assert {item.name: item.port for item in SIGNATURES} == {
        "ollama": 11434,
        "lm-studio": 1234,
        "llama.cpp": 8080,
        "vllm": 8000,
        "jan": 1337,
        "localai": 8080,
    }
    assert loopback_servers.label("lm-studio") == "LM Studio, found on this computer."
    assert loopback_servers.label("house") == ""


@pytest.mark.parametrize(
    "payload",
    [
        {"data": [{"id": "x"}]},
        {"object": "list", "data": [{"id": "x", "object": "model", "owned_by": "user"}]},
        {"models": []},
        {"models": [{"name": "x", "digest": ""}]},
        {"models": [{"name": "x", "digest": 5}]},
        {"info": {"title": "My API"}, "data": [{"id": "x"}]},
        {"info": {"title": None}, "backends": "all", "data": [{"id": "x"}]},
        {"backends": [], "loaded_models": "none", "data": [{"id": "x"}]},
        [1],
        "hello",
        {"data": [3]},
        None,
    ],
)
async def test_foreign_service_is_left_alone_when_it_sits_on_the_port(payload: Any) -> None:
    """A port alone proves nothing: whatever else answers there is not a provider."""
    async with answering(payload) as server:
        assert await loopback_servers.detect(everywhere(server.port), timeout=30) == []


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 500, 503])
async def test_server_that_refuses_is_left_alone(status: int) -> None:
    """One that wants a key (Jan may), loads, or sends elsewhere is neither followed nor guessed at."""
    for _, pages, _ in SERVERS:
        lists = [path for path in pages if path.endswith(("/models", "/tags"))]
        async with serving({**pages, "/elsewhere": OLLAMA}, refusals=dict.fromkeys(lists, status)) as server:
            assert await loopback_servers.detect(everywhere(server.port), timeout=30) == []
            if status in {301, 302, 307}:
                assert all(request.path != "/elsewhere" for request in server.requests)


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
