"""The outbox: one frame a tick, equal batches framed once, bounded when the client does not read."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable

import pytest

from conduit_widget.hub.delivery.outbox import MAX_FRAME_BYTES, EncodedRecord, FlushRound, Outbox


class FakeConnection:
    """Keeps what is written; says how much is buffered."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.framed = 0
        self.buffered_bytes = 0
        self.aborted = False
        self.on_write: Callable[[], None] | None = None

    def write(self, frame: bytes) -> None:
        self.frames.append(frame)
        if self.on_write is not None:
            self.on_write()

    def abort(self) -> None:
        self.aborted = True


async def flushed() -> None:
    """Let the round end: it takes one tick more than the one it began in."""
    for _ in range(3):
        await asyncio.sleep(0)


class Frame(bytearray):
    """Bytes that can be watched."""


def _outbox(
    flush_round: FlushRound, connection: FakeConnection, overflows: list[int] | None = None
) -> Outbox:
    def frame(payload: bytes) -> Frame:
        calls.append(payload)
        return Frame(b"<" + payload + b">")

    framer = _FRAMERS.setdefault(id(flush_round), frame)
    connection.framer = lambda binary: framer  # type: ignore[attr-defined]  # a double
    return Outbox(
        connection,  # type: ignore[arg-type]  # a double
        flush_round,
        binary=False,
        soft_bytes=100,
        hard_bytes=1000,
        on_overflow=lambda: (overflows if overflows is not None else []).append(1),
    )


_FRAMERS: dict[int, object] = {}
calls: list[bytes] = []


async def test_records_of_one_tick_share_a_frame() -> None:
    """Three records, one frame; the next tick's record has its own."""
    connection = FakeConnection()
    outbox = _outbox(FlushRound(), connection)
    for text in (b"a", b"b", b"c"):
        outbox.put(EncodedRecord(text))
    assert connection.frames == []
    await flushed()
    outbox.put(EncodedRecord(b"d"))
    await flushed()
    assert connection.frames == [b"<abc>", b"<d>"]
    assert outbox.queued_bytes == 0


async def test_equal_batches_are_framed_once_for_many_connections() -> None:
    """A broadcast costs one framing, however many receive it."""
    flush_round = FlushRound()
    connections = [FakeConnection() for _ in range(50)]
    outboxes = [_outbox(flush_round, connection) for connection in connections]
    calls.clear()
    for record in (EncodedRecord(b"x"), EncodedRecord(b"y")):
        for outbox in outboxes:
            outbox.put(record)
    outboxes[0].put(EncodedRecord(b"z"))
    await flushed()
    assert connections[0].frames == [b"<xyz>"]
    assert all(connection.frames == [b"<xy>"] for connection in connections[1:])
    assert sorted(calls) == [b"xy", b"xyz"]


async def test_nothing_is_written_while_paused_and_all_of_it_in_order_after() -> None:
    """Pausing keeps order and loses nothing."""
    connection = FakeConnection()
    outbox = _outbox(FlushRound(), connection)
    outbox.pause()
    for number in range(5):
        outbox.put(EncodedRecord(b"%d" % number))
        await flushed()
    assert connection.frames == []
    assert outbox.queued_bytes == 5
    outbox.resume()
    assert b"".join(connection.frames) == b"<01234>"


async def test_reader_that_stopped_keeps_no_frames_of_the_others() -> None:
    """What waits for it is the record; the frame made of it for those who read goes with them."""
    flush_round, reading, stopped = FlushRound(), FakeConnection(), FakeConnection()
    reads, waits = _outbox(flush_round, reading), _outbox(flush_round, stopped)
    waits.pause()
    record = EncodedRecord(b"x" * 500)
    reads.put(record)
    waits.put(record)
    await flushed()
    del record
    assert reading.frames == [b"<" + b"x" * 500 + b">"]
    kept = weakref.ref(reading.frames.pop())
    assert kept() is None
    assert waits.queued_bytes == 500
    waits.resume()
    assert stopped.frames == [b"<" + b"x" * 500 + b">"]


async def test_overflow_is_told_when_the_hard_limit_is_passed() -> None:
    """A reader that stops costs at most the hard limit."""
    connection, overflows = FakeConnection(), list[int]()
    outbox = _outbox(FlushRound(), connection, overflows)
    outbox.pause()
    connection.buffered_bytes = 300
    for _ in range(20):
        outbox.put(EncodedRecord(b"x" * 100))
    assert overflows
    assert outbox.queued_bytes <= 1000


async def test_large_record_goes_out_when_nothing_waits() -> None:
    """One record over the hard limit is no slow reader."""
    connection, overflows = FakeConnection(), list[int]()
    outbox = _outbox(FlushRound(), connection, overflows)
    outbox.put(EncodedRecord(b"x" * 5000))
    await flushed()
    assert len(connection.frames) == 1
    assert overflows == []


async def test_lagging_is_told_when_paused_over_the_soft_limit() -> None:
    """Lagging needs both: a client that does not read, and more than the soft limit."""
    connection = FakeConnection()
    outbox = _outbox(FlushRound(), connection)
    outbox.put(EncodedRecord(b"x" * 200))
    assert not outbox.lagging
    outbox.pause()
    assert outbox.lagging


async def test_lagging_holds_until_drained_then_tells_once() -> None:
    """Once over the soft limit a connection lags until it is written to again; who waits hears of it once."""
    connection, told = FakeConnection(), list[str]()
    outbox = _outbox(FlushRound(), connection)
    outbox.pause()
    connection.buffered_bytes = 200
    assert outbox.lagging
    connection.buffered_bytes = 50
    assert outbox.lagging, "half drained is not drained"
    outbox.put(EncodedRecord(b"log"))
    outbox.on_drained(lambda: told.append(b"".join(connection.frames).decode()))
    connection.buffered_bytes = 0
    outbox.resume()
    lagging: bool = outbox.lagging
    assert lagging is False
    assert told == ["<log>"], "what was queued goes out first"
    outbox.pause()
    outbox.resume()
    assert len(told) == 1


async def test_drained_is_not_told_when_the_flush_fills_the_transport_again() -> None:
    """A reader that takes a little still lags."""
    connection, told = FakeConnection(), list[int]()
    outbox = _outbox(FlushRound(), connection)
    outbox.pause()
    outbox.put(EncodedRecord(b"x"))
    outbox.on_drained(lambda: told.append(1))
    connection.on_write = outbox.pause
    outbox.resume()
    assert told == []
    connection.on_write = None
    outbox.resume()
    assert told == [1]


async def test_drained_is_never_told_once_the_connection_ended() -> None:
    """Nobody is called for a connection that is gone."""
    outbox, told = _outbox(FlushRound(), FakeConnection()), list[int]()
    outbox.pause()
    outbox.on_drained(lambda: told.append(1))
    outbox.clear()
    outbox.resume()
    assert told == []


async def test_frames_stay_small_when_much_waits() -> None:
    """A backlog leaves in several frames, in order."""
    connection = FakeConnection()
    outbox = _outbox(FlushRound(), connection)
    records = [b"%05d" % number * 2000 for number in range(20)]
    for record in records:
        outbox.put(EncodedRecord(record))
    await flushed()
    assert len(connection.frames) > 1
    assert all(len(frame) <= MAX_FRAME_BYTES + 2 for frame in connection.frames)
    assert b"".join(frame[1:-1] for frame in connection.frames) == b"".join(records)


async def test_writable_waits_while_paused() -> None:
    """A stream waits for its reader, and goes on when it reads."""
    outbox = _outbox(FlushRound(), FakeConnection())
    await outbox.writable()
    outbox.pause()
    waiting = asyncio.ensure_future(outbox.writable())
    await flushed()
    assert not waiting.done()
    outbox.resume()
    await asyncio.wait_for(waiting, 30)


async def test_transport_that_fails_costs_its_own_connection(caplog: pytest.LogCaptureFixture) -> None:
    """The others of the same tick are written to; the one that failed is cut."""
    flush_round = FlushRound()
    before, broken, after = (FakeConnection() for _ in range(3))
    boxes = [_outbox(flush_round, connection) for connection in (before, broken, after)]

    def fail() -> None:
        raise RuntimeError("secret")

    broken.on_write = fail
    for box in boxes:
        box.put(EncodedRecord(b"a"))
    await flushed()
    assert (before.frames, after.frames) == ([b"<a>"], [b"<a>"])
    assert (before.aborted, broken.aborted, after.aborted) == (False, True, False)
    assert "A connection could not be written to" in caplog.text
    assert "secret" not in caplog.text
