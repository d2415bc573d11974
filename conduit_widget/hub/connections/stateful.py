"""Stateful reconnect on the hub: a WebSocket that drops is waited for; nothing is lost or doubled.

Hub messages are counted in both directions (see ``protocol.message_buffer``). What was sent is kept, as
references to the broadcast's own bytes, until the client acknowledges it. Overflow policy: over
``stateful_buffer_bytes`` unacknowledged the outbox holds further records back, up to its hard limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from conduit_widget.hub.delivery.outbox import FrameCache, Outbox
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.message_buffer import ACK_DELAY, MessageBuffer
from conduit_widget.protocol.messages import HubMessage
from conduit_widget.transports.server.server_connection import ConnectionReceiver, ServerConnection


class StatefulOutbox(Outbox):
    """An outbox that keeps what it sent until the client has it."""

    __slots__ = ("_reads", "buffer")

    buffer: MessageBuffer

    def keep_in(self, buffer: MessageBuffer) -> None:
        """Count and keep records in ``buffer`` from now on; call once, before the first record."""
        self.buffer = buffer
        self._reads = True

    def flush(self, cache: FrameCache) -> None:
        """Write what is queued, as far as the client reads and acknowledges."""
        self._scheduled = False
        while self._records and not self.paused:
            batch = self._next_batch()
            for record in batch:
                if record.counted:
                    self.buffer.hold_record(record.payload)
            self._connection.write(self._frame_of(batch, cache))
            self._update()

    def write_now(self, payload: bytes) -> None:
        """Write past the queue: acks must get out even when the client owes us acks."""
        self._connection.write(self._framer(payload))

    def pause(self) -> None:
        """Stop writing: the transport's buffer is over its high-water mark."""
        self._reads = False
        self._update()

    def resume(self) -> None:
        """Write again: the transport's buffer has drained."""
        self._reads = True
        self.go_on()

    def go_on(self) -> None:
        """Write again after acks, if that is all it waited for."""
        self._update()
        if not self.paused:
            super().resume()
            self._update()

    def cut(self) -> None:
        """Hold everything: the transport is gone."""
        self.buffer.disconnected()
        self._reads = True
        self._update()

    def reconnect(self, connection: ServerConnection, protocol: HubProtocol, *, binary: bool) -> None:
        """Send Sequence and what the client may lack on a new transport, then what waits."""
        self._connection = connection
        self._framer = connection.framer(binary)
        connection.write(self._framer(b"".join(self.buffer.replay(protocol))))
        self.go_on()

    def _update(self) -> None:
        self.paused = not self._reads or self.buffer.is_cut or self.buffer.is_full


class StatefulOwner(Protocol):
    """The endpoint that waits for its client."""

    def window_over(self) -> None:
        """Called when the client did not come back in time."""


class StatefulConnection:
    """The counting, acknowledging and waiting of one connection."""

    __slots__ = ("_ack_timer", "_owner", "_window", "_window_timer", "buffer", "outbox", "protocol")

    def __init__(
        self,
        owner: StatefulOwner,
        outbox: StatefulOutbox,
        protocol: HubProtocol,
        *,
        window: float,
        limit_bytes: int,
    ) -> None:
        self._owner = owner
        self._window = window
        self._ack_timer: asyncio.TimerHandle | None = None
        self._window_timer: asyncio.TimerHandle | None = None
        self.buffer = MessageBuffer(limit_bytes)
        self.outbox = outbox
        self.protocol = protocol
        outbox.keep_in(self.buffer)

    def accept(self, message: HubMessage) -> bool:
        """Count a message; tell whether to act on it (acks, sequences and repeats are dealt with).

        Raises:
            RemoteProtocolError: the client skipped messages.

        """
        was_full = self.buffer.is_full
        accepted = self.buffer.accept(message)
        if was_full and not self.buffer.is_full:
            self.outbox.go_on()
        self._acknowledge_soon()
        return accepted

    def cut(self) -> None:
        """Wait for the client: its transport is gone."""
        self.outbox.cut()
        if self._window_timer is None:
            loop = asyncio.get_running_loop()
            self._window_timer = loop.call_later(self._window, self._owner.window_over)

    def reconnect(self, connection: ServerConnection, *, binary: bool) -> None:
        """Go on over a new transport."""
        self._stop_window()
        self.outbox.reconnect(connection, self.protocol, binary=binary)
        self._acknowledge_soon()

    def stop(self) -> None:
        """End for good."""
        self._stop_window()
        if self._ack_timer is not None:
            self._ack_timer.cancel()
            self._ack_timer = None

    def _stop_window(self) -> None:
        if self._window_timer is not None:
            self._window_timer.cancel()
            self._window_timer = None

    def _acknowledge_soon(self) -> None:
        if self.buffer.owes_ack and self._ack_timer is None:
            self._ack_timer = asyncio.get_running_loop().call_later(ACK_DELAY, self._acknowledge)

    def _acknowledge(self) -> None:
        self._ack_timer = None
        if self.buffer.is_cut:
            return
        self.outbox.write_now(self.protocol.encode(self.buffer.take_ack()))


class Leg:
    """One transport of a connection that may have several, one after the other; a ``ConnectionReceiver``.

    Once it is left, nothing of the old transport reaches the connection any more.
    """

    __slots__ = ("_on_lost", "_receiver", "connection")

    def __init__(
        self,
        connection: ServerConnection,
        receiver: ConnectionReceiver,
        on_lost: Callable[[Exception | None], None],
    ) -> None:
        self.connection = connection
        self._receiver: ConnectionReceiver | None = receiver
        self._on_lost = on_lost

    def leave(self) -> None:
        """Cut the transport without anybody hearing of it."""
        self._receiver = None
        self.connection.abort()

    def data_received(self, data: bytes) -> None:
        """Forward it to the receiver, unless the transport was left."""
        if self._receiver is not None:
            self._receiver.data_received(data)

    def frame_received(self) -> None:
        """Forward it to the receiver, unless the transport was left."""
        if self._receiver is not None:
            self._receiver.frame_received()

    def message_too_large(self, limit_bytes: int) -> bytes:
        """Forward it to the receiver, unless the transport was left."""
        return b"" if self._receiver is None else self._receiver.message_too_large(limit_bytes)

    def connection_lost(self, error: Exception | None) -> None:
        """Forward it to the receiver, unless the transport was left."""
        if self._receiver is not None:
            self._receiver = None
            self._on_lost(error)

    def pause_writing(self) -> None:
        """Forward it to the receiver, unless the transport was left."""
        if self._receiver is not None:
            self._receiver.pause_writing()

    def resume_writing(self) -> None:
        """Forward it to the receiver, unless the transport was left."""
        if self._receiver is not None:
            self._receiver.resume_writing()

    def shutdown(self) -> None:
        """Forward it to the receiver, unless the transport was left."""
        if self._receiver is not None:
            self._receiver.shutdown()
