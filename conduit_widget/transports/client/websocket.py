"""WebSocket transport of the client: websockets' sans-I/O ``ClientProtocol`` under our own asyncio protocol.

Fragments are passed on as they come: records do not follow message boundaries, and their decoder bounds them.
For the same reason the payloads of neighbouring frames are passed on together. Whole, unfragmented, plain
data frames, which is nearly all a hub sends, are cut out right here; everything else (control frames,
fragments, extensions, frames that arrive in pieces, mistakes) goes to ``ClientProtocol``.
"""

from __future__ import annotations

import asyncio
import errno
import logging
from collections.abc import Mapping
from ssl import SSLContext, create_default_context
from typing import Final

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidStatus
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.uri import parse_uri

from conduit_widget.errors import (
    AuthenticationError,
    ConnectionFailedError,
    ConnectionLostError,
    TransportRefusedError,
)
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.client.proxy import open_tunnel
from conduit_widget.transports.compression import client_deflate
from conduit_widget.transports.reasons import connection_lost, no_connection, reason_of
from conduit_widget.transports.transport import OnClose, OnData

CLOSE_TIMEOUT: Final = 2.0
MIN_FRAME_LIMIT_BYTES: Final = 16 * 1024 * 1024
WRITE_HIGH_WATER_BYTES: Final = 256 * 1024

TOGETHER_BYTES: Final = 8 * 1024
"""Frames are passed on together up to this size; more at a time outgrows the processor's caches."""

# First bytes of an unfragmented text or binary frame without extension bits (RFC 6455, 5.2).
_WHOLE_MESSAGES: Final = frozenset({0x81, 0x82})
_FINAL: Final = 0x80
_CONTROL: Final = 0x08
_SIZE_IN_2_BYTES: Final = 126
_SIZE_IN_8_BYTES: Final = 127
_HEAD_END: Final = b"\r\n\r\n"
_MAX_HEAD_BYTES: Final = 64 * 1024

_HTTP_UNAUTHORIZED: Final = 401
_HTTP_FORBIDDEN: Final = 403

# At DEBUG `websockets` logs the request with its Authorization header, so this logger never goes that low.
_wire_logger = logging.getLogger("conduit_widget.transports.client.websocket.wire")
_wire_logger.setLevel(logging.WARNING)


class WebSocketTransport:
    """A :class:`~.transport.Transport` over one WebSocket.

    ``proxy`` is the URL of an HTTP proxy to tunnel through; ``compression`` offers permessage-deflate.
    """

    def __init__(
        self,
        *,
        on_data: OnData,
        on_close: OnClose,
        max_message_bytes: int,
        proxy: str | None = None,
        compression: bool = False,
    ) -> None:
        self._proxy = proxy
        self._compression = compression
        self._on_data = on_data
        self._on_close = on_close
        self._frame_limit_bytes = max(MIN_FRAME_LIMIT_BYTES, 2 * max_message_bytes)
        self._wire: _Wire | None = None

    async def connect(
        self, url: str, *, transfer_format: TransferFormat, headers: Mapping[str, str], ssl: SSLContext | None
    ) -> None:
        """Open the WebSocket; raises as :meth:`.transport.Transport.connect` does."""
        uri = parse_uri(url)
        if uri.secure and ssl is None:
            ssl = create_default_context()
        websocket = ClientProtocol(
            uri,
            extensions=[client_deflate()] if self._compression else None,
            max_size=self._frame_limit_bytes,
            logger=_wire_logger,
        )
        loop = asyncio.get_running_loop()
        wire = self._wire = _Wire(
            loop, websocket, self._on_data, self._on_close, binary=transfer_format is TransferFormat.BINARY
        )
        tls, server_name = (ssl, uri.host) if uri.secure else (None, None)
        try:
            if self._proxy is None:
                await loop.create_connection(
                    lambda: wire, uri.host, uri.port, ssl=tls, server_hostname=server_name
                )
            else:
                tunnel: asyncio.BaseTransport | None
                tunnel = await open_tunnel(self._proxy, uri.host, uri.port, ssl)
                if tls is not None:
                    tunnel = await loop.start_tls(tunnel, wire, tls, server_hostname=server_name)
                else:
                    tunnel.set_protocol(wire)
                if tunnel is None:
                    raise ConnectionResetError(errno.ECONNRESET, "")  # lost during the TLS handshake
                wire.connection_made(tunnel)
        except OSError as error:
            raise no_connection(f"{_bracketed(uri.host)}:{uri.port}", error) from None
        request = websocket.connect()
        for name, value in headers.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        websocket.send_request(request)
        wire.flush()
        try:
            await wire.upgraded
        except BaseException:
            wire.abandon()
            raise

    def send(self, data: bytes) -> None:
        """Send one frame; does nothing once the connection has ended."""
        if self._wire is not None:
            self._wire.send(data)

    async def drain(self) -> None:
        """Wait for room in the outgoing buffer."""
        if self._wire is not None and self._wire.paused is not None:
            await asyncio.shield(self._wire.paused)  # one who gives up waiting must not end it for others

    async def close(self) -> None:
        """Close with code 1000 and wait up to :data:`CLOSE_TIMEOUT` seconds for the peer."""
        if self._wire is None:
            return
        self._wire.start_close()
        await asyncio.wait([self._wire.lost], timeout=CLOSE_TIMEOUT)
        self._wire.abort()

    def abort(self) -> None:
        """Drop the TCP connection."""
        if self._wire is not None:
            self._wire.abort()


class _Wire(asyncio.Protocol):
    """Moves bytes between the socket and ``ClientProtocol``, and reports the end once."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        websocket: ClientProtocol,
        on_data: OnData,
        on_close: OnClose,
        *,
        binary: bool,
    ) -> None:
        self.upgraded: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[None] = loop.create_future()
        self.paused: asyncio.Future[None] | None = None
        self._loop = loop
        self._websocket = websocket
        self._on_data = on_data
        self._on_close = on_close
        self._send_frame = websocket.send_binary if binary else websocket.send_text
        self._socket: asyncio.Transport | None = None
        self._close_timer: asyncio.TimerHandle | None = None
        self._ended = False
        self._head: bytes | None = b""  # of the upgrade response, until it is whole
        self._direct = False  # whether frames are looked at before ClientProtocol
        self._tail = b""  # of a frame's header
        self._owed = 0  # bytes ClientProtocol still has to get of a frame it began
        self._fragmented = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        transport.set_write_buffer_limits(high=WRITE_HIGH_WATER_BYTES)
        self._socket = transport

    def data_received(self, data: bytes) -> None:
        if self._head is not None:
            data = self._read_head(self._head + data)
        if self._tail:
            data, self._tail = self._tail + data, b""
        if not self._direct:
            self._parse(data)
            return
        position = 0
        if self._owed:
            position = min(self._owed, len(data))
            self._owed -= position
            self._parse(data[:position])
        self._read_frames(data, position)

    def _read_head(self, data: bytes) -> bytes:
        """Let ``ClientProtocol`` judge the upgrade response; return what came after it."""
        end = data.find(_HEAD_END) + len(_HEAD_END)
        if end < len(_HEAD_END):
            self._head = data
            if len(data) < _MAX_HEAD_BYTES:
                return b""
            end = 0
        self._head = None
        if end:
            self._parse(data[:end])
            self._direct = self._websocket.state is State.OPEN
        return data[end:]

    def _read_frames(self, data: bytes, position: int) -> None:
        """Read frames from ``position``, where one begins."""
        end = len(data)
        full = position + TOGETHER_BYTES
        payloads: list[bytes] = []
        while (start := position + 2) <= end and self._direct:
            size = data[position + 1]
            if size >= _SIZE_IN_2_BYTES:
                if size > _SIZE_IN_8_BYTES:  # masked, which a hub must not do
                    size = end
                elif (start := start + (2 if size == _SIZE_IN_2_BYTES else 8)) > end:
                    break
                else:
                    size = int.from_bytes(data[position + 2 : start])
            stop = start + size
            if stop <= end and data[position] in _WHOLE_MESSAGES and not self._fragmented:
                payloads.append(data[start:stop])
                position = stop
                if position >= full:
                    self._deliver(payloads)
                    full = position + TOGETHER_BYTES
            elif payloads:  # they come first, and may bring about the end
                self._deliver(payloads)
            else:
                self._parse_frame(data[position:stop], stop - end)
                position = min(stop, end)
        self._deliver(payloads)
        if self._direct:
            self._tail = data[position:]
        elif position < end:
            self._parse(data[position:])

    def _parse_frame(self, frame: bytes, owed: int) -> None:
        """Leave one frame to ``ClientProtocol``; a positive ``owed`` says how much of it is yet to come."""
        if not frame[0] & _CONTROL:
            self._fragmented = not frame[0] & _FINAL
        self._owed = max(owed, 0)
        self._parse(frame)

    def _deliver(self, payloads: list[bytes]) -> None:
        """Deliver payloads together and empty the list."""
        if payloads:
            data = payloads[0] if len(payloads) == 1 else b"".join(payloads)
            payloads.clear()
            self._on_data(data)

    def _parse(self, data: bytes) -> None:
        """Let ``ClientProtocol`` read, then act on its events."""
        websocket = self._websocket
        websocket.receive_data(data)
        if websocket.writes:
            self.flush()
        if not self.upgraded.done():
            self._read_upgrade()
        for event in websocket.events_received():
            if isinstance(event, Frame):
                opcode = event.opcode
                if opcode is Opcode.TEXT or opcode is Opcode.BINARY or opcode is Opcode.CONT:
                    if not self._ended:
                        self._on_data(bytes(event.data))
                elif opcode is Opcode.CLOSE:
                    self._end(self._close_error())
        if websocket.parser_exc is not None:
            broken = type(websocket.parser_exc).__name__
            self._end(ConnectionLostError(f"The hub broke the WebSocket protocol ({broken})."))
        if websocket.close_expected() and self._close_timer is None:
            self._close_timer = self._loop.call_later(CLOSE_TIMEOUT, self.abort)

    def eof_received(self) -> None:
        self._websocket.receive_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._close_timer is not None:
            self._close_timer.cancel()
        self.resume_writing()
        if not self.upgraded.done():
            reason = f": {reason_of(exc)}" if exc else ""
            self.upgraded.set_exception(
                ConnectionFailedError(f"The hub ended the connection before the WebSocket opened{reason}.")
            )
            self.upgraded.exception()  # the waiter may have given up already
            self._ended = True
        if not self.lost.done():
            self.lost.set_result(None)
        self._end(connection_lost(exc))

    def pause_writing(self) -> None:
        self.paused = self._loop.create_future()

    def resume_writing(self) -> None:
        if self.paused is not None and not self.paused.done():
            self.paused.set_result(None)
        self.paused = None

    def send(self, data: bytes) -> None:
        """Put one frame on the socket, unless the connection ended."""
        if self._websocket.state is State.OPEN:
            self._send_frame(data)
            self.flush()

    def flush(self) -> None:
        """Write what ``ClientProtocol`` wants written."""
        socket = self._socket
        for chunk in self._websocket.data_to_send():
            if socket is None or socket.is_closing():
                return
            if chunk:
                socket.write(chunk)
            elif socket.can_write_eof():
                socket.write_eof()
            else:  # TLS has no half-close
                socket.close()

    def start_close(self) -> None:
        """Send the Close frame; the end that follows is reported without an error."""
        if self._websocket.state is State.OPEN:
            self._websocket.send_close(CloseCode.NORMAL_CLOSURE)
            self.flush()
            self._end(None)
        elif self._websocket.state is State.CONNECTING:
            self.abort()

    def abort(self) -> None:
        """Drop the socket now."""
        if self._socket is not None:
            self._socket.abort()
        elif not self.lost.done():
            self.lost.set_result(None)

    def abandon(self) -> None:
        """Drop a socket whose opening failed; its end is not reported."""
        self._ended = True
        self.abort()

    def _end(self, error: Exception | None) -> None:
        self._direct = False  # from here on only ClientProtocol reads, to finish the closing handshake
        if not self._ended:
            self._ended = True
            self._on_close(error)

    def _close_error(self) -> Exception | None:
        close = self._websocket.close_rcvd
        if close is None or close.code in (CloseCode.NORMAL_CLOSURE, CloseCode.NO_STATUS_RCVD):
            return None
        reason = f": {close.reason}" if close.reason and close.reason.isprintable() else ""
        return ConnectionLostError(f"The hub ended the connection (code {int(close.code)}{reason}).")

    def _read_upgrade(self) -> None:
        websocket = self._websocket
        if websocket.state is State.CONNECTING and websocket.handshake_exc is None:
            return
        failure = websocket.handshake_exc
        if failure is None:
            self.upgraded.set_result(None)
            return
        self._ended = True
        self.upgraded.set_exception(_refusal(failure))
        self.abort()


def _refusal(failure: Exception) -> ConnectionFailedError:
    if isinstance(failure, InvalidStatus):
        status = failure.response.status_code
        if status in (_HTTP_UNAUTHORIZED, _HTTP_FORBIDDEN):
            return AuthenticationError(f"The hub refused the access token (HTTP {status}).", status)
        return TransportRefusedError("WebSocket", status)
    return ConnectionFailedError(
        f"The hub's answer to the WebSocket request is invalid ({type(failure).__name__})."
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
