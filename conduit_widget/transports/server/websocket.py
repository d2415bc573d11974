"""The server's end of a WebSocket: a class for uvicorn's ``ws=`` on ``websockets``' sans-I/O parser.

``ServerProtocol`` does the handshake, parsing and close; frames going out are made elsewhere (once for many
connections) and written straight to the transport. The ASGI application runs for the opening only: it finds
this connection as ``scope["extensions"]["conduit.connection"]`` and attaches a receiver, after which the
connection lives by callbacks, without a task. One that does not attach speaks ordinary ASGI messages.

However much arrives at once, a turn of the loop works on a piece of it; the rest stays here, and the socket
is not read, until its turn has come (:mod:`~.loop_turns`).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import sys
import time
from http import HTTPStatus
from os import write as write_to
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import unquote

from websockets.datastructures import Headers
from websockets.exceptions import PayloadTooBig
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol

from conduit_widget.errors import trace_of
from conduit_widget.transports.compression import server_deflate
from conduit_widget.transports.server.asgi_fallback import AsgiMessages
from conduit_widget.transports.server.loop_turns import turns_of
from conduit_widget.transports.server.server_connection import ConnectionReceiver, Framer
from conduit_widget.transports.server.strangers import Strangers
from conduit_widget.transports.server.websocket_cutter import FrameCutter
from conduit_widget.transports.server.websocket_frames import (
    BINARY,
    TEXT,
    deflating_framer,
    frame_binary,
    frame_text,
)

if TYPE_CHECKING:
    from uvicorn.config import Config
    from uvicorn.server import ServerState

EXTENSION: Final = "conduit.connection"
WRITE_HIGH_BYTES: Final = 256 * 1024
WRITE_LOW_BYTES: Final = 64 * 1024
# What the system takes ahead of the network (Linux: TCP_NOTSENT_LOWAT); the rest stays where we see it.
UNSENT_BYTES: Final = 64 * 1024
_TCP_NOTSENT_LOWAT: Final = getattr(socket, "TCP_NOTSENT_LOWAT", 25 if sys.platform == "linux" else None)
CLOSE_TIMEOUT: Final = 2.0
OPEN_TIMEOUT: Final = 10.0
PIECE_SECONDS: Final = 0.001
"""How long one connection's frames are worked on in a turn of the loop; the others of them wait."""
_logger = logging.getLogger(__name__)
# The library's debug lines show requests with their query and frames with their content: never let them out.
_silent = logging.getLogger(f"{__name__}.frames")
_silent.setLevel(logging.CRITICAL)


def _address(name: object) -> tuple[str, int] | None:
    """Return host and port; IPv6 names carry more, Unix sockets less."""
    return (name[0], name[1]) if isinstance(name, tuple) else None


def _bare_socket(transport: asyncio.Transport | None) -> int:
    """Return the descriptor behind a transport that is asyncio's own, on a plain socket; else -1."""
    if transport is None or type(transport).__module__ != "asyncio.selector_events":
        return -1
    if transport.get_extra_info("sslcontext") is not None:
        return -1
    bare = transport.get_extra_info("socket")
    return -1 if sys.platform == "win32" or bare is None else int(bare.fileno())


class _Parser(ServerProtocol):
    """The library's parser, but for two kinds of close frame.

    One between fragments is in good order, not an error; one without a code is answered with 1000, as the
    official server does.
    """

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; a close frame gives up the message it interrupts (RFC 6455, 5.5.1)."""
        if frame.opcode is Opcode.CLOSE:
            if not frame.data:
                frame = Frame(Opcode.CLOSE, struct.pack("!H", CloseCode.NORMAL_CLOSURE))
            # named cur_size before websockets 16
            setattr(self, "current_size" if hasattr(self, "current_size") else "cur_size", None)
        super().recv_frame(frame)


class WebSocketServerConnection(asyncio.Protocol):
    """One client, a ``ServerConnection``; uvicorn's ``ws_max_size`` bounds a whole incoming message.

    A compressed one, which costs its sender next to nothing, is inflated to ``max_inflated_bytes`` at most.
    """

    max_inflated_bytes: ClassVar[int | None] = None
    strangers: ClassVar[Strangers | None] = None

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._config = config
        self._server_state = server_state
        self._app_state = app_state
        self._loop = _loop or asyncio.get_running_loop()
        # The size limit holds after inflation: nothing is inflated any further.
        inflated = min(config.ws_max_size, self.max_inflated_bytes or config.ws_max_size)
        extensions = (server_deflate(inflated),) if config.ws_per_message_deflate else ()
        self._parser = _Parser(extensions=extensions, max_size=config.ws_max_size, logger=_silent)
        self._transport: asyncio.Transport | None = None
        self._request: Request | None = None
        self._receiver: ConnectionReceiver | None = None
        self._fragments = bytearray()
        self._opcode = Opcode.TEXT
        self._timer: asyncio.TimerHandle | None = None
        self._lost = False
        self._answered = False
        self._told = False
        self._write_ended = False
        self._fd = -1  # where frames go past the transport; -1: they do not
        self._cutter: FrameCutter | None = None
        self._unread = b""  # what arrived and has to wait
        self._held = False  # the receiver takes nothing at present
        self._piece_ends: float | None = None
        self._parsed = False  # the parser may have something to say
        self._buffering = False  # the transport may hold bytes: frames must queue up behind them

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over the transport from uvicorn's HTTP protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_HIGH_BYTES, low=WRITE_LOW_BYTES)
        bare = transport.get_extra_info("socket")
        if _TCP_NOTSENT_LOWAT is not None and bare is not None:
            with contextlib.suppress(OSError):  # not TCP
                bare.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._server_state.connections.add(self)  # type: ignore[arg-type]  # uvicorn lists its own classes only
        self._timer = self._loop.call_later(OPEN_TIMEOUT, self.abort)
        if self.strangers is not None:
            self.strangers.add(self)

    def data_received(self, data: bytes) -> None:
        """Hand whole messages on, as many as this turn has time for."""
        if self._cutter is None:
            self.parse(data)
            self._write_pending()
        elif self._held or self._unread:  # some transports still deliver what they hold
            self._unread += data
        else:
            self._read(data)

    def parse(self, data: bytes) -> None:
        """Feed the parser and handle its events; its replies are written at the end of the piece."""
        self._parsed = True
        self._parser.receive_data(data)
        for event in self._parser.events_received():
            if isinstance(event, Frame):
                self._frame_received(event)
            elif isinstance(event, Request):
                self._opening(event)
        if isinstance(self._parser.parser_exc, PayloadTooBig):
            self._say_too_large()
        if self._parser.state is not State.OPEN:
            self._fd = -1
            if self._cutter is not None and self._parser.eof_sent:
                self._cutter.stop()

    def has_enough(self) -> bool:
        """Return whether the frames that follow have to wait: for their turn, the receiver, or for ever."""
        assert self._transport is not None
        now = time.perf_counter()
        if self._piece_ends is None:  # the second frame: most reads have one
            self._piece_ends = now + PIECE_SECONDS
        return self._held or now >= self._piece_ends or self._transport.is_closing()

    def _read(self, data: bytes) -> None:
        """Work on a piece of what arrived; the rest waits, and what is in the socket too."""
        assert self._cutter is not None
        self._piece_ends = None
        self._unread = self._cutter.feed(data)
        if self._parsed:
            self._parsed = False
            self._write_pending()
        if self._unread:
            self._pause_transport()
            if not self._held:
                turns_of(self._loop).add(self._read_on)

    def _read_on(self) -> None:
        if self._held or self._lost:
            return
        data, self._unread = self._unread, b""
        if data:
            self._read(data)
        if not self._unread and not self._held:
            self._resume_transport()

    def eof_received(self) -> bool:
        """The client will send nothing more: close."""
        self._fd = -1
        self._parser.receive_eof()
        self._write_pending()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the receiver, once."""
        self._lost = True
        self._unread = b""
        self._fd = -1  # before the socket is closed and its number belongs to somebody else
        self._stop_timer()
        self._server_state.connections.discard(self)
        if self.strangers is not None:
            self.strangers.discard(self)
        receiver, self._receiver = self._receiver, None
        if receiver is not None:
            receiver.connection_lost(exc or self._closing_error())

    def pause_writing(self) -> None:
        """The transport's buffer is over its high-water mark."""
        if self._receiver is not None:
            self._receiver.pause_writing()

    def resume_writing(self) -> None:
        """The transport's buffer has drained."""
        if self._receiver is not None:
            self._receiver.resume_writing()

    def shutdown(self) -> None:
        """Uvicorn ends: let the receiver say goodbye, or close with 1012 (service restart)."""
        if self._receiver is not None:
            self._receiver.shutdown()
        elif not self._answered:
            self.refuse(503, [], b"")
        elif self._parser.state is State.OPEN:
            self.close(1012)
        else:
            self.abort()  # refused before; its last words are out

    # ServerConnection

    @property
    def message_is_text(self) -> bool:
        """Whether the message being delivered came in text frames."""
        return self._opcode is Opcode.TEXT

    @property
    def buffered_bytes(self) -> int:
        """Bytes in the transport's buffer, and what the system then holds unsent before them."""
        size = 0 if self._transport is None else self._transport.get_write_buffer_size()
        return size + UNSENT_BYTES if size else 0

    @property
    def attached(self) -> bool:
        """Whether the opening handshake is answered, one way or the other."""
        return self._answered

    def attach(self, receiver: ConnectionReceiver, subprotocol: str | None = None) -> None:
        """Complete the opening handshake; messages go to ``receiver`` from now on."""
        if self._lost or self._answered:
            self._loop.call_soon(receiver.connection_lost, ConnectionResetError("The client left."))
            return
        assert self._request is not None
        response = self._parser.accept(self._request)
        if response.status_code == 101 and subprotocol is not None:
            response.headers["Sec-WebSocket-Protocol"] = subprotocol
        self._answered = True
        self._stop_timer()
        if self.strangers is not None:
            self.strangers.discard(self)
        self._receiver = receiver
        # The parser's generator holds the request as long as the connection lives: 2 KiB of headers.
        self._request.headers.clear()
        self._request = None
        self._parser.send_response(response)
        self._write_pending()
        if self._parser.state is State.OPEN:
            self._fd = _bare_socket(self._transport)
            self._cutter = FrameCutter(self, self._config.ws_max_size)
        self.resume_reading()

    def framer(self, binary: bool) -> Framer:
        """Return the framing shared by all connections of one transfer format and compression class."""
        for extension in self._parser.extensions:
            if isinstance(extension, PerMessageDeflate):
                return deflating_framer(BINARY if binary else TEXT, extension.local_max_window_bits)
        return frame_binary if binary else frame_text

    def write(self, frame: bytes) -> None:
        """Send a frame made by :meth:`framer`; nothing once the connection is closing."""
        if self._fd < 0 or self._buffering:
            self._write_behind(frame)
            return
        # A broadcast is mostly this line: the system takes nearly every frame at once and whole.
        try:
            sent = write_to(self._fd, frame)
        except OSError:  # full, or broken: the transport knows what to do
            sent = 0
        if sent < len(frame):
            self._write_behind(frame[sent:])

    def _write_behind(self, frame: bytes) -> None:
        """Leave a frame to the transport, behind what it holds."""
        transport = self._transport
        if transport is not None and not transport.is_closing() and self._parser.state is State.OPEN:
            transport.write(frame)
            self._buffering = transport.get_write_buffer_size() > 0

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Start the closing handshake; a client that does not answer is cut after two seconds."""
        if self._parser.state is not State.OPEN:
            return
        self._fd = -1
        self._parser.send_close(code, reason.encode()[:123].decode(errors="ignore"))
        self._write_pending()
        self._start_close_timer()
        self.resume_reading()  # up to the client's own close frame

    def abort(self) -> None:
        """Cut the connection."""
        self._fd = -1
        if self._transport is not None:
            self._transport.abort()

    def welcome(self) -> None:
        """Note that whoever opens this has shown who it is, though it may take a while to attach."""
        if self.strangers is not None:
            self.strangers.discard(self)

    def make_room(self) -> None:
        """Cut the connection: nobody is attached to it yet, and there are too many such."""
        self.abort()

    def refuse(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer the opening handshake with an HTTP response other than 101."""
        if self._lost or self._answered:
            return
        self._answered = True
        self._stop_timer()
        own = {name.lower() for name, _ in headers}
        general = [("Connection", "close"), ("Content-Length", str(len(body)))]
        fields = Headers([*headers, *((name, value) for name, value in general if name.lower() not in own)])
        self._parser.send_response(Response(status, HTTPStatus(status).phrase, fields, body))
        self._write_pending()
        self._start_close_timer()

    # Inside

    def _opening(self, request: Request) -> None:
        self._request = request
        # Reads stop until somebody is attached: what a client sends early waits in the socket.
        self.pause_reading()
        task = self._loop.create_task(self._run_application(request))
        self._server_state.tasks.add(task)
        task.add_done_callback(self._server_state.tasks.discard)

    async def _run_application(self, request: Request) -> None:
        messages = AsgiMessages(self)
        try:
            await self._config.loaded_app(self._scope(request), messages.receive, messages.send)
        except Exception as error:  # noqa: BLE001 - the application's own code; its text may hold content
            _logger.error("The application failed on a WebSocket: %s", trace_of(error))  # noqa: TRY400
            self.refuse(500, [], b"")
            self.close(1011)
            return
        if not self.attached:
            _logger.error("The application answered a WebSocket with nothing")
            self.refuse(500, [], b"")

    def _scope(self, request: Request) -> dict[str, Any]:
        assert self._transport is not None
        raw_path, _, query = request.path.partition("?")
        secure = self._transport.get_extra_info("sslcontext") is not None
        protocols = [
            name.strip()
            for header in request.headers.get_all("Sec-WebSocket-Protocol")
            for name in header.split(",")
        ]
        return {
            "type": "websocket",
            "asgi": {"version": self._config.asgi_version, "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "wss" if secure else "ws",
            "server": _address(self._transport.get_extra_info("sockname")),
            "client": _address(self._transport.get_extra_info("peername")),
            "root_path": self._config.root_path,
            "path": self._config.root_path + unquote(raw_path),
            "raw_path": (self._config.root_path + raw_path).encode("ascii"),
            "query_string": query.encode("ascii"),
            "headers": [
                (name.lower().encode("ascii"), value.encode("latin-1"))
                for name, value in request.headers.raw_items()
            ],
            "subprotocols": protocols,
            "state": self._app_state.copy(),
            "extensions": {"websocket.http.response": {}, EXTENSION: self},
        }

    def _frame_received(self, frame: Frame) -> None:
        opcode = frame.opcode
        if opcode in (Opcode.TEXT, Opcode.BINARY):
            self._opcode = opcode
            if frame.fin:
                self._deliver(bytes(frame.data))
            else:
                self._fragments[:] = frame.data
                self._tell_of_frame()
        elif opcode is Opcode.CONT:
            self._fragments += frame.data
            if frame.fin:
                data = bytes(self._fragments)
                self._fragments.clear()
                self._deliver(data)
            else:
                self._tell_of_frame()
        elif opcode is Opcode.CLOSE:
            self._start_close_timer()
        else:
            self._tell_of_frame()

    def deliver(self, payload: bytes, *, is_text: bool) -> None:
        """Deliver what the cutter found."""
        self._opcode = Opcode.TEXT if is_text else Opcode.BINARY
        self._deliver(payload)

    def _tell_of_frame(self) -> None:
        if self._receiver is not None and self._parser.state is State.OPEN:
            self._receiver.frame_received()

    def _deliver(self, data: bytes) -> None:
        if self._receiver is not None and self._parser.state is State.OPEN:
            self._receiver.data_received(data)

    def _say_too_large(self) -> None:
        """Put the receiver's last words before the close frame the parser has ready; once."""
        if self._receiver is None or self._told or self._transport is None or self._transport.is_closing():
            return
        self._told = True
        frame = self._receiver.message_too_large(self._config.ws_max_size)
        self._transport.write(frame)

    def _write_pending(self) -> None:
        """Write what the parser has to say, in one piece: responses, pongs, close frames.

        An empty one among them ends our side. To a client that is gone nothing is written: asyncio would log
        every attempt.
        """
        said = self._parser.data_to_send()
        if not said or self._transport is None or self._transport.is_closing() or self._write_ended:
            return
        ends = b"" in said
        if ends:
            del said[said.index(b"") :]
        if said:
            self._buffering = True
            self._transport.write(b"".join(said))
        if ends and self._transport.can_write_eof():
            self._end_writing()
        elif ends:
            self._transport.close()

    def _end_writing(self) -> None:
        """Half-close: the peer can read our last words even while it is still sending."""
        assert self._transport is not None
        self._write_ended = True
        try:
            self._transport.write_eof()
        except OSError:  # the peer is gone already
            self._transport.abort()
            return
        self._held = False
        self._resume_transport()
        self._start_close_timer()

    def pause_reading(self) -> None:
        """Leave what the client sends in the socket, and what has arrived here; not once we are closing."""
        if self._parser.state in (State.CONNECTING, State.OPEN):
            self._held = True
            self._pause_transport()

    def resume_reading(self) -> None:
        """Read on; what has arrived already comes in a later turn, before anything else."""
        self._held = False
        if self._unread:
            turns_of(self._loop).add(self._read_on)
        else:
            self._resume_transport()

    def _pause_transport(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def _resume_transport(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _closing_error(self) -> Exception | None:
        if self._parser.close_rcvd is not None and self._parser.close_rcvd.code in (1000, 1001, 1005):
            return None
        if self._parser.close_sent is not None and self._parser.parser_exc is None:
            return None
        return self._parser.parser_exc or ConnectionResetError("The client left without closing.")

    def _start_close_timer(self) -> None:
        if self._timer is None:
            self._timer = self._loop.call_later(CLOSE_TIMEOUT, self.abort)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def bounded_websocket(max_inflated_bytes: int, strangers: Strangers) -> type[WebSocketServerConnection]:
    """Return the connection class for uvicorn's ``ws=`` with these limits."""
    limits = {"max_inflated_bytes": max_inflated_bytes, "strangers": strangers}
    return type("BoundedWebSocketConnection", (WebSocketServerConnection,), limits)
