"""The hub on stock uvicorn, and our WebSocket class under an ordinary ASGI application."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.transports.server.websocket import WebSocketServerConnection
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, raw_client, stopped_reader, token
from tests.support.waiting import eventually

PATH = "/hubs/echo"


@contextlib.asynccontextmanager
async def _uvicorn(app: Any, ws: Any, **settings: Any) -> AsyncIterator[str]:
    """Serve any ASGI application with uvicorn as it is."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, ws=ws, log_config=None, lifespan="off", timeout_graceful_shutdown=3, **settings
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]  # the test keeps its own
    task = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


@pytest.mark.parametrize("ws", ["websockets-sansio", WebSocketServerConnection], ids=["stock", "ours"])
async def test_hub_works_on_any_asgi_server(ws: Any) -> None:
    """Invoke, stream, group, close and drop work without our own WebSocket class too."""
    hub = EchoHub()
    app = HubApp({PATH: hub}, authenticator=authority())
    async with _uvicorn(app, ws) as url:
        async with raw_client(url, PATH) as client:
            assert (await client.invoke("Echo", "é"))["result"] == "é"
            await client.invoke("JoinGroup", "g")
            await client.invoke("ToGroup", "g", "hi")
            assert (await client.read())["arguments"] == ["ann", "hi"]
            await client.send({"type": 4, "invocationId": "s", "target": "Count", "arguments": [3]})
            items = [await client.read() for _ in range(4)]
            assert [item.get("item") for item in items] == [0, 1, 2, None]
        await eventually(lambda: hub.disconnected == [("ann", None)])
        async with raw_client(url, PATH) as client:
            client.socket.transport.abort()
            await eventually(lambda: len(hub.disconnected) == 2)
        # Stock uvicorn reports a cut connection as code 1005, like a close without code.
        assert (hub.disconnected[1][1] is not None) == (ws is WebSocketServerConnection)
        async with raw_client(url, PATH) as client:
            await client.send({"type": 1, "target": "CloseMe", "arguments": [True]})
            close = await client.read()
            assert (close["type"], close["allowReconnect"]) == (7, True)
            await asyncio.wait_for(client.socket.wait_closed(), 30)
        await eventually(lambda: app.connections_active == 0)


async def test_slow_reader_is_closed_on_a_stock_server_too() -> None:
    """The adapter's queue is bounded like our own class's."""
    hub = EchoHub()
    app = HubApp(
        {PATH: hub},
        authenticator=authority(),
        limits=HubLimits(outbox_hard_bytes=200_000, lagging_timeout=0.5),
        wheel=TimerWheel(0.05),
    )
    async with _uvicorn(app, "websockets-sansio") as url:
        _, writer = await stopped_reader(url, PATH, token())
        for _ in range(3000):
            hub.clients.all().send("Big", "x" * 20_000)
            await asyncio.sleep(0)
            if app.connections_active == 0:
                break
        await eventually(lambda: app.connections_active == 0)
        await eventually(lambda: hub.disconnected)
        assert isinstance(hub.disconnected[0][1], TimeoutError)
        writer.close()


@pytest.mark.parametrize(
    ("status", "ws"),
    [(401, "websockets-sansio"), (401, WebSocketServerConnection)],
    ids=["stock", "ours"],
)
async def test_refusal_is_an_http_response_on_any_server(status: int, ws: Any) -> None:
    """A WebSocket without token is refused before it opens."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with _uvicorn(app, ws) as url:
        with pytest.raises(Exception, match=str(status)):
            await connect(url.replace("http", "ws", 1) + PATH, proxy=None)


async def _plain_app(scope: Any, receive: Any, send: Any) -> None:
    """Echo text and bytes the ordinary ASGI way; some paths misbehave."""
    path = scope["path"]
    assert (await receive())["type"] == "websocket.connect"
    if path == "/refuse":
        await send({"type": "websocket.close"})
        return
    if path == "/deny":
        await send({"type": "websocket.http.response.start", "status": 418, "headers": [(b"x-a", b"b")]})
        await send({"type": "websocket.http.response.body", "body": b"teapot"})
        return
    if path == "/crash":
        raise RuntimeError("broken application")
    if path == "/nothing":
        return
    await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"]), None)})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        if message.get("text") == "close":
            await send({"type": "websocket.close", "code": 4001, "reason": "as asked"})
            return
        await send({**message, "type": "websocket.send"})


async def test_our_class_serves_an_ordinary_application() -> None:
    """Text, bytes, subprotocol, size limit and close through ASGI messages."""
    async with _uvicorn(_plain_app, WebSocketServerConnection, ws_max_size=100_000) as url:
        address = url.replace("http", "ws", 1)
        async with connect(address + "/é?q=1", proxy=None, subprotocols=["a"]) as client:  # type: ignore[list-item]
            assert client.subprotocol == "a"
            for message in ("text é", b"bytes", "", "x" * 90_000, "y" * 70_000):
                await client.send(message)
                assert await client.recv() == message
            for number in range(50):
                await client.send(str(number))
            assert [await client.recv() for _ in range(50)] == [str(number) for number in range(50)]
            await client.send("close")
            await client.wait_closed()
            assert (client.close_code, client.close_reason) == (4001, "as asked")
        async with connect(address, proxy=None) as client:
            await client.send("x" * 200_000)
            with pytest.raises(ConnectionClosed):
                await client.recv()
            assert client.close_code == 1009


@pytest.mark.parametrize(
    ("path", "status"), [("/refuse", 403), ("/deny", 418), ("/crash", 500), ("/nothing", 500)]
)
async def test_our_class_answers_when_an_application_does_not_accept(path: str, status: int) -> None:
    """Refusals and failures become HTTP responses."""
    async with _uvicorn(_plain_app, WebSocketServerConnection) as url:
        with pytest.raises(Exception, match=str(status)):
            await connect(url.replace("http", "ws", 1) + path, proxy=None)


async def test_our_class_refuses_what_is_no_websocket() -> None:
    """A broken opening handshake gets an HTTP error, and nothing is left behind."""
    async with _uvicorn(_plain_app, WebSocketServerConnection) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
        answer = await asyncio.wait_for(reader.read(), 30)
        assert answer.startswith(b"HTTP/1.1 4")
        writer.close()
