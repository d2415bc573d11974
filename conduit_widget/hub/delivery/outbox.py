"""The queue of one connection's outgoing records: bounded, coalesced, never awaited.

Records put during one loop tick leave in one frame. While the transport is paused (the client does not read),
they stay here. Over the soft limit the connection is *lagging* until it has drained: senders leave out what
can be told anew later. A record that would pass the hard limit closes the connection as a slow reader, so one
stopped client costs at most that much memory and delays nobody.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

import msgspec

from conduit_widget.errors import trace_of
from conduit_widget.transports.server.server_connection import Framer, ServerConnection

MAX_FRAME_BYTES: Final = 64 * 1024

_logger = logging.getLogger(__name__)


class EncodedRecord(msgspec.Struct, eq=False):
    """A hub message in one hub protocol's bytes, shared by every receiver.

    ``counted``: whether stateful reconnect numbers it (message types 1 to 5). ``frames`` are the record as a
    frame of its own, made once for all connections with the same framing.
    """

    payload: bytes
    counted: bool = True
    frames: dict[Framer, bytes] = {}  # msgspec gives each record a fresh one


FrameCache = dict[tuple[Framer, tuple[EncodedRecord, ...]], bytes]


class FlushRound:
    """Writes every outbox touched in a tick when the next one ends; equal batches are framed once.

    One tick more, so that what a commit sends and what it answers (a callback and the task it wakes) leave in
    one frame, which is one system call.
    """

    def __init__(self, on_flushed: Callable[[float], None] | None = None) -> None:
        self._started = 0.0
        self._on_flushed = on_flushed
        self.dirty: list[Outbox] = []

    def add(self, outbox: Outbox) -> None:
        """Schedule ``outbox`` to be flushed with the others."""
        if not self.dirty:
            self._started = time.perf_counter()
            loop = asyncio.get_running_loop()
            loop.call_soon(loop.call_soon, self._flush)
        self.dirty.append(outbox)

    def _flush(self) -> None:
        dirty, self.dirty = self.dirty, []
        cache: FrameCache = {}
        for outbox in dirty:
            try:
                outbox.flush(cache)
            except Exception as error:  # noqa: BLE001 - one connection's transport; the others are served
                _logger.error("A connection could not be written to, it is cut: %s", trace_of(error))  # noqa: TRY400
                outbox.abort()
        if self._on_flushed is not None:
            self._on_flushed(time.perf_counter() - self._started)


class Outbox:
    """One connection's outgoing records. Limits in bytes; ``on_overflow`` runs past the hard one."""

    __slots__ = (
        "_connection",
        "_framer",
        "_hard_bytes",
        "_lagging",
        "_on_drained",
        "_on_overflow",
        "_queued_bytes",
        "_records",
        "_round",
        "_scheduled",
        "_soft_bytes",
        "_writable",
        "paused",
    )

    def __init__(
        self,
        connection: ServerConnection,
        flush_round: FlushRound,
        *,
        binary: bool,
        soft_bytes: int,
        hard_bytes: int,
        on_overflow: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._framer = connection.framer(binary)
        self._round = flush_round
        self._soft_bytes = soft_bytes
        self._hard_bytes = hard_bytes
        self._on_overflow = on_overflow
        self._records: list[EncodedRecord] = []  # an empty deque costs 700 bytes
        self._queued_bytes: int | None = 0  # None: not known, nobody needs it while all goes well
        self._scheduled = False
        self._writable: asyncio.Future[None] | None = None
        self._lagging = False
        self._on_drained: list[Callable[[], None]] | None = None
        self.paused = False

    @property
    def queued_bytes(self) -> int:
        """Bytes not yet sent: queued here, in the transport and, as far as known, in the system."""
        if self._queued_bytes is None:
            self._queued_bytes = sum([len(record.payload) for record in self._records])
        return self._queued_bytes + self._connection.buffered_bytes

    @property
    def lagging(self) -> bool:
        """Whether more than the soft limit waited, and it has not drained since."""
        if self.paused and not self._lagging:
            self._lagging = self.queued_bytes > self._soft_bytes
        return self._lagging

    def on_drained(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` once, when the client reads again; never if the connection ends before."""
        if self._on_drained is None:
            self._on_drained = []
        self._on_drained.append(callback)

    def put(self, record: EncodedRecord) -> None:
        """Queue a record. One that would pass the hard limit of a paused connection is dropped and told."""
        if self.paused:
            queued, size = self.queued_bytes, len(record.payload)
            if queued + size > self._hard_bytes:
                self._on_overflow()
                return
            # Its own copy: the frames made for the others would be kept as well, as many bytes again.
            self._records.append(EncodedRecord(record.payload, counted=record.counted))
            self._queued_bytes = (self._queued_bytes or 0) + size
            return
        self._records.append(record)
        self._queued_bytes = None
        if not self._scheduled:
            self._scheduled = True
            flush_round = self._round
            if flush_round.dirty:
                flush_round.dirty.append(self)
            else:
                flush_round.add(self)

    def flush(self, cache: FrameCache) -> None:
        """Write what is queued, unless the client does not read at present."""
        self._scheduled = False
        if self.paused:
            return
        records = self._records
        if len(records) == 1:
            record = records.pop()
            frame = record.frames.get(self._framer)
            if frame is None:
                frame = record.frames[self._framer] = self._framer(record.payload)
            self._connection.write(frame)
            return
        frame = cache.get((self._framer, tuple(records)))  # what a broadcast put into many outboxes
        if frame is not None:
            records.clear()
            self._connection.write(frame)
            return
        while records and not self.paused:
            self._connection.write(self._frame_of(self._next_batch(), cache))

    def flush_now(self) -> None:
        """Write what is queued without waiting for the tick's end."""
        self.flush({})

    def abort(self) -> None:
        """Drop what is queued and cut the connection."""
        self.clear()
        self._connection.abort()

    def clear(self) -> None:
        """Drop what is queued, and who waits for it to drain."""
        self._records.clear()
        self._queued_bytes = 0
        self._on_drained = None
        self._release()

    def pause(self) -> None:
        """Stop writing: the transport's buffer is over its high-water mark."""
        self.paused = True

    def resume(self) -> None:
        """Write again: the transport's buffer has drained."""
        self.paused = self._lagging = False
        self.flush_now()
        if not self.paused:
            self._release()
            waiting, self._on_drained = self._on_drained, None
            for callback in waiting or ():
                callback()

    async def writable(self) -> None:
        """Wait until the client reads again; for streams that would rather slow down than overflow."""
        if self.paused:
            if self._writable is None:
                self._writable = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._writable)

    def _frame_of(self, batch: tuple[EncodedRecord, ...], cache: FrameCache) -> bytes:
        key = (self._framer, batch)
        frame = cache.get(key)
        if frame is None:
            frame = cache[key] = self._framer(b"".join([record.payload for record in batch]))
        return frame

    def _next_batch(self) -> tuple[EncodedRecord, ...]:
        """Take as many records as fit into a frame, at least one."""
        records = self._records
        self._queued_bytes = None
        count, size = 1, len(records[0].payload)
        while count < len(records) and size + len(records[count].payload) <= MAX_FRAME_BYTES:
            size += len(records[count].payload)
            count += 1
        batch = tuple(records[:count])
        del records[:count]
        return batch

    def _release(self) -> None:
        waiter, self._writable = self._writable, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)
