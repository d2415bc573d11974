"""HubConnection over the in-memory transport with a session as its hub: both encodings, no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from conduit_widget.client import ConnectionState, HubConnection
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import (
    Close,
    Completion,
    HubMessage,
    Invocation,
    StreamInvocation,
    StreamItem,
)
from conduit_widget.protocol.session import HandshakeCompleted, HandshakeRefused, Session
from conduit_widget.transports.memory import MemoryTransport
from conduit_widget.transports.transport import OnClose, OnData
from tests.support.waiting import eventually

PROTOCOLS: dict[str, HubProtocol] = {"json": JsonHubProtocol(), "messagepack": MessagePackHubProtocol()}


class MemoryHub:
    """A session that echoes, behind a memory transport."""

    def __init__(self) -> None:
        self.session = Session.server(PROTOCOLS, max_message_bytes=1 << 20)
        self.received: list[HubMessage] = []
        self.transport: MemoryTransport = MemoryTransport(on_data=self._take, on_close=lambda _error: None)

    def connect(self, *, on_data: OnData, on_close: OnClose, max_message_bytes: int) -> MemoryTransport:
        """Make the client's end."""
        assert max_message_bytes > 0
        return MemoryTransport(on_data=on_data, on_close=on_close, accept=self.transport.link)

    def _take(self, data: bytes | str) -> None:
        for event in self.session.receive(data):
            if isinstance(event, HandshakeCompleted):
                self.transport.send(self.session.handshake_reply())
            elif not isinstance(event, HandshakeRefused):
                self.received.append(event)
                self._answer(event)

    def _answer(self, message: HubMessage) -> None:
        send: Callable[[HubMessage], None] = lambda answer: self.transport.send(self.session.send(answer))  # noqa: E731
        if isinstance(message, Invocation) and message.invocation_id is not None:
            send(Invocation("Heard", message.arguments))
            send(Completion(message.invocation_id, message.arguments))
        elif isinstance(message, StreamInvocation):
            for argument in message.arguments:
                send(StreamItem(message.invocation_id, argument))
            send(Completion(message.invocation_id))


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
async def test_connection_works_with_any_transport_and_encoding(protocol: HubProtocol) -> None:
    """Nothing in the client depends on sockets or JSON."""
    hub = MemoryHub()
    heard: list[object] = []
    async with HubConnection(
        "ws://memory/hub",
        skip_negotiation=True,
        transport=hub.connect,
        protocol=protocol,
        retry=None,
    ) as connection:
        assert connection.state is ConnectionState.CONNECTED
        connection.on("Heard", heard.append)
        assert await connection.invoke("Echo", "ž") == ["ž"]
        assert [item async for item in connection.stream("Each", 1, None, "x")] == [1, None, "x"]
        assert heard == ["ž"]
    await eventually(lambda: hub.received[-1] == Close())


async def test_messagepack_carries_bytes_and_times() -> None:
    """What JSON has no word for survives the round trip."""
    hub = MemoryHub()
    now = datetime(2026, 1, 2, tzinfo=UTC)
    async with HubConnection(
        "ws://memory/hub",
        skip_negotiation=True,
        transport=hub.connect,
        protocol=MessagePackHubProtocol(),
        retry=None,
    ) as connection:
        assert await connection.invoke("Echo", b"\x00\xff", now) == [b"\x00\xff", now]


async def test_cancelled_invocation_is_forgotten() -> None:
    """A caller that gives up leaves nothing pending."""
    hub = MemoryHub()
    async with HubConnection(
        "ws://memory/hub", skip_negotiation=True, transport=hub.connect, retry=None
    ) as connection:
        call = asyncio.ensure_future(connection.invoke("Echo", 1))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert len(connection._pending) == 0
        assert await connection.invoke("Echo", 2) == [2]
