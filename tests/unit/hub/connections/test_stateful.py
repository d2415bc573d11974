"""Stateful outboxes: frames and kept records are the broadcast's own bytes; only counted ones are kept."""

from __future__ import annotations

from conduit_widget.hub.connections.stateful import StatefulOutbox
from conduit_widget.hub.delivery.outbox import EncodedRecord, FlushRound
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.message_buffer import MessageBuffer
from conduit_widget.protocol.messages import Ack, Sequence
from tests.unit.hub.delivery.test_outbox import flushed


class FakeConnection:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.buffered_bytes = 0

    def framer(self, binary: bool) -> object:
        return _frame

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)


_framed: list[bytes] = []


def _frame(payload: bytes) -> bytes:
    _framed.append(payload)
    return b"<" + payload + b">"


def _outbox(flush_round: FlushRound, connection: FakeConnection, limit_bytes: int = 1000) -> StatefulOutbox:
    outbox = StatefulOutbox(
        connection,  # type: ignore[arg-type]  # a double
        flush_round,
        binary=False,
        soft_bytes=100,
        hard_bytes=10_000,
        on_overflow=lambda: None,
    )
    outbox.keep_in(MessageBuffer(limit_bytes))
    return outbox


async def test_broadcast_is_framed_once_and_kept_by_reference() -> None:
    """Fifty stateful receivers share one frame and one record."""
    flush_round = FlushRound()
    connections = [FakeConnection() for _ in range(50)]
    outboxes = [_outbox(flush_round, connection) for connection in connections]
    record = EncodedRecord(b"news\x1e")
    _framed.clear()
    for outbox in outboxes:
        outbox.put(record)
        outbox.put(EncodedRecord(b"ping\x1e", counted=False) if outbox is outboxes[0] else record)
    await flushed()
    assert sorted(_framed) == [b"news\x1enews\x1e", b"news\x1eping\x1e"]
    assert len({id(connection.frames[0]) for connection in connections[1:]}) == 1
    assert outboxes[0].buffer.held_bytes == len(record.payload), "pings are not kept"
    assert all(kept is record.payload for kept in outboxes[1].buffer.replay(JsonHubProtocol())[1:])


async def test_what_exceeds_the_buffer_waits_for_acks() -> None:
    """Held back, not dropped; an ack lets it go on."""
    connection = FakeConnection()
    outbox = _outbox(FlushRound(), connection, limit_bytes=10)
    for text in (b"first-of-all\x1e", b"second\x1e"):
        outbox.put(EncodedRecord(text))
        await flushed()
    assert connection.frames == [b"<first-of-all\x1e>"]
    outbox.buffer.accept(Ack(1))
    outbox.go_on()
    assert connection.frames[1:] == [b"<second\x1e>"]


async def test_replay_comes_first_on_a_new_transport_then_what_waited() -> None:
    """Sequence, what may be lost, what was put while away."""
    old, new = FakeConnection(), FakeConnection()
    outbox = _outbox(FlushRound(), old)
    outbox.put(EncodedRecord(b"sent\x1e"))
    await flushed()
    outbox.cut()
    outbox.put(EncodedRecord(b"waits\x1e"))
    await flushed()
    assert old.frames == [b"<sent\x1e>"]
    outbox.reconnect(new, JsonHubProtocol(), binary=False)  # type: ignore[arg-type]  # a double
    sequence = JsonHubProtocol().encode(Sequence(1))
    assert new.frames == [b"<" + sequence + b"sent\x1e>", b"<waits\x1e>"]
