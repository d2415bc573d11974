"""One established hub connection: transport, session and keep-alive timer, from connect to its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from ssl import SSLContext
from typing import NamedTuple
from urllib.parse import urlsplit

from conduit_widget.client.keep_alive import KeepAlive
from conduit_widget.client.negotiation import Endpoint
from conduit_widget.client.stateful_reconnect import FOR_THE_LINK, StatefulReconnect
from conduit_widget.errors import ConnectionFailedError, ConnectionLostError, NotSentError, ProtocolError
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import Close, HubMessage, Ping
from conduit_widget.protocol.session import (
    Event,
    HandshakeCompleted,
    HandshakeRefused,
    Session,
    SessionState,
)
from conduit_widget.transports.transport import Transport

RouteMessages = Callable[[Sequence[Event]], int]
"""Routes messages up to the first that only the link can act on; returns how many."""

_logger = logging.getLogger(__name__)


class LinkEnd(NamedTuple):
    """Why a link ended (without an error: as intended), and whether the hub allows a reconnect."""

    error: Exception | None
    allow_reconnect: bool


class LinkOptions(NamedTuple):
    """The options that all links of a hub connection share. Times are in seconds, sizes in bytes."""

    protocol: HubProtocol
    ssl: SSLContext | None
    keep_alive_interval: float
    server_timeout: float
    handshake_timeout: float
    max_message_bytes: int


class Link:
    """One connection, used once: :meth:`open`, :meth:`go_live`, then :meth:`send` until it ends.

    ``on_end`` is called once, also when opening failed.

    Messages that arrive before :meth:`go_live` are held back, so that handlers find a connected client.
    """

    def __init__(
        self,
        options: LinkOptions,
        endpoint: Endpoint,
        *,
        on_messages: RouteMessages,
        on_end: Callable[[Link, LinkEnd], None],
    ) -> None:
        self._options = options
        self._endpoint = endpoint
        self._route = on_messages
        self._on_messages: RouteMessages = self._keep_early
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._session = Session.client(options.protocol, max_message_bytes=options.max_message_bytes)
        self._transport = self._make_transport()
        self._stateful: StatefulReconnect | None = None
        if endpoint.stateful:
            self._stateful = StatefulReconnect(
                options.protocol,
                reconnect=self._reconnect_transport,
                transmit=self._transmit,
                on_messages=on_messages,
                on_broken=self.abort,
            )
            self._route = self._stateful.receive
        self._keep_alive = KeepAlive(
            interval=options.keep_alive_interval,
            timeout=options.server_timeout,
            ping=self._ping,
            on_silence=self._hub_is_silent,
        )
        self._handshake: asyncio.Future[None] = self._loop.create_future()
        self._end: LinkEnd | None = None
        self._early: list[Event] = []
        self._closing: asyncio.Task[None] | None = None
        self.ended: asyncio.Future[LinkEnd] = self._loop.create_future()
        self.was_refused = False
        self.connection_id: str | None = None

    @property
    def transport_name(self) -> str:
        """Name of the transport, as the hub offers it."""
        return self._endpoint.transport_name

    @property
    def host(self) -> str:
        """Host, and port where the address has one, that this link goes to."""
        return urlsplit(self._endpoint.url).netloc.rpartition("@")[2]

    @property
    def end(self) -> LinkEnd | None:
        """Why the link ended; None while it is alive."""
        return self._end

    async def open(self) -> None:
        """Connect and complete the handshake; :attr:`was_refused` tells whether the hub itself refused.

        Raises:
            AuthenticationError: the transport was refused with 401 or 403.
            ConnectionFailedError: no connection, no handshake in time, or the hub refused it.

        """
        options = self._options
        limit = options.handshake_timeout
        try:
            async with asyncio.timeout(limit):
                await self._connect_transport()
                self._transport.send(self._session.start(2 if self._stateful is not None else 1))
                await self._handshake
        except TimeoutError:
            error = ConnectionFailedError(f"The hub did not complete the handshake within {limit:g} s.")
            self.abort(error)
            raise error from None
        except ConnectionLostError as error:  # cut off on the way, say by a proxy that allows no WebSockets
            self.abort(error)
            raise ConnectionFailedError(f"No handshake with the hub: {error}") from None
        except BaseException as error:
            self.abort(error if isinstance(error, Exception) else None)
            raise
        if self._end is not None:  # the hub closed in the very frame of its handshake
            self.was_refused = True
            raise ConnectionFailedError(str(self._end.error or "The hub closed the connection at once."))
        self.connection_id = self._endpoint.connection_id
        self._watch()

    def go_live(self) -> None:
        """Deliver the messages that arrived before, and from now on each as it arrives."""
        self._on_messages = self._route
        early, self._early = self._early, []
        self._act_on_rest(early, self._on_messages(early))

    def send(self, message: HubMessage) -> None:
        """Send one message without waiting.

        Raises:
            LocalProtocolError: a value cannot be encoded.
            NotSentError: the link has ended.

        """
        if self._session.state is not SessionState.OPEN:
            raise NotSentError("The connection to the hub has ended; try again after it reconnected.")
        record = self._session.send(message)
        if self._stateful is None or self._stateful.hold(message, record):
            self._transport.send(record)
        self._keep_alive.last_sent = self._loop.time()

    async def drain(self) -> None:
        """Wait until the outgoing buffers have room."""
        if self._stateful is not None:
            await self._stateful.drain()
        await self._transport.drain()

    async def close(self) -> None:
        """Send Close and end; ``on_end`` is called without an error."""
        if self._session.state is SessionState.OPEN:
            self.send(Close())
        self._finish(LinkEnd(None, allow_reconnect=False))
        await self._transport.close()
        if self._closing is not None:
            await self._closing

    async def wait_closed(self) -> None:
        """Wait until the transport of a link that the hub ended is closed (bounded by its close timeout)."""
        if self._closing is not None:
            await asyncio.wait([self._closing])

    def abort(self, error: Exception | None, *, allow_reconnect: bool = True) -> None:
        """End at once, for a reason on this side."""
        self._finish(LinkEnd(error, allow_reconnect))
        self._transport.abort()

    def _receive(self, data: bytes | str) -> None:
        self._keep_alive.last_received = self._loop.time()
        try:
            events = self._session.receive(data)
        except ProtocolError as error:
            self.abort(ConnectionLostError(f"The connection was given up: {error}"))
            return
        done = self._on_messages(events)
        if done < len(events):
            self._act_on_rest(events, done)

    def _keep_early(self, events: Sequence[Event]) -> int:
        for count, event in enumerate(events):
            if isinstance(event, FOR_THE_LINK):
                return count
            self._early.append(event)
        return len(events)

    def _act_on_rest(self, events: Sequence[Event], done: int) -> None:
        """Act on the events that concern the link alone, and route the messages between them."""
        while done < len(events) and self._end is None:
            self._act(events[done])
            done += 1
            if self._end is None:
                done += self._on_messages(events[done:])

    def _act(self, event: Event) -> None:
        if isinstance(event, Close):
            reason = f": {event.error}" if event.error else "."
            error = ConnectionLostError(f"The hub closed the connection{reason}")
            # Without an error text an orderly goodbye is no failure, as long as it is final.
            final = not event.allow_reconnect and not event.error
            self._finish(LinkEnd(None if final else error, event.allow_reconnect))
            self._closing = self._loop.create_task(self._transport.close())
        elif isinstance(event, HandshakeCompleted):
            if not self._handshake.done():
                self._handshake.set_result(None)
        elif isinstance(event, HandshakeRefused):
            self.was_refused = True
            self.abort(ConnectionFailedError(f"The hub refused the handshake: {event.error}"))

    def _ping(self) -> None:
        self.send(Ping())

    def _hub_is_silent(self) -> None:
        limit = self._options.server_timeout
        error = ConnectionLostError(f"The hub sent nothing for {limit:g} s.")
        if not self._survives(error):
            self.abort(error)

    def _transport_closed(self, error: Exception | None) -> None:
        if error is not None and self._end is None and self._survives(error):
            return
        self._finish(LinkEnd(error or ConnectionLostError("The hub ended the connection."), True))

    def _survives(self, error: Exception) -> bool:
        """Start to restore a stateful connection; return False where there is nothing to restore."""
        if self._stateful is None or self._session.state is not SessionState.OPEN:
            return False
        self._keep_alive.stop()
        self._session.resume()
        self._stateful.cut(error)
        dead, self._transport = self._transport, self._make_transport()
        dead.abort()
        return True

    def _transmit(self, data: bytes) -> None:
        self._transport.send(data)
        self._keep_alive.last_sent = self._loop.time()

    async def _reconnect_transport(self) -> None:
        """Connect a fresh transport to the same address; raises as :meth:`.Transport.connect` does."""
        self._session.resume()
        self._transport = self._make_transport()
        async with asyncio.timeout(self._options.handshake_timeout):
            await self._connect_transport()
        self._watch()

    def _make_transport(self) -> Transport:
        def closed(error: Exception | None) -> None:
            if transport is self._transport:  # one that was given up has no say any more
                self._transport_closed(error)

        transport = self._endpoint.transport(
            on_data=self._receive, on_close=closed, max_message_bytes=self._options.max_message_bytes
        )
        return transport

    async def _connect_transport(self) -> None:
        await self._transport.connect(
            self._endpoint.url,
            transfer_format=self._options.protocol.transfer_format,
            headers=self._endpoint.headers,
            ssl=self._options.ssl,
        )

    def _watch(self) -> None:
        if not self._endpoint.inherent_keep_alive:
            self._keep_alive.start()

    def _finish(self, end: LinkEnd) -> None:
        """Enter the end state, once: later reasons follow from the first."""
        if self._end is not None:
            return
        self._end = end
        self._session.close()
        self._keep_alive.stop()
        if self._stateful is not None:
            self._stateful.stop()
        if not self._handshake.done():
            self._handshake.set_exception(
                end.error or ConnectionFailedError("The connection ended before the handshake.")
            )
            self._handshake.exception()  # whoever opened it may have given up already
        if not self.ended.done():  # cancelling whoever awaits it cancels the future too
            self.ended.set_result(end)
        self._on_end(self, end)
