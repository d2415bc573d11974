"""The hub over real sockets, driven by a raw client that speaks nothing but WebSocket and JSON."""

from __future__ import annotations

from conduit_widget.hub.app import HubApp
from tests.support.echo_hub import EchoHub
from tests.support.hub_server import authority, raw_client, running


async def test_invocation_is_answered_when_connected() -> None:
    """An echo comes back."""
    hub = EchoHub()
    app = HubApp({"/hubs/echo": hub}, authenticator=authority())
    async with running(app) as url, raw_client(url, "/hubs/echo") as client:
        assert await client.invoke("Echo", "hello") == {"type": 3, "invocationId": "1", "result": "hello"}
    assert hub.connected == ["ann"]
    assert hub.disconnected == [("ann", None)]
