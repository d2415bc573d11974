"""Stateful reconnect on the hub: nothing lost or doubled across cuts, in both encodings."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.hub_protocol import HubProtocol, TransferFormat
from conduit_widget.protocol.message_buffer import MessageBuffer
from conduit_widget.protocol.messages import (
    Ack,
    Close,
    Completion,
    HubMessage,
    Invocation,
    Ping,
    Sequence,
)
from conduit_widget.protocol.session import HandshakeCompleted, HandshakeRefused, Session
from tests.support.hub.client import JSON, MESSAGEPACK
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, negotiate, running, token
from tests.support.waiting import eventually, stays

PATH = "/hubs/echo"
BOTH = pytest.mark.parametrize("protocol", [JSON, MESSAGEPACK], ids=lambda item: item.name)


class StatefulClient:
    """A peer that does as the official ones: counts, acknowledges when told, replays after a cut."""

    def __init__(self, url: str, secret: str, protocol: HubProtocol, user_id: str) -> None:
        self.address = f"{url.replace('http', 'ws', 1)}{PATH}?id={secret}&access_token={token(user_id)}"
        self.protocol = protocol
        self.session = Session.client(protocol, max_message_bytes=1 << 24)
        self.buffer = MessageBuffer(1 << 24)
        self.inbox: list[HubMessage] = []
        self.everything: list[HubMessage] = []
        self.socket: ClientConnection | None = None
        self.reader: asyncio.Task[None] | None = None
        self.shaken = asyncio.Event()

    async def open(self) -> None:
        self.socket = await connect(self.address, proxy=None, ping_interval=None, max_size=1 << 24)
        self.reader = asyncio.create_task(self._read(self.socket))

    async def start(self) -> None:
        await self.open()
        await self._put(self.session.start(2))
        await asyncio.wait_for(self.shaken.wait(), 30)

    async def cut(self) -> None:
        assert self.socket is not None
        self.socket.transport.abort()
        await self._leave()

    async def _leave(self) -> None:
        assert self.reader is not None
        self.reader.cancel()
        await asyncio.gather(self.reader, return_exceptions=True)
        self.buffer.disconnected()
        self.session.resume()

    async def come_back(self) -> None:
        await self.open()
        await self._put(b"".join(self.buffer.replay(self.protocol)))

    async def send(self, message: HubMessage) -> None:
        record = self.protocol.encode(message)
        if self.buffer.hold(message, record):
            await self._put(record)

    async def acknowledge(self) -> None:
        await self._put(self.protocol.encode(self.buffer.take_ack()))

    async def read(self) -> Any:
        await eventually(lambda: self.inbox)
        return self.inbox.pop(0)

    async def _put(self, data: bytes) -> None:
        assert self.socket is not None
        await self.socket.send(data, text=self.protocol.transfer_format is TransferFormat.TEXT)

    async def _read(self, socket: ClientConnection) -> None:
        async for frame in socket:
            for event in self.session.receive(frame):
                if isinstance(event, HandshakeCompleted | HandshakeRefused):
                    self.shaken.set()
                    continue
                self.everything.append(event)
                if self.buffer.accept(event) and not isinstance(event, Ping):
                    self.inbox.append(event)


@asynccontextmanager
async def _client(
    url: str, protocol: HubProtocol = JSON, user_id: str = "ann"
) -> AsyncIterator[StatefulClient]:
    answer = (await negotiate(url, PATH, token(user_id), useStatefulReconnect="true")).json()
    assert answer["useStatefulReconnect"] is True
    client = StatefulClient(url, answer["connectionToken"], protocol, user_id)
    await client.start()
    try:
        yield client
    finally:
        assert client.socket is not None
        assert client.reader is not None
        await client.socket.close()
        client.reader.cancel()
        await asyncio.gather(client.reader, return_exceptions=True)


def _app(hub: EchoHub | None = None, **limits: Any) -> HubApp:
    options: dict[str, Any] = {"invocations_per_second": 1e6, "invocation_burst": 100_000, **limits}
    return HubApp({PATH: hub or EchoHub()}, authenticator=authority(), limits=HubLimits(**options))


@BOTH
async def test_messages_sent_while_the_client_was_away_arrive_when_it_is_back(protocol: HubProtocol) -> None:
    """Same connection, same groups, no second on_connected; Sequence comes first."""
    hub = EchoHub()
    app = _app(hub)
    async with running(app) as url, _client(url, protocol) as client:
        await client.send(Invocation("Echo", ["before"], "1"))
        assert await client.read() == Completion("1", "before")
        await client.cut()
        for number in range(3):
            app.hub_context(PATH).clients.group("everyone").send("News", number)
            await asyncio.sleep(0)
        await client.send(Invocation("Echo", ["while away"], "2"))
        already = len(client.everything)
        await client.come_back()
        received = [await client.read() for _ in range(4)]
        assert received[:3] == [Invocation("News", [number]) for number in range(3)]
        assert received[3] == Completion("2", "while away")
        assert isinstance(client.everything[already], Sequence)
        assert (hub.connected, hub.disconnected) == (["ann"], [])
        assert app.connections_active == 1
        assert f'conduit_signalr_reconnections_total{{hub="{PATH}"}} 1.0' in app.metrics.render().decode()
    await eventually(lambda: hub.disconnected)


@BOTH
async def test_nothing_is_lost_or_doubled_across_many_cuts(protocol: HubProtocol) -> None:
    """Numbers both ways through thirty cuts at random places, some of which the hub has not noticed."""
    hub = EchoHub()
    app = _app(hub)
    rng = random.Random(7)
    async with running(app) as url, _client(url, protocol) as client:
        sent_back = pushed = 0
        clients = app.hub_context(PATH).clients
        for _ in range(30):
            for _ in range(rng.randrange(6)):
                await client.send(Invocation("Echo", [sent_back], f"e{sent_back}"))
                sent_back += 1
            for _ in range(rng.randrange(6)):
                clients.all().send("Pushed", pushed)
                pushed += 1
                if rng.random() < 0.5:
                    await asyncio.sleep(rng.random() * 0.003)
            if rng.random() < 0.5:
                await client.acknowledge()
            if rng.random() < 0.3:  # half-open: the hub still believes in the old transport
                old = client.socket
                await client._leave()
                assert old is not None
                await client.come_back()
                old.transport.abort()
            else:
                await client.cut()
                clients.all().send("Pushed", pushed)
                pushed += 1
                await client.come_back()
        expected = sent_back + pushed
        await eventually(lambda: len(client.inbox) >= expected)
        await stays(lambda: len(client.inbox) == expected, what="the number of messages")
        echoes = [item.result for item in client.inbox if isinstance(item, Completion)]
        pushes = [item.arguments[0] for item in client.inbox if isinstance(item, Invocation)]
        assert echoes == list(range(sent_back))
        assert pushes == list(range(pushed))
        assert (len(hub.connected), hub.disconnected) == (1, [])


async def test_hub_acknowledges_what_it_received() -> None:
    """One second after the first unacknowledged message, for all of them."""
    async with running(_app()) as url, _client(url) as client:
        await client.send(Invocation("Nothing", []))
        await client.send(Invocation("Nothing", []))
        await eventually(lambda: Ack(2) in client.everything)
        assert client.buffer.held_bytes == 0


async def test_connection_ends_when_the_client_does_not_come_back() -> None:
    """After the window the hub hears of the end, and the id is worth nothing."""
    hub = EchoHub()
    async with running(_app(hub, stateful_window=0.2)) as url, _client(url) as client:
        await client.cut()
        await eventually(lambda: hub.disconnected)
        assert isinstance(hub.disconnected[0][1], ConnectionResetError)
        with pytest.raises(Exception, match="404"):
            await client.open()


async def test_connection_is_nobody_else_s_to_resume() -> None:
    """The secret id is bound to its user; the good leaver is not waited for."""
    hub = EchoHub()
    async with running(_app(hub)) as url:
        async with _client(url) as client:
            await client.cut()
            mine = client.address
            client.address = mine.split("&access_token")[0] + f"&access_token={token('eve')}"
            with pytest.raises(Exception, match="404"):
                await client.open()
            client.address = mine
            await client.come_back()
            await client.send(Invocation("Echo", [1], "1"))
            assert await client.read() == Completion("1", 1)
        await eventually(lambda: hub.disconnected)
        assert hub.disconnected == [("ann", None)]


async def test_unacknowledged_bytes_are_bounded_and_the_rest_waits_for_acks() -> None:
    """Over the buffer's limit the outbox holds back; over its own hard limit the client is too slow."""
    hub = EchoHub()
    app = _app(hub, stateful_buffer_bytes=50_000, outbox_hard_bytes=400_000)
    async with running(app) as url, _client(url) as client:
        clients = app.hub_context(PATH).clients
        for number in range(20):
            clients.all().send("Big", number, "x" * 10_000)
            await asyncio.sleep(0)
        await eventually(lambda: len(client.inbox) >= 5)
        await stays(lambda: len(client.inbox) < 20, seconds=0.2)
        while len(client.inbox) < 20:
            count = len(client.inbox)
            await client.acknowledge()
            await eventually(lambda: len(client.inbox) > count)  # noqa: B023 - awaited at once
        assert [item.arguments[0] for item in client.inbox] == list(range(20))  # type: ignore[union-attr]  # invocations
        await client.acknowledge()
        for number in range(100):
            clients.all().send("Big", number, "x" * 10_000)
            await asyncio.sleep(0)
        await eventually(lambda: hub.disconnected)
        assert any(isinstance(item, Close) and item.allow_reconnect for item in client.everything)


async def test_away_client_costs_a_drain_no_time_and_comes_back_to_a_refusal() -> None:
    """A hub that ends does not wait for who is away."""
    hub = EchoHub()
    app = _app(hub)
    async with running(app) as url, _client(url) as client:
        await client.cut()
        [endpoint] = app._registry.endpoints
        await eventually(lambda: hub.connected and endpoint.silence_allowed, what="the hub notices")
        await asyncio.wait_for(app.drain(100), 30)
        assert hub.disconnected
        with pytest.raises(Exception, match="503"):
            await client.open()


async def test_stateful_reconnect_is_not_offered_when_it_is_switched_off() -> None:
    """No echo in negotiate; a handshake of version 2 then works without it."""
    async with running(_app(stateful_window=0)) as url:
        answer = (await negotiate(url, PATH, token(), useStatefulReconnect="true")).json()
        assert "useStatefulReconnect" not in answer
        plain = (await negotiate(url, PATH, token())).json()
        assert "useStatefulReconnect" not in plain


async def test_client_that_skips_messages_is_refused() -> None:
    """A Sequence beyond what the hub expects cannot be continued."""
    async with running(_app()) as url, _client(url) as client:
        await client._put(JSON.encode(Sequence(5)))
        await eventually(lambda: any(isinstance(item, Close) for item in client.everything))
