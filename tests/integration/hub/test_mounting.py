"""The hub inside other applications and on stock servers, with every transport."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route

from conduit_widget.hub.app import HubApp
from conduit_widget.protocol.messages import Completion, Invocation
from conduit_widget.transports.server.websocket import WebSocketServerConnection
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, token
from tests.support.waiting import eventually

PATH = "/hubs/echo"
TRANSPORTS = ["WebSockets", "ServerSentEvents", "LongPolling"]


def _hub() -> HubApp:
    return HubApp({PATH: EchoHub()}, authenticator=authority())


def _starlette(hub: HubApp) -> Any:
    return Starlette(routes=[Route("/", lambda _: PlainTextResponse("page")), Mount("/live", app=hub)])


def _fastapi(hub: HubApp) -> Any:
    application = importlib.import_module("fastapi").FastAPI()
    application.mount("/live", hub)
    return application


@contextlib.asynccontextmanager
async def _stock(application: Any, ws: Any) -> AsyncIterator[str]:
    """Serve on uvicorn as anybody would start it, but for the WebSocket class."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, ws=ws, log_config=None, timeout_graceful_shutdown=3)
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[assignment,method-assign]  # a test's server
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    await eventually(lambda: server.started)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listener.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("ws", ["websockets-sansio", WebSocketServerConnection], ids=["stock", "ours"])
@pytest.mark.parametrize("embed", [_starlette, _fastapi], ids=["starlette", "fastapi"])
async def test_hub_works_under_a_prefix_of_another_application(embed: Any, ws: Any, transport: str) -> None:
    """Negotiate, connect, invoke, groups; query tokens count below the mount's own path."""
    hub = _hub()
    async with _stock(embed(hub), ws) as url:
        async with hub_client(url + "/live", PATH, token(), transport=transport) as client:
            await client.send(Invocation("Echo", ["hello"], "1"))
            assert await client.read() == Completion("1", "hello")
            await client.invoke("ToGroup", "everyone", "hi")
            assert await client.read() == Invocation("Said", ["ann", "hi"])
        await eventually(lambda: hub.connections_active == 0)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_hub_works_on_a_stock_server(transport: str) -> None:
    """The application alone is enough: no class of ours in the server."""
    hub = _hub()
    async with _stock(hub, "websockets-sansio") as url:
        async with hub_client(url, PATH, transport=transport) as client:
            assert (await client.invoke("Echo", 1)).result == 1
        await eventually(lambda: hub.connections_active == 0)
