"""The keys of providers: in nothing that a real hub writes or sends, in whatever way each provider fails."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import STATUS_HUB_PATH, ChatEvent, ChatMethod, StatusEvent, StatusMethod
from tests.support.chat.server import Person
from tests.support.hub.live_hub import LiveHub
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest

KEYS = {"openai": "sk-house-4f0Qz81LmX7dVb2KcTn9", "anthropic": "sk-ant-api03-Yw6RpE3uHsJ5gAo0BiNf"}
HEADER_SECRET = "org-team-7Gk2PdVx94LqZs1M"
SECRETS = (*KEYS.values(), HEADER_SECRET)
SHOWN_CHARS = 10
"""So many characters in a row of a secret are too many."""
CONFIG = """
[[providers]]
name = "{kind}"
kind = "{kind}"
base_url = "http://127.0.0.1:{port}/v1"
api_key_env = "{variable}"
model = "m"
headers_env = {{ X-Team = "TEAM_SECRET" }}
timeouts = {{ first_token = 3, idle = 1 }}
"""


def parts(secret: str) -> Iterator[str]:
    """All pieces of a secret that would be too much, as it is and as base64."""
    for text in (secret, base64.b64encode(secret.encode()).decode(), secret[::-1]):
        for begin in range(len(text) - SHOWN_CHARS + 1):
            piece = text[begin : begin + SHOWN_CHARS]
            if not piece.startswith(("sk-ant-api", "org-team-7")):
                yield piece


PARTS = {piece for secret in SECRETS for piece in parts(secret)}


def echoes(request: RawRequest) -> str:
    """All that a server could give back of what it was sent."""
    return " ".join(
        [*request.headers.values(), request.headers.get("authorization", "").removeprefix("Bearer ")]
    )


def key_of(request: RawRequest) -> str:
    """The key alone."""
    return request.headers.get("x-api-key") or request.headers["authorization"].removeprefix("Bearer ")


def delta(request: RawRequest, text: str, **more: Any) -> dict[str, Any]:
    """A piece of an answer in the API that was asked."""
    if request.path.endswith("/messages"):
        return {"type": "content_block_delta", "delta": {"type": "text_delta", "text": text}, **more}
    return {"choices": [{"index": 0, "delta": {"content": text}}], **more}


async def refuses(status: int, request: RawRequest, reply: RawReply) -> None:
    """An error of the API that tells everything it was sent."""
    error = {
        "message": echoes(request),
        "type": key_of(request),
        "code": key_of(request),
        "param": echoes(request),
    }
    headers = {"x-ratelimit-limit-requests": key_of(request), "retry-after": "0", "x-echo": key_of(request)}
    await reply.json(
        {"type": "error", "error": error, "request_id": key_of(request)}, status=status, headers=headers
    )


async def breaks(request: RawRequest, reply: RawReply) -> None:
    """The line breaks in mid-answer."""
    await reply.start_stream()
    await reply.event(delta(request, "Hm"))
    reply.abort()


async def reports(request: RawRequest, reply: RawReply) -> None:
    """An error in mid-answer."""
    await reply.start_stream()
    await reply.event(delta(request, "Hm"))
    await reply.event({"type": "error", "error": {"type": key_of(request), "message": echoes(request)}})


async def names(request: RawRequest, reply: RawReply) -> None:
    """The key is the model, the id and the reason of the end; there is no text."""
    await reply.start_stream()
    key = key_of(request)
    if request.path.endswith("/messages"):
        await reply.event({"type": "message_start", "message": {"model": key, "id": key}})
        tool = {"type": "tool_use", "id": "call", "name": "t", "input": {}}
        await reply.event({"type": "content_block_start", "index": 0, "content_block": tool})
        await reply.event({"type": "message_delta", "delta": {"stop_reason": key}})
    else:
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": key}
        await reply.event({"model": key, "id": key, "choices": [choice]})


async def is_no_json(request: RawRequest, reply: RawReply) -> None:
    """What should be JSON is none."""
    await reply.start_stream()
    await reply.event("{" + echoes(request))


async def is_a_page(request: RawRequest, reply: RawReply) -> None:
    """A web page."""
    await reply.raw(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<html>" + echoes(request).encode())


async def redirects(request: RawRequest, reply: RawReply) -> None:
    """Another address, with the key in it."""
    await reply.json({}, status=307, headers={"location": f"http://127.0.0.1:9/{key_of(request)}"})


async def is_no_http(request: RawRequest, reply: RawReply) -> None:
    """No HTTP at all."""
    await reply.raw(f"{key_of(request)} {echoes(request)}\r\n\r\n".encode())


async def hangs_up(_request: RawRequest, reply: RawReply) -> None:
    """No answer at all."""
    reply.abort()


async def falls_silent(request: RawRequest, reply: RawReply) -> None:
    """Nothing follows the first word."""
    await reply.start_stream()
    await reply.event(delta(request, "Hm"))
    await request.closed.wait()


STATUSES = (400, 401, 403, 404, 413, 422, 429, 500, 529)
Fault = Callable[[RawRequest, RawReply], Any]
FAULTS: dict[str, Fault] = {
    **{f"refuses with {status}": partial(refuses, status) for status in STATUSES},
    "breaks": breaks,
    "reports": reports,
    "names": names,
    "is no JSON": is_no_json,
    "is a page": is_a_page,
    "redirects": redirects,
    "is no HTTP": is_no_http,
    "hangs up": hangs_up,
    "falls silent": falls_silent,
}


class Failing:
    """A server that fails in the way that ``fault`` names; it lists its key among its models."""

    def __init__(self) -> None:
        self.fault = "names"
        self.asked = 0

    async def __call__(self, request: RawRequest, reply: RawReply) -> None:
        assert key_of(request) in KEYS.values()
        assert request.headers["x-team"] == HEADER_SECRET
        if request.method == "GET":
            await reply.json({"data": [{"id": "m"}, {"id": key_of(request)}, {"id": HEADER_SECRET}]})
        else:
            self.asked += 1
            await FAULTS[self.fault](request, reply)


def written_in(folder: Path) -> dict[str, str]:
    """What is in every file of a folder."""
    return {path.name: path.read_bytes().decode("latin-1") for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
async def servers() -> AsyncIterator[dict[str, tuple[Failing, RawHttpServer]]]:
    """A failing server for each kind of provider."""
    openai, anthropic = Failing(), Failing()
    async with RawHttpServer(openai) as first, RawHttpServer(anthropic) as second:
        yield {"openai": (openai, first), "anthropic": (anthropic, second)}


async def test_no_key_shows_however_each_provider_fails(
    tmp_path: Path, servers: dict[str, tuple[Failing, RawHttpServer]]
) -> None:
    """Log, events, snapshots, statuses, history, pages and errors of a run in which all fail in many ways."""
    (tmp_path / "config.toml").write_text(
        "".join(
            CONFIG.format(kind=kind, port=server.port, variable=f"{kind.upper()}_TEST_KEY")
            for kind, (_, server) in servers.items()
        )
    )
    environment = {f"{kind.upper()}_TEST_KEY": key for kind, key in KEYS.items()}
    hub = LiveHub(tmp_path, {**environment, "TEAM_SECRET": HEADER_SECRET}, ("--log-level", "debug"))
    told: dict[str, str] = {}
    try:
        await asyncio.to_thread(hub.start)
        token = hub.token("ann")
        status = HubConnection(hub.url + STATUS_HUB_PATH, access_token=token, retry=None)
        heard: list[Any] = []
        for target in (value for name, value in vars(StatusEvent).items() if name.isupper()):
            status.on(target, lambda *arguments: heard.append(arguments))
        person = Person(HubConnection(hub.url + "/hubs/chat", access_token=token, retry=None), "ann")
        async with status, person.connection:
            await person.join("c")
            for kind, (failing, _) in servers.items():
                for fault in FAULTS:
                    failing.fault, asked = fault, failing.asked
                    answer = (await person.send(f"{kind} {fault}", provider=kind, failover=False))["answerId"]
                    final = await person.final(answer)
                    assert final["metadata"]["status"] == "error", (kind, fault)
                    assert final["error"]["message"], (kind, fault)
                    assert failing.asked > asked, (kind, fault)
            told["errors"] = repr(person.of(ChatEvent.MESSAGE_UPDATED))
            told["events"] = repr(person.events) + repr(heard)
            told["snapshot"] = repr(await person.invoke(ChatMethod.JOIN_CONVERSATION, "c"))
            told["statuses"] = repr(await status.invoke(StatusMethod.REQUEST_PROVIDER_STATUS))
            told["health"] = repr(await status.invoke(StatusMethod.REQUEST_SYSTEM_HEALTH))
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, headers=headers) as http:
            for path in ("/metrics", "/figures", "/healthz", "/readyz"):
                told[path] = (await http.get(path)).text
        await asyncio.to_thread(hub.stop)
        told["log"] = hub.log
        told |= await asyncio.to_thread(written_in, tmp_path)
    finally:
        await asyncio.to_thread(hub.stop)
    assert "history.sqlite3" in told
    assert "anthropic falls silent" in told["events"]
    assert "HTTP 529" in told["log"]
    for where, text in told.items():
        assert not [piece for piece in PARTS if piece in text], where
