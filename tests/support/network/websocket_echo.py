"""Our WebSocket server class serving a plain echo: no hub, every message comes back as it came."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

import uvicorn

from conduit_widget.transports.server.websocket import WebSocketServerConnection
from tests.support.waiting import eventually

_Message = MutableMapping[str, Any]


async def echo(
    scope: _Message, receive: Callable[[], Awaitable[_Message]], send: Callable[[_Message], Awaitable[None]]
) -> None:
    """Send back each message, text as text and bytes as bytes."""
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.accept"})
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        payload = {"bytes": message["bytes"]} if text is None else {"text": text}
        with contextlib.suppress(OSError):  # the client is gone; the next message says so
            await send({"type": "websocket.send", **payload})


@contextlib.asynccontextmanager
async def running_echo(max_size: int = 32 << 20) -> AsyncIterator[str]:
    """Serve the echo on a free port of this loop; yield its ``ws`` address. ``max_size`` in bytes."""
    config = uvicorn.Config(
        echo,
        port=0,
        ws=WebSocketServerConnection,
        ws_max_size=max_size,
        lifespan="off",
        log_config=None,
        access_log=False,
    )
    server = uvicorn.Server(config)
    listener = config.bind_socket()
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    try:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
