"""The log of a hub process at debug, in both formats, after everything that could put a secret into it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sqlite3
import uuid
from pathlib import Path
from typing import Any, Final, Literal

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from conduit_widget.app import HISTORY_FILE, signing_authority
from conduit_widget.contract import CHAT_HUB_PATH, METRICS_PATH, MINT_PATH
from conduit_widget.runtime_file import read_runtime
from tests.support.hub.client import JSON, MESSAGEPACK, hub_client
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.server import RawClient, negotiate, raw_client
from tests.support.network.raw_http_server import RawHttpServer, RawReply, RawRequest

CONTENT: Final = "zanzibar"
USER: Final = "ann-of-the-hill"
OPAQUE: Final = "condt_aVerySecretOpaqueKeyOfSomebody0123456789"
PROVIDER_KEY: Final = "sk-a-key-that-pays-for-everything"
GUESS: Final = "a-guessed-mint-key-of-nobody"
TEXT_LINE: Final = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<level>DEBUG|INFO|WARNING|ERROR) "
    r"(?P<logger>[\w.]+): (?P<event>.+?)(?: \[(?P<fields>\w+=[^\]]*)\])?"
)
CONNECTION: Final = "conduit_widget.hub.connections.endpoint"


def _lines(log: str, format_: Literal["text", "json"]) -> list[dict[str, Any]]:
    """Every line by its parts; the one that says where the hub listens is for whoever started it."""
    lines = log.splitlines()
    assert [line for line in lines if line.startswith("listening on http://127.0.0.1:")] != []
    found = []
    for line in lines:
        if line.startswith("listening on "):
            continue
        if format_ == "json":
            found.append(json.loads(line))
        else:
            match = TEXT_LINE.fullmatch(line)
            assert match, line
            parts = match.groupdict()
            fields = dict(item.split("=", 1) for item in (parts.pop("fields") or "").split())
            found.append({**parts, **fields, "level": parts["level"].lower()})
    return found


async def _unhelpful_model(request: RawRequest, reply: RawReply) -> None:
    """A provider that says the key and the question again in its refusal."""
    if request.method == "GET":
        await reply.json({"object": "list", "data": [{"id": "m", "object": "model"}]})
        return
    asked = json.dumps(request.json["messages"])
    error = {"message": f"Incorrect API key {PROVIDER_KEY}: {asked}", "code": "invalid_api_key"}
    await reply.json({"error": error}, status=401)


def _message(**more: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "role": "user", "content": f"the {CONTENT} of it", **more}


async def _talk(client: RawClient) -> None:
    """Everything a method can do with content, refused and not."""
    for method, *arguments in (
        ("JoinConversation", "room"),
        ("SendMessage", "room", _message(metadata={"respond": True, "note": CONTENT})),
        ("SendMessage", "room", _message(role=CONTENT)),
        ("SendMessage", "room", _message(content=CONTENT * 9_000)),
        ("SendMessage", CONTENT, 1, 2, 3),
        ("SearchMessages", "room", CONTENT),
        ("CreateConversation", {"title": CONTENT, "visibility": CONTENT}),
        (f"{CONTENT}Method", CONTENT),
        ("RefreshToken", f"eyJhbGciOi.{CONTENT}.{CONTENT}"),
        ("GetHistory", "room", 10, 100_000),
    ):
        await client.invoke(method, *arguments)


async def _fail(hub: LiveHub, client: RawClient) -> str:
    """Break the store under the hub; return the error id that the caller hears."""
    with contextlib.closing(sqlite3.connect(hub.data_dir / HISTORY_FILE)) as store, store:
        store.execute("DROP TABLE messages")
    refused = await client.invoke("SendMessage", "room", _message(metadata={"respond": False}))
    match = re.search(r"error ID: (\w+)", refused["error"])
    assert match, refused
    return match[1]


async def _knock(url: str, good: str, bad: str) -> None:
    """Credentials wherever they may be put, right and wrong, in requests of every kind."""
    ws = url.replace("http", "ws", 1) + CHAT_HUB_PATH
    for query in (
        f"access_token={bad}",
        f"api_key={OPAQUE}",
        f"ACCESS_TOKEN={good}",
        f"id=x&access_token={bad}",
    ):
        with pytest.raises(InvalidStatus):
            await connect(f"{ws}?{query}", proxy=None)
    with pytest.raises(InvalidStatus):
        await connect(f"{ws}?access_token={good}", proxy=None, origin=f"https://{CONTENT}.example")  # type: ignore[arg-type]
    async with httpx2.AsyncClient(base_url=url, trust_env=False) as http:
        for header in (
            {"Authorization": f"Bearer {bad}"},
            {"X-API-Key": OPAQUE},
            {"Cookie": f"access_token={good}"},
        ):
            await http.post(f"{CHAT_HUB_PATH}/negotiate", headers=header)
        for path in (CHAT_HUB_PATH, METRICS_PATH, "/nowhere"):
            await http.get(path, params={"access_token": good, "api_key": OPAQUE, "id": CONTENT})
        await http.post(MINT_PATH, json={"userId": USER}, headers={"Authorization": f"Bearer {GUESS}"})
    host, port = url.removeprefix("http://").split(":")
    for garbage in (
        f"GET {CHAT_HUB_PATH}?access_token={good} HTTP/1.1\r\nX-Api-Key: {good}\r\nbad\x00: x\r\n\r\n",
        f"{CONTENT} {good}\r\n\r\n",
        f"GET {CHAT_HUB_PATH}?access_token={good} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: {CONTENT}\r\nSec-WebSocket-Version: 13\r\n\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(garbage.encode())
        await asyncio.wait_for(reader.read(100), 30)
        writer.close()


async def _break_off(url: str, good: str) -> None:
    """Frames that are no protocol, on connections of their own."""
    for frame in (
        f"broken {CONTENT}\x1e",
        f'{{"type":1,"target":"{CONTENT}"\x1e',
        b"\x81\xa8" + CONTENT.encode() + b"\x1e",
    ):
        async with raw_client(url, CHAT_HUB_PATH, good) as client:
            with contextlib.suppress(ConnectionClosed):
                await client.socket.send(frame)
                await asyncio.wait_for(client.socket.wait_closed(), 30)
    async with raw_client(url, CHAT_HUB_PATH, good) as client:
        client.socket.transport.abort()


@pytest.mark.parametrize("format_", ["text", "json"])
async def test_every_line_has_its_parts_and_none_has_a_secret(
    tmp_path: Path, format_: Literal["text", "json"]
) -> None:
    """Time, level, logger, event, the connection it is about; no token, key, content or name of a user."""
    async with RawHttpServer(_unhelpful_model) as model:
        environment = {
            "CONDUIT_PROVIDER_URL": model.base_url,
            "CONDUIT_PROVIDER_KEY": PROVIDER_KEY,
            "CONDUIT_MODEL": "m",
            "CONDUIT_DETECT": "0",
        }
        hub = LiveHub(tmp_path, environment, ["--log-format", format_, "--log-level", "debug"])
        await asyncio.to_thread(hub.start)
        try:
            authority = signing_authority(tmp_path, None)
            good, bad = authority.issue(USER, USER, 60), authority.issue(USER, USER, -60)
            runtime = read_runtime(tmp_path)
            assert runtime is not None
            secrets = [good, bad, OPAQUE, PROVIDER_KEY, GUESS, runtime.mint_key]
            await _knock(hub.url, good, bad)
            await _break_off(hub.url, good)
            for transport in ("WebSockets", "ServerSentEvents", "LongPolling"):
                protocol = JSON if transport == "ServerSentEvents" else MESSAGEPACK
                async with hub_client(
                    hub.url, CHAT_HUB_PATH, good, transport=transport, protocol=protocol
                ) as client:
                    await client.invoke("JoinConversation", "room")
                    secrets.append(client.connection_token)
            secrets.append((await negotiate(hub.url, CHAT_HUB_PATH, good)).json()["connectionToken"])
            async with raw_client(hub.url, CHAT_HUB_PATH, good) as raw:
                await _talk(raw)
                error_id = await _fail(hub, raw)
        finally:
            await asyncio.to_thread(hub.stop)
    lines = _lines(hub.log, format_)
    assert all(line["time"].endswith("Z") and line["event"] and line["logger"] for line in lines)
    assert {line["level"] for line in lines} <= {"debug", "info", "warning", "error"}
    about = [line for line in lines if line["logger"] == CONNECTION]
    assert {line["hub"] for line in about} == {CHAT_HUB_PATH}
    opened = [line["connection_id"] for line in about if line["event"].startswith("Connection opened")]
    over = [line["connection_id"] for line in about if line["event"].startswith("Connection over")]
    assert len(opened) == len(set(opened)) == 8
    assert sorted(opened) == sorted(over)
    [failure] = [line for line in lines if line.get("error_id")]
    assert (failure["error_id"], failure["connection_id"]) == (error_id, opened[-1])
    assert [line["event"] for line in lines if "answered HTTP 401" in line["event"]]
    _assert_nothing_private(hub.log, secrets)


def _assert_nothing_private(log: str, secrets: list[str]) -> None:
    log = log.replace(f"https://{CONTENT}.example", "")  # the origin to allow is named on purpose
    pieces = {piece for secret in secrets for piece in (secret, *secret.split(".")) if len(piece) > 8}
    found = [line for line in log.splitlines() if any(piece in line for piece in (*pieces, CONTENT, USER))]
    assert found == []
