"""Refused WebSockets leave nothing behind, however the client behaves; they do not hold up the hub's end."""

from __future__ import annotations

import asyncio
import gc
import socket

import pytest

from conduit_widget.hub.app import HubApp
from conduit_widget.transports.server.websocket import WebSocketServerConnection
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running
from tests.support.waiting import eventually

PATH = "/hubs/echo"


def _open_connections() -> list[WebSocketServerConnection]:
    loop = asyncio.get_running_loop()
    # By type: isinstance() would ask weak proxies, left by other tests, for what is gone.
    found = [item for item in gc.get_objects() if issubclass(type(item), WebSocketServerConnection)]
    return [item for item in found if item._loop is loop]


def _ask(url: str) -> socket.socket:
    """Send an opening request with a bad token."""
    host, port = url.removeprefix("http://").split(":")
    client = socket.create_connection((host, int(port)))
    client.sendall(
        f"GET {PATH}?access_token=bad HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return client


@pytest.mark.parametrize("waits", [False, True])
async def test_nothing_stays_of_a_client_that_left_before_it_was_refused(waits: bool) -> None:
    """Gone before the answer, or right after it: the connection is dropped at once."""
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority())) as url:
        client = _ask(url)
        if waits:
            await eventually(_open_connections)
        client.close()
        await eventually(lambda: not _open_connections())


async def test_refused_client_that_stays_does_not_hold_up_the_end() -> None:
    """A drain waits for nobody who was refused."""
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority())) as url:
        client = _ask(url)
        await eventually(lambda: any(item.attached for item in _open_connections()))
    await eventually(lambda: not _open_connections())
    client.close()
