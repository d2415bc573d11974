"""Stateful reconnect of the client: a dropped WebSocket is replaced beneath a hub connection that goes on.

No negotiate and no handshake: the same address again, ``Sequence``, then what the hub has not acknowledged.
When that does not work in time, or the hub has forgotten us, ``on_broken`` hands over to ordinary reconnect.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from conduit_widget.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLostError,
    RemoteProtocolError,
    TransportRefusedError,
)
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.message_buffer import ACK_DELAY, MessageBuffer
from conduit_widget.protocol.messages import Close, HubMessage, Ping
from conduit_widget.protocol.session import Event, HandshakeCompleted, HandshakeRefused

RESUME_DELAYS: Final = (0.0, 0.5, 1.0, 2.0, 4.0)
"""Seconds before each attempt."""
RESUME_WINDOW: Final = 15.0
"""Seconds for all attempts together: so long do .NET hubs keep a connection that was cut."""

FOR_THE_LINK: Final = (Close, Ping, HandshakeCompleted, HandshakeRefused)
"""What concerns the link alone, and is not counted."""

_logger = logging.getLogger(__name__)


class StatefulReconnect:
    """One connection's message buffer with its ack timer and the task that restores it after a cut.

    ``reconnect`` opens a fresh transport, ``transmit`` puts bytes on the present one.
    """

    def __init__(
        self,
        protocol: HubProtocol,
        *,
        reconnect: Callable[[], Awaitable[None]],
        transmit: Callable[[bytes], None],
        on_messages: Callable[[Sequence[HubMessage]], int],
        on_broken: Callable[[Exception], None],
    ) -> None:
        self._protocol = protocol
        self._reconnect = reconnect
        self._transmit = transmit
        self._on_messages = on_messages
        self._on_broken = on_broken
        self._buffer = MessageBuffer()
        self._ack_timer: asyncio.TimerHandle | None = None
        self._resuming: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None
        self._stopped = False
        self._cuts = 0

    def receive(self, events: Sequence[Event]) -> int:
        """Route messages up to a Close or Ping, and return how many were consumed.

        Duplicates, and messages that only concern the buffer, are consumed without being routed.
        """
        for count, message in enumerate(events):
            if isinstance(message, FOR_THE_LINK) or self._stopped:
                return count
            try:
                accepted = self._buffer.accept(message)
            except RemoteProtocolError as error:
                self._on_broken(ConnectionLostError(f"The connection cannot be continued: {error}"))
                break
            if self._buffer.owes_ack and self._ack_timer is None:
                self._ack_timer = asyncio.get_running_loop().call_later(ACK_DELAY, self._send_ack)
            if self._room is not None and not self._buffer.is_full:
                self._make_room()
            if accepted:
                self._on_messages((message,))
        return len(events)

    def hold(self, message: HubMessage, record: bytes) -> bool:
        """Keep a message until it is acknowledged; return whether to send it now (not while cut off)."""
        return self._buffer.hold(message, record)

    async def drain(self) -> None:
        """Wait until the hub has acknowledged enough for more to be sent."""
        while self._buffer.is_full and not self._stopped:
            if self._room is None:
                self._room = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._room)

    def cut(self, error: Exception) -> None:
        """Called when the transport was lost: start to replace it."""
        self._buffer.disconnected()
        self._cuts += 1
        if self._resuming is None and not self._stopped:
            self._resuming = asyncio.get_running_loop().create_task(self._resume(error))

    def stop(self) -> None:
        """Stop the timer and the task, and release those who wait in :meth:`drain`. Idempotent."""
        self._stopped = True
        if self._ack_timer is not None:
            self._ack_timer.cancel()
        if self._resuming is not None and self._resuming is not asyncio.current_task():
            self._resuming.cancel()
        self._make_room()

    async def _resume(self, error: Exception) -> None:
        try:
            async with asyncio.timeout(RESUME_WINDOW):
                resumed = await self._try_to_resume()
        except TimeoutError:
            resumed = False
        self._resuming = None
        if not resumed:
            self._on_broken(error)
            return
        for record in self._buffer.replay(self._protocol):
            self._transmit(record)
        _logger.info("connection to the hub continued after a cut")

    async def _try_to_resume(self) -> bool:
        for delay in RESUME_DELAYS:
            await asyncio.sleep(delay)
            cuts = self._cuts
            try:
                await self._reconnect()
            except (AuthenticationError, TransportRefusedError):
                break  # the hub answered: it does not know the connection any more
            except (ConnectionFailedError, TimeoutError) as failure:
                _logger.debug("an attempt to continue the connection failed: %s", type(failure).__name__)
                continue
            if self._cuts != cuts:
                continue  # it was cut again before we got here
            return True
        return False

    def _send_ack(self) -> None:
        self._ack_timer = None
        if not self._buffer.is_cut:  # otherwise the Sequence that ends the cut asks again
            self._transmit(self._protocol.encode(self._buffer.take_ack()))

    def _make_room(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)
        self._room = None
