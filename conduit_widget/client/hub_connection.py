"""``HubConnection``: a SignalR client connection, usable without Jupyter.

::

    async with HubConnection("http://localhost:5000/hubs/chat", access_token=get_token) as connection:
        connection.on("ReceiveMessage", print)
        receipt = await connection.invoke("SendMessage", "team", {"id": "1", "role": "user", "content": "hi"})

One connection belongs to one event loop; call it from there only.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from ssl import SSLContext
from types import TracebackType
from typing import Any

from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.handlers import Handler
from conduit_widget.client.lifecycle import Lifecycle
from conduit_widget.client.link import Link, LinkOptions
from conduit_widget.client.negotiation import Negotiator, TokenFactory, UrlFactory
from conduit_widget.client.retry import DEFAULT_RETRY, RetryPolicy
from conduit_widget.client.routing import MessageRouter
from conduit_widget.client.transport_choice import TransportChoice, TransportOption
from conduit_widget.client.uploads import Uploads, split_streams
from conduit_widget.contract import CLIENT_SERVER_TIMEOUT, HANDSHAKE_TIMEOUT, KEEP_ALIVE_INTERVAL
from conduit_widget.errors import InvocationTimeoutError
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messages import CancelInvocation, Invocation, StreamInvocation
from conduit_widget.transports.client.http_client import HttpClient

Unsubscribe = Callable[[], None]


class HubConnection:
    """A connection to one hub that invokes, listens, streams and reconnects by itself.

    Args:
        url: the hub's address (``http``, ``https``, ``ws`` or ``wss``), or a callable asked at every connect.
        access_token: a token, or a factory (plain or async) asked at every connect, and once more on a 401.
            It travels in the ``Authorization`` header only.
        protocol: the hub protocol; JSON by default.
        retry: when to reconnect; None for never.
        keep_alive_interval: seconds of our own silence before a ping.
        server_timeout: seconds of the hub's silence before the connection counts as lost.
        handshake_timeout: seconds for each step of connecting (negotiate; transport and handshake).
        headers: sent with negotiate and the WebSocket request.
        skip_negotiation: connect the WebSocket straight away; there is no connection id then.
        ssl: used for ``https`` and ``wss``; the system's trust by default.
        max_message_bytes: largest hub message accepted; a larger one ends the connection.
        transport: the transports allowed, of ``"WebSockets"``, ``"ServerSentEvents"`` and ``"LongPolling"``,
            tried in the hub's order; all by default. Or a factory of a transport of your own.
        proxy: the URL of an HTTP proxy (``http`` or ``https``); none by default. Environment variables
            (``HTTPS_PROXY``, ``ALL_PROXY``, ``NO_PROXY``) are not read, so that they cannot come between a
            kernel and its own hub.
        compression: offer permessage-deflate on WebSockets. Off by default: who can put text beside a secret
            into a compressed message may guess the secret by its size.
        stateful_reconnect: ask the hub to keep the connection over a short cut of its WebSocket, so that
            nothing pending fails, is lost or doubled. Without the hub's consent reconnects are ordinary.

    Raises:
        ValueError: options that exclude each other.

    """

    def __init__(
        self,
        url: str | UrlFactory,
        *,
        access_token: TokenFactory | str | None = None,
        protocol: HubProtocol | None = None,
        retry: RetryPolicy | None = DEFAULT_RETRY,
        keep_alive_interval: float = KEEP_ALIVE_INTERVAL,
        server_timeout: float = CLIENT_SERVER_TIMEOUT,
        handshake_timeout: float = HANDSHAKE_TIMEOUT,
        headers: Mapping[str, str] | None = None,
        skip_negotiation: bool = False,
        ssl: SSLContext | None = None,
        max_message_bytes: int = 1 << 20,
        transport: TransportOption = None,
        proxy: str | None = None,
        compression: bool = False,
        stateful_reconnect: bool = False,
    ) -> None:
        self._router = MessageRouter(lambda: self._life.link)
        self._pending = self._router.pending
        self._handlers = self._router.handlers
        self._life = Lifecycle(
            negotiator=Negotiator(
                url,
                access_token,
                headers=headers or {},
                skip_negotiation=skip_negotiation,
                http=HttpClient(ssl=ssl, timeout=handshake_timeout, proxy=proxy),
                choice=TransportChoice(transport, proxy=proxy, compression=compression),
                stateful_reconnect=stateful_reconnect,
            ),
            link_options=LinkOptions(
                protocol=protocol if protocol is not None else JsonHubProtocol(),
                ssl=ssl,
                keep_alive_interval=keep_alive_interval,
                server_timeout=server_timeout,
                handshake_timeout=handshake_timeout,
                max_message_bytes=max_message_bytes,
            ),
            retry=retry,
            on_messages=self._router.handlers.dispatch,
            on_lost=self._router.lost,
        )

    @property
    def state(self) -> ConnectionState:
        """The present state of the connection."""
        return self._life.states.current

    @property
    def connection_id(self) -> str | None:
        """The hub's public id of the present connection; None while there is none or without negotiation."""
        link = self._life.link
        return link.connection_id if link is not None else None

    @property
    def transport_name(self) -> str | None:
        """``WebSockets``, ``ServerSentEvents`` or ``LongPolling``; None while there is no connection."""
        link = self._life.link
        return link.transport_name if link is not None else None

    @property
    def host(self) -> str | None:
        """Host, and port where the address has one, of the present connection; None while there is none."""
        link = self._life.link
        return link.host if link is not None else None

    async def start(self, *, retry: bool = False) -> None:
        """Connect. With ``retry`` a failing first attempt follows the retry policy too.

        Raises:
            LocalProtocolError: it is not disconnected.
            AuthenticationError: the hub refused the token.
            ConnectionFailedError: no connection could be made, or stop() came first.

        """
        await self._life.start(retry=retry)

    async def stop(self) -> None:
        """Close the connection: everything pending fails and queued handlers are dropped. Idempotent."""
        await self._life.stop()
        await self._handlers.aclose()

    async def __aenter__(self) -> HubConnection:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def invoke(self, target: str, *args: Any, timeout: float | None = None) -> Any:
        """Invoke a hub method and return its result (None for void). ``timeout`` in seconds; None waits.

        Arguments that are asynchronous iterables travel as streams beside the invocation.

        Raises:
            HubException: the hub refused; the text is for people.
            ConnectionLostError: there is no connection, or it dropped before the answer.
            InvocationTimeoutError: no answer in time; one that comes later is ignored.
            LocalProtocolError: an argument cannot be encoded.

        """
        link = self._connected(target)
        arguments, uploads = self._uploads(link, args)
        invocation_id, future = self._pending.add_result()
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                link.send(Invocation(target, arguments, invocation_id, uploads.stream_ids))
                uploads.start()
                await link.drain()
                return await future
        except TimeoutError:
            if timeout is None or not limit.expired():
                raise
            raise InvocationTimeoutError(target, timeout) from None
        finally:
            self._pending.discard(invocation_id)
            await uploads.stop(tell_hub=not future.done() or future.cancelled())
            if future.done() and not future.cancelled():
                future.exception()  # a cancelled caller must not leave an unread error behind

    async def send(self, target: str, *args: Any) -> None:
        """Invoke a hub method without waiting for an answer; return when it was handed to the network.

        With streams among the arguments that is when the last of them has ended.

        Raises:
            ConnectionLostError: there is no connection.
            LocalProtocolError: an argument cannot be encoded.

        """
        link = self._connected(target)
        arguments, uploads = self._uploads(link, args)
        link.send(Invocation(target, arguments, stream_ids=uploads.stream_ids))
        uploads.start()
        try:
            await link.drain()
            await uploads.finished()
        finally:
            await uploads.stop(tell_hub=True)

    async def stream(self, target: str, *args: Any) -> AsyncGenerator[Any, None]:
        """Invoke a streaming hub method and iterate over its items; closing the iterator cancels it.

        Raises (while iterating):
            HubException: the hub refused, or the stream failed.
            ConnectionLostError: there is no connection, or it dropped.
            StreamOverflowError: the reader let too many items pile up.

        """
        link = self._connected(target)
        arguments, uploads = self._uploads(link, args)
        invocation_id, stream = self._pending.add_stream(target)
        try:
            link.send(StreamInvocation(invocation_id, target, arguments, uploads.stream_ids))
            uploads.start()
            await link.drain()
            async for item in stream.items():
                yield item
        finally:
            self._pending.discard(invocation_id)
            if not stream.ended and link.end is None:
                link.send(CancelInvocation(invocation_id))
            await uploads.stop(tell_hub=not stream.ended)

    def on(self, target: str, handler: Handler) -> Unsubscribe:
        """Call ``handler(*arguments)`` whenever the hub invokes ``target`` (case-insensitive), in order.

        Returns a function that removes the handler. What a handler returns answers a hub that waits for it.
        """
        return self._handlers.add(target, handler)

    def off(self, target: str, handler: Handler | None = None) -> None:
        """Remove one handler of ``target``, or all of them."""
        self._handlers.remove(target, handler)

    def on_reconnecting(self, callback: Callable[[Exception | None], Awaitable[None] | None]) -> Unsubscribe:
        """Call ``callback(error)`` when the connection was lost and will be restored."""
        return self._life.reconnecting.add(callback)

    def on_retry_scheduled(
        self, callback: Callable[[int, float, Exception | None], Awaitable[None] | None]
    ) -> Unsubscribe:
        """Call ``callback(attempt, delay, error)`` before each wait: attempts from 1, delay in seconds."""
        return self._life.retry_scheduled.add(callback)

    def on_reconnected(self, callback: Callable[[str | None], Awaitable[None] | None]) -> Unsubscribe:
        """Call ``callback(connection_id)`` when the connection is back, with a new id."""
        return self._life.reconnected.add(callback)

    def on_close(self, callback: Callable[[Exception | None], Awaitable[None] | None]) -> Unsubscribe:
        """Call ``callback(error)`` when the connection is over for good; None after stop()."""
        return self._life.closed.add(callback)

    def retry_now(self) -> None:
        """Skip the present waiting time before the next attempt."""
        self._life.retry_now()

    def _connected(self, target: str) -> Link:
        link = self._life.link
        if link is None or self.state is not ConnectionState.CONNECTED:
            raise self._life.states.not_connected(target)
        return link

    def _uploads(self, link: Link, arguments: tuple[Any, ...]) -> tuple[list[Any], Uploads]:
        plain, sources = split_streams(arguments)
        return plain, Uploads(link, sources, self._pending.stream_ids(len(sources)))
