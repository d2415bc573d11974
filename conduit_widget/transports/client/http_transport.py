"""The common part of server-sent events and long polling: a task that reads and a queue that posts."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from ssl import SSLContext
from typing import Final

import httpx2

from conduit_widget.errors import ConnectionFailedError, ConnectionLostError
from conduit_widget.event_stream import EventTooLargeError
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.client.http_client import FreshHeaders, HttpChannel
from conduit_widget.transports.client.post_queue import PostQueue
from conduit_widget.transports.reasons import connection_lost, reason_of
from conduit_widget.transports.transport import OnClose, OnData

CLOSE_TIMEOUT: Final = 2.0


class HttpTransport(ABC):
    """A :class:`~.transport.Transport` over plain HTTP requests.

    ``proxy`` is the URL of an HTTP proxy, ``fresh_headers`` gives a newer token when one expired on the way.
    """

    def __init__(
        self,
        *,
        on_data: OnData,
        on_close: OnClose,
        max_message_bytes: int,
        proxy: str | None = None,
        fresh_headers: FreshHeaders | None = None,
    ) -> None:
        self._fresh_headers = fresh_headers
        self._on_data = on_data
        self._on_close = on_close
        self._max_message_bytes = max_message_bytes
        self._proxy = proxy
        self._channel: HttpChannel | None = None
        self._posts: PostQueue | None = None
        self._reader: asyncio.Task[None] | None = None
        self._releasing: asyncio.Task[None] | None = None
        self._ended = False

    async def connect(
        self, url: str, *, transfer_format: TransferFormat, headers: Mapping[str, str], ssl: SSLContext | None
    ) -> None:
        """Open the connection; raises as :meth:`.transport.Transport.connect` does."""
        channel = HttpChannel(url, headers, ssl=ssl, proxy=self._proxy, fresh_headers=self._fresh_headers)
        try:
            await self._open(channel, transfer_format)
        except BaseException as error:
            self._ended = True
            await channel.aclose()
            if isinstance(error, httpx2.HTTPError):
                raise ConnectionFailedError(f"The hub did not answer ({reason_of(error)}).") from None
            raise
        self._channel = channel
        self._posts = PostQueue(lambda body: channel.request("POST", body), on_failure=self._post_failed)
        self._reader = asyncio.get_running_loop().create_task(self._run())

    def send(self, data: bytes) -> None:
        """Queue records for the next POST."""
        if self._posts is not None and not self._ended:
            self._posts.send(data)

    async def drain(self) -> None:
        """Wait for room in the outgoing queue."""
        if self._posts is not None:
            await self._posts.drain()

    async def close(self) -> None:
        """Post what is queued, tell the hub, and end; each within :data:`CLOSE_TIMEOUT` seconds."""
        if self._channel is not None and self._posts is not None and not self._ended:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_TIMEOUT):
                    await self._posts.flush()
            if not self._ended:
                self._end(None, release=False)
                with contextlib.suppress(TimeoutError, ConnectionFailedError):
                    async with asyncio.timeout(CLOSE_TIMEOUT):
                        await self._say_goodbye(self._channel)
                self._release()
        if self._releasing is not None:
            await asyncio.shield(self._releasing)

    def abort(self) -> None:
        """Drop the sockets."""
        self._end(None)

    @abstractmethod
    async def _open(self, channel: HttpChannel, transfer_format: TransferFormat) -> None:
        """Make the first request; raises as :meth:`connect` does."""

    @abstractmethod
    async def _read(self, channel: HttpChannel) -> None:
        """Hand what arrives to ``_on_data`` until the hub ends the connection in good order."""

    @abstractmethod
    async def _say_goodbye(self, channel: HttpChannel) -> None:
        """Tell the hub that this client leaves, where the transport has a request for that."""

    async def _run(self) -> None:
        assert self._channel is not None
        error: Exception | None = None
        try:
            await self._read(self._channel)
        except (httpx2.HTTPError, OSError, EventTooLargeError) as failure:
            went_away = isinstance(failure, httpx2.RemoteProtocolError)
            error = connection_lost(None if went_away else failure)
        except ConnectionFailedError as failure:
            error = ConnectionLostError(f"The connection to the hub is lost ({str(failure).rstrip('.')}).")
        self._end(error)

    def _post_failed(self, failure: ConnectionFailedError) -> None:
        self._end(ConnectionLostError(f"Sending to the hub failed ({str(failure).rstrip('.')})."))

    def _end(self, error: Exception | None, *, release: bool = True) -> None:
        if self._ended:
            return
        self._ended = True
        if self._posts is not None:
            self._posts.stop()
        if release:
            self._release()
        if self._channel is not None:
            self._on_close(error)

    def _release(self) -> None:
        if self._channel is not None and self._releasing is None:
            self._releasing = asyncio.get_running_loop().create_task(self._give_back(self._channel))

    async def _give_back(self, channel: HttpChannel) -> None:
        if self._reader is not None:
            self._reader.cancel()
            await asyncio.wait([self._reader])
        await channel.aclose()
