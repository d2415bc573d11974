"""The life of a hub connection: connect, live, reconnect by policy, end. One task owns it all."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Final

from conduit_widget.client.connection_state import ConnectionState, ConnectionStates
from conduit_widget.client.link import Link, LinkEnd, LinkOptions, RouteMessages
from conduit_widget.client.negotiation import Negotiator
from conduit_widget.client.observers import Observers
from conduit_widget.client.retry import RetryContext, RetryPolicy
from conduit_widget.errors import AuthenticationError, ConnectionFailedError, line_of

MIN_STABLE: Final = 5.0
"""Seconds a connection must last before the retry schedule starts over: a hub that drops us at once must not
be asked again and again without delay."""

_logger = logging.getLogger(__name__)


class _HubSaidNoError(Exception):
    """The hub closed while we connected, and allows no reconnect; ``error`` is to be reported."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(str(error))


class Lifecycle:
    """Connects and keeps connected. ``on_lost`` runs synchronously, the moment a live connection ends."""

    def __init__(
        self,
        *,
        negotiator: Negotiator,
        link_options: LinkOptions,
        retry: RetryPolicy | None,
        on_messages: RouteMessages,
        on_lost: Callable[[Exception | None], None],
    ) -> None:
        self.states = ConnectionStates()
        self.link: Link | None = None
        self.reconnecting: Observers[[Exception | None]] = Observers("on_reconnecting")
        self.retry_scheduled: Observers[[int, float, Exception | None]] = Observers("on_retry_scheduled")
        self.reconnected: Observers[[str | None]] = Observers("on_reconnected")
        self.closed: Observers[[Exception | None]] = Observers("on_close")
        self._negotiator = negotiator
        self._link_options = link_options
        self._retry = retry
        self._on_messages = on_messages
        self._ended: Link | None = None  # the last one that ended; its socket may still be closing
        self._on_lost = on_lost
        self._task: asyncio.Task[None] | None = None
        self._skip_wait: asyncio.Event = asyncio.Event()
        self._retries = 0

    async def start(self, *, retry: bool) -> None:
        """Connect; raises as :meth:`.hub_connection.HubConnection.start` does."""
        self.states.enter(ConnectionState.CONNECTING)
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._run(opened, self._retry if retry else None))
        try:
            await asyncio.shield(opened)
        except asyncio.CancelledError:
            await self.stop()
            raise

    async def stop(self) -> None:
        """End the connection, or the attempt under way, and close its socket. Idempotent."""
        await self._end()
        ended, self._ended = self._ended, None
        if ended is not None:
            await ended.wait_closed()

    async def _end(self) -> None:
        task = self._task
        if task is None or self.states.current is ConnectionState.DISCONNECTED:
            return
        if self.states.current is not ConnectionState.DISCONNECTING:
            self.states.enter(ConnectionState.DISCONNECTING)
            if self.link is not None:
                await self.link.close()
            else:
                task.cancel()
        if task is not asyncio.current_task():
            await asyncio.wait([task])

    def retry_now(self) -> None:
        """Skip the present wait before the next attempt, if there is one."""
        self._skip_wait.set()

    async def _run(self, opened: asyncio.Future[None], first_policy: RetryPolicy | None) -> None:
        error: Exception | None = None
        try:
            self._retries = 0
            link = await self._connect(None, first_policy)
            opened.set_result(None)
            error = await self._stay_connected(link)
        except asyncio.CancelledError:
            if self.states.current is not ConnectionState.DISCONNECTING:  # the loop itself is ending
                raise
        except Exception as failure:  # noqa: BLE001 - whatever it was, start() reports it
            error = failure
        finally:
            self._settle(opened, error)

    def _settle(self, opened: asyncio.Future[None], error: Exception | None) -> None:
        """Return to the state before start(), and notify whoever waits."""
        if self.link is not None:
            self.link.abort(None, allow_reconnect=False)
        if self.states.current is not ConnectionState.DISCONNECTED:
            self.states.enter(ConnectionState.DISCONNECTED)
        if opened.done():
            self.closed.notify(error)
            return
        opened.set_exception(
            error or ConnectionFailedError("stop() was called before the connection was made.")
        )
        opened.exception()  # start() may have been cancelled

    async def _stay_connected(self, link: Link) -> Exception | None:
        """Reconnect as often as needed; return why it is over."""
        loop = asyncio.get_running_loop()
        while True:
            connected_at = loop.time()
            end = await link.ended
            if self.states.current is not ConnectionState.RECONNECTING:
                return end.error
            _logger.info("connection to the hub lost: %s", line_of(end.error))
            self.reconnecting.notify(end.error)
            if loop.time() - connected_at >= MIN_STABLE:
                self._retries = 0
            try:
                link = await self._connect(end.error, self._retry)
            except Exception as error:  # noqa: BLE001 - the policy has judged it already
                _logger.warning("reconnecting to the hub was given up: %s", line_of(error))
                return error
            _logger.info("connection to the hub is back")
            self.reconnected.notify(link.connection_id)

    async def _connect(self, failure: Exception | None, policy: RetryPolicy | None) -> Link:
        """Try until connected, after ``failure`` if there was one; raise it when the policy gives up."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while True:
            if failure is not None:
                context = RetryContext(self._retries, loop.time() - began, failure)
                delay = policy(context) if policy is not None else None
                if delay is None:
                    raise failure
                self._retries += 1
                self.retry_scheduled.notify(self._retries, delay, failure)
                await self._wait(delay)
            try:
                return await self._attempt()
            except _HubSaidNoError as refusal:
                raise refusal.error from None
            except Exception as error:  # noqa: BLE001 - also what user factories raise: the policy decides
                _logger.debug("an attempt to connect failed: %s", type(error).__name__)
                failure = error

    async def _attempt(self) -> Link:
        """Try the transports the hub offers, in its order, until one connects."""
        failures: list[ConnectionFailedError] = []
        endpoints = self._negotiator.endpoints(self._link_options.protocol.transfer_format)
        async with contextlib.aclosing(endpoints):
            async for endpoint in endpoints:
                link = Link(
                    self._link_options,
                    endpoint,
                    on_messages=self._on_messages,
                    on_end=self._link_ended,
                )
                try:
                    await link.open()
                except ConnectionFailedError as error:
                    if link.end is not None and not link.end.allow_reconnect:
                        raise _HubSaidNoError(error) from error
                    if link.was_refused or isinstance(error, AuthenticationError):
                        raise  # another way would lead to the same hub
                    _logger.debug("%s did not connect", endpoint.transport_name)
                    failures.append(error)
                else:
                    self.link = link
                    self.states.enter(ConnectionState.CONNECTED)
                    link.go_live()
                    return link
        if len(failures) == 1:
            raise failures[0]
        raise ConnectionFailedError(f"No transport connected: {' '.join(map(str, failures))}")

    async def _wait(self, delay: float) -> None:
        self._skip_wait.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._skip_wait.wait()

    def _link_ended(self, link: Link, end: LinkEnd) -> None:
        if link is not self.link:
            return  # it never became the connection; _connect has the error
        self.link, self._ended = None, link
        if self.states.current is ConnectionState.CONNECTED:
            comes_back = end.allow_reconnect and self._retry is not None
            self.states.enter(ConnectionState.RECONNECTING if comes_back else ConnectionState.DISCONNECTED)
        self._on_lost(end.error)
