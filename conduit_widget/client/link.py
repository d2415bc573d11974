"""One established hub connection: transport, session and keep-alive timer, from connect to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from ssl import SSLContext
from typing import NamedTuple

from conduit_widget.client.keep_alive import KeepAlive
from conduit_widget.client.negotiation import Endpoint
from conduit_widget.errors import ConnectionFailedError, ConnectionLostError, ProtocolError
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import Close, HubMessage, Ping
from conduit_widget.protocol.session import (
    HandshakeCompleted,
    HandshakeRefused,
    MessageReceived,
    Session,
    SessionState,
)
from conduit_widget.transports.transport import TransportFactory

_logger = logging.getLogger(__name__)


class LinkEnd(NamedTuple):
    """Why a link ended, and whether the hub lets us come back. No error: it ended in good order."""

    error: Exception | None
    allow_reconnect: bool


class LinkOptions(NamedTuple):
    """What every link of one hub connection shares. Times in seconds, sizes in bytes."""

    protocol: HubProtocol
    transport: TransportFactory
    ssl: SSLContext | None
    keep_alive_interval: float
    server_timeout: float
    handshake_timeout: float
    max_message_bytes: int


class Link:
    """Used once: :meth:`open`, :meth:`go_live`, then :meth:`send` until it ended (once, also if open failed).

    Messages that arrive before :meth:`go_live` are held back, so that handlers find a connected client.
    """

    def __init__(
        self,
        options: LinkOptions,
        *,
        on_message: Callable[[HubMessage], None],
        on_end: Callable[[Link, LinkEnd], None],
    ) -> None:
        self._options = options
        self._on_message = on_message
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._session = Session.client(options.protocol, max_message_bytes=options.max_message_bytes)
        self._transport = options.transport(
            on_data=self._receive,
            on_close=self._transport_closed,
            max_message_bytes=options.max_message_bytes,
        )
        self._keep_alive = KeepAlive(
            interval=options.keep_alive_interval,
            timeout=options.server_timeout,
            ping=self._ping,
            on_silence=self._hub_is_silent,
        )
        self._handshake: asyncio.Future[None] = self._loop.create_future()
        self._end: LinkEnd | None = None
        self._early: list[HubMessage] | None = []
        self._closing: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[LinkEnd] = self._loop.create_future()
        self.connection_id: str | None = None

    @property
    def end(self) -> LinkEnd | None:
        """Why it ended; None while it lives."""
        return self._end

    async def open(self, endpoint: Endpoint) -> None:
        """Connect and shake hands.

        Raises:
            AuthenticationError: the transport was refused with 401 or 403.
            ConnectionFailedError: no connection, no handshake in time, or the hub refused it.

        """
        options = self._options
        limit = options.handshake_timeout
        try:
            async with asyncio.timeout(limit):
                await self._transport.connect(
                    endpoint.url,
                    transfer_format=options.protocol.transfer_format,
                    headers=endpoint.headers,
                    ssl=options.ssl,
                )
                self._transport.send(self._session.start())
                await self._handshake
        except TimeoutError:
            error = ConnectionFailedError(f"The hub did not complete the handshake within {limit:g} s.")
            self.abort(error)
            raise error from None
        except BaseException as error:
            self.abort(error if isinstance(error, Exception) else None)
            raise
        if self._end is not None:  # the hub closed in the very frame of its handshake
            raise ConnectionFailedError(str(self._end.error or "The hub closed the connection at once."))
        self.connection_id = endpoint.connection_id
        self._keep_alive.start()

    def go_live(self) -> None:
        """Deliver what arrived early, and everything else from now on."""
        early, self._early = self._early or [], None
        for message in early:
            if self._end is None:
                self._on_message(message)

    def send(self, message: HubMessage) -> None:
        """Send one message; never waits.

        Raises:
            LocalProtocolError: a value cannot be encoded.
            ConnectionLostError: the link has ended.

        """
        if self._session.state is not SessionState.OPEN:
            raise ConnectionLostError("The connection to the hub has ended; try again after it reconnected.")
        self._transport.send(self._session.send(message))
        self._keep_alive.last_sent = self._loop.time()

    async def drain(self) -> None:
        """Wait for room in the outgoing buffer."""
        await self._transport.drain()

    async def close(self) -> None:
        """Say goodbye and end in good order; ``on_end`` is called without an error."""
        if self._session.state is SessionState.OPEN:
            self._transport.send(self._session.send(Close()))
        self._finish(LinkEnd(None, allow_reconnect=False))
        await self._transport.close()
        if self._closing is not None:
            await self._closing

    def abort(self, error: Exception | None, *, allow_reconnect: bool = True) -> None:
        """End at once for a reason of our own."""
        self._finish(LinkEnd(error, allow_reconnect))
        self._transport.abort()

    def _receive(self, data: bytes | str) -> None:
        self._keep_alive.last_received = self._loop.time()
        try:
            events = self._session.receive(data)
        except ProtocolError as error:
            self.abort(ConnectionLostError(f"The connection was given up: {error}"))
            return
        for event in events:
            if self._end is not None:
                return
            if isinstance(event, MessageReceived):
                self._take(event.message)
            elif isinstance(event, HandshakeCompleted):
                if not self._handshake.done():
                    self._handshake.set_result(None)
            else:
                self._refused(event)

    def _take(self, message: HubMessage) -> None:
        if type(message) is Close:
            reason = f": {message.error}" if message.error else "."
            error = ConnectionLostError(f"The hub closed the connection{reason}")
            # Without an error text an orderly goodbye is no failure, as long as it is final.
            final = not message.allow_reconnect and not message.error
            self._finish(LinkEnd(None if final else error, message.allow_reconnect))
            self._closing = self._loop.create_task(self._transport.close())
        elif type(message) is Ping:
            return
        elif self._early is not None:
            self._early.append(message)
        else:
            self._on_message(message)

    def _refused(self, event: HandshakeRefused) -> None:
        self.abort(ConnectionFailedError(f"The hub refused the handshake: {event.error}"))

    def _ping(self) -> None:
        self.send(Ping())

    def _hub_is_silent(self) -> None:
        limit = self._options.server_timeout
        self.abort(ConnectionLostError(f"The hub sent nothing for {limit:g} s."))

    def _transport_closed(self, error: Exception | None) -> None:
        self._finish(LinkEnd(error or ConnectionLostError("The hub ended the connection."), True))

    def _finish(self, end: LinkEnd) -> None:
        """Enter the end state, once: later reasons are only echoes of the first."""
        if self._end is not None:
            return
        self._end = end
        self._session.close()
        self._keep_alive.stop()
        if not self._handshake.done():
            self._handshake.set_exception(
                end.error or ConnectionFailedError("The connection ended before the handshake.")
            )
            self._handshake.exception()  # whoever opened it may have given up already
        if not self.ended.done():  # cancelling whoever awaits it cancels the future too
            self.ended.set_result(end)
        self._on_end(self, end)
