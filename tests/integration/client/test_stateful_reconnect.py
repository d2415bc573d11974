"""Stateful reconnect of the client against a scripted server that keeps a message buffer of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conduit_widget.client import (
    ConnectionState,
    HubConnection,
    stateful_reconnect as stateful_module,
)
from conduit_widget.errors import ConnectionLostError
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.message_buffer import MessageBuffer
from conduit_widget.protocol.messages import Completion, HubMessage, Invocation, StreamInvocation, StreamItem
from tests.support.signalr.raw_connection import AT_ONCE
from tests.support.signalr.raw_signalr_server import (
    NegotiateReply,
    RawSignalRServer,
    RawSocket,
    negotiate_body,
    raw_signalr_server,
)
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually, stays

JSON = JsonHubProtocol()


@pytest.fixture
async def server() -> AsyncIterator[RawSignalRServer]:
    """Return a server that agrees to stateful reconnect."""
    async with raw_signalr_server() as raw:
        for number in range(1, 10):
            raw.negotiations.append(
                NegotiateReply(body={**negotiate_body(number), "useStatefulReconnect": True})
            )
        yield raw


@contextlib.asynccontextmanager
async def connected(
    server: RawSignalRServer, *, with_records: str = "", **options: Any
) -> AsyncIterator[tuple[HubConnection, RawSocket]]:
    """Start a stateful connection and shake hands; stop it afterwards."""
    connection = HubConnection(server.url, **{"retry": AT_ONCE, "stateful_reconnect": True, **options})
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    assert await socket.handshake(with_records=with_records) == {"protocol": "json", "version": 2}
    await starting
    try:
        yield connection, socket
    finally:
        await connection.stop()


def event(*arguments: Any) -> dict[str, Any]:
    """Return an event of the hub."""
    return {"type": 1, "target": "Event", "arguments": list(arguments)}


async def test_stateful_reconnect_is_asked_for_in_negotiate_and_handshake(server: RawSignalRServer) -> None:
    """The query asks, the hub's answer allows it, version 2 seals it."""
    async with connected(server):
        assert server.negotiate_requests[0].query == {
            "negotiateVersion": ["1"],
            "useStatefulReconnect": ["true"],
        }


async def test_connection_goes_on_after_a_cut(server: RawSignalRServer) -> None:
    """Same address, no negotiate, no handshake; a pending invocation survives, no event of ours is raised."""
    async with connected(server) as (connection, socket):
        told: list[Any] = []
        connection.on_reconnecting(told.append)
        connection.on_reconnected(told.append)
        call = asyncio.ensure_future(connection.invoke("Slow"))
        invocation = await socket.receive()
        socket.abort()
        second = await server.accept()
        assert second.request.query == {"id": ["token-1"]}
        assert await second.receive() == {"type": 9, "sequenceId": 1}
        assert await second.receive() == invocation
        second.send(
            {"type": 9, "sequenceId": 1},
            {"type": 8, "sequenceId": 1},
            {"type": 3, "invocationId": invocation["invocationId"], "result": "done"},
        )
        assert await call == "done"
        assert connection.state is ConnectionState.CONNECTED
        assert connection.connection_id == "id-1"
        assert (told, len(server.negotiate_requests)) == ([], 1)
        assert (await second.receive_type(8))["sequenceId"] == 1


async def test_messages_sent_while_cut_off_arrive_after_the_cut(server: RawSignalRServer) -> None:
    """Once, in order, after those that were not acknowledged."""
    async with connected(server) as (connection, socket):
        heard: list[int] = []
        connection.on("Event", heard.append)
        for number in (1, 2, 3):
            await connection.send("Number", number)
        await socket.receive_type(1)
        socket.send({"type": 8, "sequenceId": 1}, event(0))
        await eventually(lambda: heard == [0])
        socket.abort()
        await connection.send("Number", 4)
        second = await server.accept()
        await connection.send("Number", 5)
        assert await second.receive() == {"type": 9, "sequenceId": 2}
        assert [(await second.receive())["arguments"] for _ in range(4)] == [[2], [3], [4], [5]]


async def test_records_in_the_frame_of_the_handshake_count(server: RawSignalRServer) -> None:
    """The first of them has id 1, so a replay of it is dropped."""
    first = '{"type":1,"target":"Event","arguments":[1]}\x1e'
    heard: list[int] = []
    connection = HubConnection(server.url, retry=None, stateful_reconnect=True)
    connection.on("Event", heard.append)
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    await socket.handshake(with_records=first)
    await starting
    socket.abort()
    second = await server.accept()
    second.send({"type": 9, "sequenceId": 1}, event(1), event(2))
    await eventually(lambda: heard == [1, 2])
    await connection.stop()


async def test_half_a_record_before_the_cut_is_forgotten(server: RawSignalRServer) -> None:
    """The replay brings it whole."""
    record = '{"type":1,"target":"Event","arguments":[1]}\x1e'
    async with connected(server) as (connection, socket):
        heard: list[int] = []
        connection.on("Event", heard.append)
        socket.send_text(record[:20])
        socket.send_text(record[20:30])
        await asyncio.sleep(0.05)
        socket.abort()
        second = await server.accept()
        second.send_text('{"type":9,"sequenceId":1}\x1e' + record)
        await eventually(lambda: heard == [1])
        assert len(server.negotiate_requests) == 1


async def test_acks_come_a_second_after_the_first_receive(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One ack for all that came by then; pings ask for none."""
    monkeypatch.setattr(stateful_module, "ACK_DELAY", 0.05)
    async with connected(server) as (_, socket):
        socket.send({"type": 6}, event(1), event(2))
        socket.send(event(3))
        assert await socket.receive() == {"type": 8, "sequenceId": 3}
        socket.send(event(4))
        assert await socket.receive() == {"type": 8, "sequenceId": 4}


async def test_senders_wait_for_acks_when_the_buffer_is_full(server: RawSignalRServer) -> None:
    """100,000 bytes unacknowledged hold the sender until the hub acknowledges."""
    async with connected(server) as (connection, socket):
        sending = asyncio.ensure_future(connection.send("Big", "x" * 100_000))
        await socket.receive()
        await stays(lambda: not sending.done())
        socket.send({"type": 8, "sequenceId": 1})
        await asyncio.wait_for(sending, 30)


async def test_hub_that_forgot_us_is_reconnected_to_in_the_ordinary_way(server: RawSignalRServer) -> None:
    """A refusal of the old address ends the attempt at once; what was pending fails."""
    async with connected(server) as (connection, socket):
        told: list[Any] = []
        connection.on_reconnected(told.append)
        call = asyncio.ensure_future(connection.invoke("Slow"))
        await socket.receive()
        server.refuse_upgrade_with = 404
        socket.abort()
        with pytest.raises(ConnectionLostError):
            await call
        server.refuse_upgrade_with = None
        second = await server.accept()
        assert await second.handshake() == {"protocol": "json", "version": 2}
        await eventually(lambda: told)
        assert second.request.query != {"id": ["token-1"]}
        assert connection.state is ConnectionState.CONNECTED


async def test_hub_that_stays_away_is_reconnected_to_in_the_ordinary_way(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the last of the attempts, with the error of the cut."""
    monkeypatch.setattr(stateful_module, "RESUME_DELAYS", (0.0, 0.0))
    lost: list[Exception | None] = []
    async with connected(server) as (connection, socket):
        connection.on_reconnecting(lost.append)
        present = socket
        for _ in range(2):
            present.abort()
            present = await server.accept()
            await present.receive_type(9)
        server.cut_upgrades = True
        present.abort()
        await eventually(lambda: lost)
        assert isinstance(lost[0], ConnectionLostError)
        server.cut_upgrades = False
        await (await server.accept()).handshake()
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)


async def test_hub_that_does_not_answer_is_given_up_after_the_window(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing pending hangs for longer, however often connecting itself hangs."""
    monkeypatch.setattr(stateful_module, "RESUME_WINDOW", 0.2)
    async with connected(server) as (connection, socket):
        call = asyncio.ensure_future(connection.invoke("Slow"))
        await socket.receive()
        server.leave_upgrades_waiting = True
        socket.abort()
        with pytest.raises(ConnectionLostError):
            await asyncio.wait_for(call, 30)
        server.leave_upgrades_waiting = False
        server.drop_all()
        await (await server.accept()).handshake()
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)


@pytest.mark.parametrize("allow", [True, False])
async def test_close_message_ends_the_state(server: RawSignalRServer, allow: bool) -> None:
    """A hub that says Close does not expect us back on the same connection."""
    async with connected(server) as (connection, socket):
        socket.send({"type": 7, "allowReconnect": allow})
        if allow:
            second = await server.accept()
            await second.handshake()
            await eventually(lambda: connection.state is ConnectionState.CONNECTED)
            assert len(server.negotiate_requests) == 2
        else:
            await eventually(lambda: connection.state is ConnectionState.DISCONNECTED)


async def test_hub_without_state_gets_an_ordinary_connection() -> None:
    """Version 1 and no Sequence, where the hub does not agree."""
    async with raw_signalr_server() as server:
        connection = HubConnection(server.url, retry=AT_ONCE, stateful_reconnect=True)
        starting = asyncio.ensure_future(connection.start())
        socket = await server.accept()
        assert await socket.handshake() == {"protocol": "json", "version": 1}
        await starting
        socket.abort()
        assert await (await server.accept()).handshake() == {"protocol": "json", "version": 1}
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)
        await connection.stop()


async def test_silent_hub_is_tried_once_more_in_place(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A half-open connection is what the state is for: it is cut by us, and goes on."""
    clock = SkippingClock(monkeypatch)
    async with connected(server, server_timeout=60.0, keep_alive_interval=600.0) as (connection, socket):
        call = asyncio.ensure_future(connection.invoke("Slow"))
        invocation = await socket.receive()
        clock.skip(61)
        second = await server.accept()
        await second.receive_type(9)
        second.send(
            {"type": 9, "sequenceId": 1},
            {"type": 3, "invocationId": invocation["invocationId"], "result": 1},
        )
        assert await call == 1


async def test_sequence_with_a_gap_ends_the_state(server: RawSignalRServer) -> None:
    """Lost messages are never passed over in silence: the ordinary way reports the loss."""
    lost: list[Exception | None] = []
    async with connected(server) as (connection, socket):
        connection.on_reconnecting(lost.append)
        socket.abort()
        second = await server.accept()
        second.send({"type": 9, "sequenceId": 5})
        await eventually(lambda: lost)
        assert "cannot be continued" in str(lost[0])


async def test_stop_while_cut_off_ends_everything(
    server: RawSignalRServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopping waits for no attempt, and whoever waits for room is let go."""
    monkeypatch.setattr(stateful_module, "RESUME_DELAYS", (60.0,))
    async with connected(server) as (connection, socket):
        socket.abort()
        await eventually(socket.closed.is_set)
        sending = asyncio.ensure_future(connection.send("Big", "x" * 200_000))
        await stays(lambda: not sending.done())
        async with asyncio.timeout(60):
            await connection.stop()
            await sending


class StatefulHub:
    """Answers echoes and streams; cuts the socket at a certain message, as often as it is told."""

    def __init__(self, server: RawSignalRServer, cuts: list[int]) -> None:
        self.server = server
        self.cuts = cuts
        self.buffer = MessageBuffer()
        self.got: list[HubMessage] = []
        self.connections = 0

    async def run(self) -> None:
        """Serve one connection over as many sockets as it takes."""
        socket = await self.server.accept()
        await socket.handshake()
        received = len(socket.received)
        while True:
            self.connections += 1
            await self._serve(socket, received, self.cuts.pop(0) if self.cuts else None)
            self.buffer.disconnected()
            socket = await self.server.accept()
            received = 0
            for record in self.buffer.replay(JSON):
                socket.send_text(record.decode())

    async def _serve(self, socket: RawSocket, taken: int, cut: int | None) -> None:
        decoder = JSON.decoder(1 << 20)
        messages = 0
        while not socket.closed.is_set():
            if len(socket.received) == taken:
                await asyncio.sleep(0)
                continue
            data = socket.received[taken:]
            taken += len(data)
            for message in decoder.feed(data):
                messages += 1
                if messages == cut:
                    socket.abort()
                    return
                if self.buffer.accept(message):
                    self.got.append(message)
                    self._answer(socket, message)
                if self.buffer.owes_ack:
                    socket.send_text(JSON.encode(self.buffer.take_ack()).decode())

    def _answer(self, socket: RawSocket, message: HubMessage) -> None:
        answers: list[HubMessage] = []
        if isinstance(message, Invocation) and message.invocation_id is not None:
            answers = [
                Invocation("Event", message.arguments),
                Completion(message.invocation_id, message.arguments[0]),
            ]
        elif isinstance(message, StreamInvocation):
            answers = [StreamItem(message.invocation_id, item) for item in range(5)]
            answers.append(Completion(message.invocation_id))
        for answer in answers:
            record = JSON.encode(answer)
            self.buffer.hold_record(record)
            socket.send_text(record.decode())


@pytest.mark.parametrize("step", range(1, 12))
async def test_nothing_is_lost_or_doubled_when_cut_at_any_message(
    server: RawSignalRServer, step: int
) -> None:
    """Invocations, events, sends and a stream come through once, whichever message the cut swallows."""
    hub = StatefulHub(server, [step] * 6)
    serving = asyncio.ensure_future(hub.run())
    heard: list[int] = []
    async with asyncio.timeout(60):
        connection = HubConnection(server.url, retry=None, stateful_reconnect=True)
        connection.on("Event", heard.append)
        await connection.start()
        for number in range(8):
            assert await connection.invoke("Echo", number) == number
            await connection.send("Note", number)
        assert [item async for item in connection.stream("Five")] == [0, 1, 2, 3, 4]
        assert heard == list(range(8))
        notes = [message.arguments[0] for message in hub.got if isinstance(message, Invocation)]
        await eventually(lambda: len(hub.got) == 17)
        assert notes[: len(notes)] == [number for number in range(8) for _ in range(2)][: len(notes)]
        assert connection.connection_id == "id-1"
        assert hub.connections > 1
        serving.cancel()
        await connection.stop()
