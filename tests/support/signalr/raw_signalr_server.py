"""A scripted SignalR peer on a real socket: the test decides every byte after the HTTP request.

One port answers ``POST …/negotiate`` from a list of replies (the last one repeats) and hands WebSockets to
the test, which drives each by hand::

    socket = await server.accept()
    await socket.handshake()
    socket.send({"type": 6})
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.extensions import ServerExtensionFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from tests.support.waiting import PATIENCE

RECORD_SEPARATOR = "\x1e"
DEADLINE = PATIENCE


@dataclass(frozen=True)
class RecordedRequest:
    """An HTTP request as it came: header names in lower case."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class NegotiateReply:
    """What to answer a negotiate with; by default a WebSocket connection with a token of its own."""

    status: int = 200
    body: Mapping[str, Any] | bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class RawPeer:
    """One connection as the server sees it, whatever carries it."""

    def __init__(self, request: RecordedRequest) -> None:
        self.request = request
        self.closed = asyncio.Event()
        self.received = b""
        self._records: asyncio.Queue[str] = asyncio.Queue()
        self._buffer = b""

    def send_text(self, text: str) -> None:
        """Send text in one frame, event or poll."""
        raise NotImplementedError

    async def handshake(
        self, response: str = "{}" + RECORD_SEPARATOR, *, with_records: str = ""
    ) -> dict[str, Any]:
        """Read the handshake request and answer; ``with_records`` goes into the same frame."""
        request = await self.receive()
        self.send_text(response + with_records)
        return request

    async def receive(self) -> dict[str, Any]:
        """Return the next record the client sent, JSON-decoded; fails when none comes."""
        async with asyncio.timeout(DEADLINE):
            record: dict[str, Any] = json.loads(await self._records.get())
            return record

    async def receive_type(self, wanted: int) -> dict[str, Any]:
        """Return the next record of a type, skipping others."""
        while True:
            record = await self.receive()
            if record.get("type") == wanted:
                return record

    def send(self, *messages: Mapping[str, Any]) -> None:
        """Send hub messages, all in one frame."""
        self.send_text("".join(json.dumps(message) + RECORD_SEPARATOR for message in messages))

    def end(self) -> None:
        """Note that the client is gone."""
        self.closed.set()

    def take_records(self, data: bytes) -> None:
        """Feed bytes of hub messages from the client."""
        self.received += data
        self._buffer += data
        *records, self._buffer = self._buffer.split(RECORD_SEPARATOR.encode())
        for record in records:
            self._records.put_nowait(record.decode(errors="replace"))


class RawSocket(RawPeer):
    """One WebSocket as the server sees it."""

    def __init__(
        self, request: RecordedRequest, protocol: ServerProtocol, writer: asyncio.StreamWriter
    ) -> None:
        super().__init__(request)
        self.protocol = protocol
        self.opcodes: list[Opcode] = []
        self.bytes_taken = 0
        self._writer = writer

    def send_text(self, text: str) -> None:
        """Send one text frame."""
        self.protocol.send_text(text.encode())
        self._flush()

    def send_binary(self, data: bytes) -> None:
        """Send one binary frame."""
        self.protocol.send_binary(data)
        self._flush()

    def send_fragments(self, *fragments: bytes) -> None:
        """Send one WebSocket message in fragments, a ping between each two."""
        self.protocol.send_text(fragments[0], fin=len(fragments) == 1)
        for position, fragment in enumerate(fragments[1:], start=2):
            self.protocol.send_ping(b"between")
            self.protocol.send_continuation(fragment, fin=position == len(fragments))
        self._flush()

    def close(self, code: int = 1000) -> None:
        """Start the closing handshake."""
        self.protocol.send_close(code)
        self._flush()

    def abort(self) -> None:
        """Cut the connection without a word."""
        self._writer.transport.abort()

    def take(self, data: bytes) -> None:
        """Feed bytes from the client."""
        self.bytes_taken += len(data)
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            if isinstance(event, Frame):
                self.opcodes.append(event.opcode)
                if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    self.take_records(bytes(event.data))
        self._flush()

    def _flush(self) -> None:
        for data in self.protocol.data_to_send():
            if self._writer.is_closing():
                return
            if data:
                self._writer.write(data)
            elif self._writer.can_write_eof():
                self._writer.write_eof()
            else:  # TLS has no half-close
                self._writer.close()


class RawSignalRServer:
    """The listening side. Use :func:`raw_signalr_server`."""

    def __init__(self) -> None:
        self.requests: list[RecordedRequest] = []
        self.negotiations: deque[NegotiateReply] = deque()
        self.refuse_upgrade_with: int | None = None
        self.cut_upgrades = False
        self.leave_upgrades_waiting = False
        self.port = 0
        self.scheme = "http"
        self.extensions: list[ServerExtensionFactory] = []
        self._accepted: asyncio.Queue[RawSocket] = asyncio.Queue()
        self._connections = 0
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        """The hub's address."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hub"

    @property
    def negotiate_requests(self) -> list[RecordedRequest]:
        """The negotiates so far."""
        return [request for request in self.requests if request.method == "POST"]

    async def accept(self) -> RawSocket:
        """Return the next WebSocket; fails when none comes."""
        async with asyncio.timeout(DEADLINE):
            return await self._accepted.get()

    def drop_all(self) -> None:
        """Cut every connection."""
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one TCP connection."""
        self._writers.add(writer)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            request = parse_head(head)
            self.requests.append(request)
            if request.method == "POST":
                await self._answer_negotiate(writer)
            elif self.leave_upgrades_waiting:
                await reader.read()
            elif not self.cut_upgrades:
                await self._serve_websocket(request, head, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer_negotiate(self, writer: asyncio.StreamWriter) -> None:
        reply = NegotiateReply()
        if self.negotiations:
            reply = self.negotiations.popleft() if len(self.negotiations) > 1 else self.negotiations[0]
        self._connections += 1
        body = reply.body if reply.body is not None else negotiate_body(self._connections)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Length": str(len(content)), "Connection": "close", **reply.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} Scripted\r\n{lines}\r\n".encode() + content)
        await writer.drain()

    async def _serve_websocket(
        self,
        request: RecordedRequest,
        head: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        protocol = ServerProtocol(max_size=None, extensions=self.extensions)
        protocol.receive_data(head)
        (event,) = protocol.events_received()
        assert isinstance(event, Request)
        if self.refuse_upgrade_with is not None:
            protocol.send_response(protocol.reject(self.refuse_upgrade_with, "no"))
        else:
            protocol.send_response(protocol.accept(event))
        socket = RawSocket(request, protocol, writer)
        socket._flush()
        if protocol.state is State.OPEN:
            self._accepted.put_nowait(socket)
            try:
                while data := await reader.read(65536):
                    socket.take(data)
            finally:
                socket.end()


def negotiate_body(number: int) -> dict[str, Any]:
    """Return a version 1 negotiate response for the ``number``-th connection."""
    return {
        "negotiateVersion": 1,
        "connectionId": f"id-{number}",
        "connectionToken": f"token-{number}",
        "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}],
    }


def parse_head(head: bytes) -> RecordedRequest:
    """Read an HTTP request head."""
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
    }
    parts = urlsplit(target)
    return RecordedRequest(method, parts.path, parse_qs(parts.query, keep_blank_values=True), headers)


@contextlib.asynccontextmanager
async def raw_signalr_server(ssl: SSLContext | None = None) -> AsyncIterator[RawSignalRServer]:
    """Serve on a free port of the loopback interface."""
    server = RawSignalRServer()
    server.scheme = "https" if ssl is not None else "http"
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=ssl)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        server.drop_all()
        await listener.wait_closed()
