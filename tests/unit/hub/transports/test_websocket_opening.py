"""Opening a WebSocket: whoever shows a token is known at once, before anything else is looked up."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.transports.websocket_opening import CONNECTION_EXTENSION
from conduit_widget.transports.server.server_connection import ConnectionReceiver
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, token


class Server:
    """The server's own connection; remembers what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def welcome(self) -> None:
        self.told.append("welcome")

    def attach(self, receiver: ConnectionReceiver) -> None:
        self.told.append("attach")
        receiver.connection_lost(None)


async def _open(access_token: str) -> tuple[list[str], list[MutableMapping[str, Any]]]:
    """Open one; return what the server's connection was told, and what was sent."""
    server, sent = Server(), []
    scope = {
        "type": "websocket", "path": "/hubs/echo", "query_string": f"access_token={access_token}".encode(),
        "headers": [(b"host", b"localhost")], "client": ("127.0.0.1", 1), "scheme": "ws", "subprotocols": [],
        "extensions": {"websocket.http.response": {}, CONNECTION_EXTENSION: server},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await HubApp({"/hubs/echo": EchoHub()}, authenticator=authority())(scope, receive, send)
    return server.told, sent


async def test_who_shows_a_token_is_known_before_anything_is_looked_up() -> None:
    """Its place among the sockets nobody knows is free while other nodes and stores are asked."""
    told, sent = await _open(token())
    assert told == ["welcome", "attach"]
    assert sent == []


async def test_who_shows_a_wrong_one_stays_a_stranger() -> None:
    """It is refused, and makes room like everybody else who has shown nothing."""
    told, sent = await _open("wrong")
    assert told == []
    assert sent[0]["status"] == 401
