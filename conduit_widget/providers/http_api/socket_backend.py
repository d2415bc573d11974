"""The network below the HTTP library: one asyncio protocol a connection, and nothing to do for each read.

httpcore2's own way to the network sets a time limit for every read and passes three layers. Here reading is a
look at what has come, or one future. How long to wait is not its business: the clocks of the generation know.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import socket
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final, cast

import httpcore2
from aiohappyeyeballs import start_connection

from conduit_widget.providers.http_api.chunked_body import plain_chunks

_MAX_WAITING: Final = 256 * 1024
"""Bytes that may wait to be read; with more the server is made to wait."""
_NEXT_ADDRESS_AFTER: Final = 0.25
"""Seconds after which another address of the same host is tried as well."""
_HEAD_END: Final = b"\r\n\r\n"
_EXTRA: Final = {"client_addr": "sockname", "server_addr": "peername"}


class SocketBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections on the running event loop."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> SocketStream:
        """Connect to a host.

        Raises:
            httpcore2.ConnectTimeout: it took longer than ``timeout`` seconds.
            httpcore2.ConnectError: it cannot be reached.

        """
        stream = SocketStream()
        async with _within(timeout, httpcore2.ConnectTimeout, httpcore2.ConnectError):
            transport = await _connect(stream, host, port, local_address)
        for option in socket_options or ():
            transport.get_extra_info("socket").setsockopt(*option)
        return stream

    async def sleep(self, seconds: float) -> None:
        """Sleep between two attempts to connect."""
        await asyncio.sleep(seconds)


class SocketStream(httpcore2.AsyncNetworkStream, asyncio.Protocol):
    """One connection; one task reads from it at a time."""

    _transport: asyncio.Transport

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._pieces: list[bytes] = []
        self._waiting = 0  # bytes in them
        self._is_paused = False
        self._is_over = False
        self._awaits_head = False
        self._is_at_body = False
        self._error: Exception | None = None
        self._reader: asyncio.Future[None] | None = None
        self._drained: asyncio.Future[None] | None = None

    @property
    def is_at_body(self) -> bool:
        """Whether the head of a response was read, and nothing after it."""
        return self._is_at_body

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come, at least one byte; nothing at the end. A head is returned without its body.

        Raises:
            httpcore2.ReadTimeout: nothing came in ``timeout`` seconds.
            httpcore2.ReadError: the connection broke.

        """
        if timeout is None:
            data = await self._receive()
        else:
            async with _within(timeout, httpcore2.ReadTimeout, httpcore2.ReadError):
                data = await self._receive()
        if not data and self._error is not None:
            raise httpcore2.ReadError(str(self._error)) from self._error
        self._is_at_body = False
        if self._awaits_head:
            self._awaits_head = False
            if head := data.find(_HEAD_END) + 1:
                self._is_at_body = True
                max_bytes = min(max_bytes, head - 1 + len(_HEAD_END))
        self._put_back(data[max_bytes:])
        return data[:max_bytes]

    async def read_chunks(self) -> bytes:
        """Return the data of the next chunks of a chunked body; nothing where the library has to read on.

        Only in a body of which nothing was read in another way.
        """
        held = b""
        while piece := await self._receive():
            held += piece
            chunks = plain_chunks(held)
            held = held[chunks.used :]
            if chunks.data or not chunks.is_plain:
                self._put_back(held)
                return chunks.data
        self._put_back(held)
        return b""

    async def _receive(self) -> bytes:
        if not self._pieces:
            if self._is_over:
                return b""
            self._reader = self._loop.create_future()
            try:
                await self._reader
            finally:
                self._reader = None
            if not self._pieces:
                return b""
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._waiting = 0
        if self._is_paused:
            self._is_paused = False
            self._transport.resume_reading()
        return data

    def _put_back(self, data: bytes) -> None:
        if data:
            self._pieces.insert(0, data)
            self._waiting += len(data)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send bytes; wait while too many have not left yet.

        Raises:
            httpcore2.WriteTimeout: they did not leave in ``timeout`` seconds.
            httpcore2.WriteError: the connection broke.

        """
        if self._is_over:
            raise httpcore2.WriteError("The connection is closed.") from self._error
        self._awaits_head = True
        self._transport.write(buffer)
        if self._drained is not None:
            async with _within(timeout, httpcore2.WriteTimeout, httpcore2.WriteError):
                await asyncio.shield(self._drained)

    async def aclose(self) -> None:
        """Close at once: what was not read or not sent yet is of no use to anybody."""
        self._transport.abort()
        await asyncio.sleep(0)  # the socket is closed by the loop

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> SocketStream:
        """Go on with TLS.

        Raises:
            httpcore2.ConnectTimeout: it took longer than ``timeout`` seconds.
            httpcore2.ConnectError: there is no TLS, or the certificate is not trusted.

        """
        try:
            async with _within(timeout, httpcore2.ConnectTimeout, httpcore2.ConnectError):
                secured = await self._loop.start_tls(
                    self._transport,
                    self,
                    ssl_context,
                    server_hostname=server_hostname,
                    ssl_handshake_timeout=None if timeout is None else timeout + 1,
                )
        except BaseException:
            await self.aclose()
            raise
        if secured is None:
            raise httpcore2.ConnectError("The connection was closed during the TLS handshake.")
        self._transport = secured
        return self

    def get_extra_info(self, info: str) -> Any:
        """Return what is known of the connection; one that is idle and ``is_readable`` is of no use."""
        if info == "is_readable":
            return self._is_over or bool(self._pieces) or _is_readable(self.get_extra_info("socket"))
        return self._transport.get_extra_info(_EXTRA.get(info, info))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Keep the bytes and wake up the reader."""
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting > _MAX_WAITING and not self._is_paused:
            self._is_paused = True
            self._transport.pause_reading()
        _wake(self._reader)

    def eof_received(self) -> bool:
        """Let the reader know that nothing follows; the connection closes."""
        self._is_over = True
        _wake(self._reader)
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Let the reader and the writer know that nothing follows."""
        self._is_over = True
        self._error = error
        _wake(self._reader)
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_exception(error or ConnectionResetError("The connection is closed."))
            drained.exception()  # it may have no reader

    def pause_writing(self) -> None:
        """Let writers wait."""
        self._drained = self._loop.create_future()

    def resume_writing(self) -> None:
        """Let writers go on."""
        drained, self._drained = self._drained, None
        _wake(drained)


async def _connect(
    stream: SocketStream, host: str, port: int, local_address: str | None
) -> asyncio.Transport:
    # asyncio's own race between addresses leaves sockets open when it is cancelled (Python 3.11 to 3.13).
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    local = (
        None if local_address is None else await loop.getaddrinfo(local_address, 0, type=socket.SOCK_STREAM)
    )
    connected = await start_connection(
        addresses, local_addr_infos=local, happy_eyeballs_delay=_NEXT_ADDRESS_AFTER
    )
    try:
        transport, _ = await loop.create_connection(lambda: stream, sock=connected)
    except BaseException:
        connected.close()
        raise
    return transport


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)


def _is_readable(channel: Any) -> bool:
    """Whether something has come that the loop has not seen yet; what is closed counts as well."""
    number = -1 if channel is None else channel.fileno()
    if number < 0:
        return True
    if not hasattr(select, "poll"):  # Windows
        return bool(select.select([number], [], [], 0)[0])
    poll = select.poll()
    poll.register(number, select.POLLIN)
    return bool(poll.poll(0))


@contextlib.asynccontextmanager
async def _within(
    seconds: float | None, late: type[Exception], broken: type[Exception]
) -> AsyncIterator[None]:
    """Give what is done here so much time, and its errors their names."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise late from error
    except OSError as error:  # one of TLS is an OSError, too
        raise broken(str(error)) from error
