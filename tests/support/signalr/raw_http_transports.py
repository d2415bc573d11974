"""A scripted SignalR peer for server-sent events and long polling, on real sockets with keep-alive.

Like :mod:`tests.support.signalr.raw_signalr_server`: the test accepts a connection and drives it by hand.
Negotiates are answered from ``negotiations`` (the last one repeats); without any, by all three transports.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from ssl import SSLContext
from typing import Any

from websockets.utils import accept_key

from tests.support.signalr.raw_signalr_server import (
    DEADLINE,
    NegotiateReply,
    RawPeer,
    RecordedRequest,
    parse_head,
)
from tests.support.waiting import eventually


class RawHttpPeer(RawPeer):
    """One SSE or long polling connection as the server sees it."""

    def __init__(self, request: RecordedRequest, *, streams: bool) -> None:
        super().__init__(request)
        self.streams = streams
        self.requests: list[RecordedRequest] = [request]
        self.answer_posts = asyncio.Event()
        self.answer_posts.set()
        self.post_status = 200
        self.bodies: list[bytes] = []
        self.writers: set[asyncio.StreamWriter] = set()
        self.outgoing: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send_text(self, text: str) -> None:
        """Send text in one event, or in one poll."""
        self.send_binary(text.encode())

    def send_binary(self, data: bytes) -> None:
        """Send bytes in one poll; empty ones answer a poll with nothing."""
        self.outgoing.put_nowait(data)

    def close(self) -> None:
        """End the stream, or answer the poll with 204."""
        self.outgoing.put_nowait(None)

    def abort(self) -> None:
        """Cut every socket of the connection."""
        for writer in self.writers:
            writer.transport.abort()


class RawHttpServer:
    """The listening side. Use :func:`raw_http_server`."""

    def __init__(self, scheme: str) -> None:
        self.scheme = scheme
        self.port = 0
        self.requests: list[RecordedRequest] = []
        self.negotiations: deque[NegotiateReply] = deque()
        self.refuse_with: int | None = None
        self.only_token: str | None = None
        self.kills_websockets = False  # as some proxies do: the upgrade passes, frames do not
        self._accepted: asyncio.Queue[RawHttpPeer] = asyncio.Queue()
        self._peers: dict[str, RawHttpPeer] = {}
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving = 0
        self._connections = 0

    @property
    def url(self) -> str:
        """The hub's address."""
        return f"{self.scheme}://127.0.0.1:{self.port}/hub"

    @property
    def negotiate_requests(self) -> list[RecordedRequest]:
        """The negotiates so far."""
        return [request for request in self.requests if request.path.endswith("/negotiate")]

    async def accept(self) -> RawHttpPeer:
        """Return the next connection; fails when none comes."""
        async with asyncio.timeout(DEADLINE):
            return await self._accepted.get()

    def drop_all(self) -> None:
        """Cut every connection."""
        for peer in self._peers.values():
            peer.answer_posts.set()
            peer.end()
        for writer in self._writers:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle the requests of one TCP connection, one after the other."""
        self._writers.add(writer)
        self._serving += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                request = parse_head(head)
                self.requests.append(request)
                body = await reader.readexactly(int(request.headers.get("content-length", "0")))
                if not await self._answer(request, body, reader, writer):
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._serving -= 1

    async def _answer(
        self,
        request: RecordedRequest,
        body: bytes,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        """Answer one request; whether the socket stays open."""
        if request.path.endswith("/negotiate"):
            await self._answer_negotiate(writer)
            return True
        if "upgrade" in request.headers and self.kills_websockets:
            accept = accept_key(request.headers["sec-websocket-key"])
            lines = f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
            writer.write(f"HTTP/1.1 101 Switching\r\n{lines}".encode())
            await writer.drain()
            return False
        if "upgrade" in request.headers:
            await reply(writer, 404)
            return True
        if self.refuse_with is not None:
            await reply(writer, self.refuse_with)
            return True
        if self.only_token and request.headers.get("authorization") != f"Bearer {self.only_token}":
            await reply(writer, 401)
            return True
        peer = self._peers.get(request.query.get("id", [""])[0])
        if peer is not None:
            peer.requests.append(request)
            peer.writers.add(writer)
        if request.method == "GET" and request.headers.get("accept") == "text/event-stream":
            await self._stream(request, reader, writer)
            return False
        if request.method == "GET":
            return await self._poll(request, peer, reader, writer)
        if peer is None:
            await reply(writer, 404)
        elif request.method == "DELETE":
            peer.end()
            await reply(writer, 202)
        else:
            await peer.answer_posts.wait()
            peer.bodies.append(body)
            peer.take_records(body)
            await reply(writer, peer.post_status)
        return True

    async def _stream(
        self, request: RecordedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = self._open(request, streams=True)
        peer.writers.add(writer)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n:\n\n")
        gone = asyncio.ensure_future(reader.read())
        try:
            while (payload := await _next(peer, gone)) is not None:
                lines = b"".join(b"data: " + line + b"\r\n" for line in payload.split(b"\n"))
                writer.write(lines + b"\r\n")
                await writer.drain()
        finally:
            gone.cancel()
            peer.end()

    async def _poll(
        self,
        request: RecordedRequest,
        peer: RawHttpPeer | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        if peer is None:
            self._open(request, streams=False).writers.add(writer)
            await reply(writer, 200)
            return True
        gone = asyncio.ensure_future(peer.closed.wait())
        payload = await _next(peer, gone)
        gone.cancel()
        await reply(writer, 204 if payload is None else 200, payload or b"")
        return True

    def _open(self, request: RecordedRequest, *, streams: bool) -> RawHttpPeer:
        peer = RawHttpPeer(request, streams=streams)
        self._peers[request.query.get("id", [""])[0]] = peer
        self._accepted.put_nowait(peer)
        return peer

    async def _answer_negotiate(self, writer: asyncio.StreamWriter) -> None:
        answer = NegotiateReply()
        if self.negotiations:
            answer = self.negotiations.popleft() if len(self.negotiations) > 1 else self.negotiations[0]
        self._connections += 1
        body = answer.body if answer.body is not None else negotiate_all(self._connections)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        await reply(writer, answer.status, content, answer.headers)


async def _next(peer: RawHttpPeer, gone: asyncio.Future[Any]) -> bytes | None:
    """Return what to send next; None at the end of the connection, by either side."""
    getting = asyncio.ensure_future(peer.outgoing.get())
    await asyncio.wait([getting, gone], return_when=asyncio.FIRST_COMPLETED)
    if getting.done():
        return getting.result()
    getting.cancel()
    return None


async def reply(
    writer: asyncio.StreamWriter, status: int, content: bytes = b"", headers: Mapping[str, str] | None = None
) -> None:
    """Write one response."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    length = "" if status == 204 else f"Content-Length: {len(content)}\r\n"
    writer.write(f"HTTP/1.1 {status} Scripted\r\n{length}{lines}\r\n".encode() + content)
    await writer.drain()


def negotiate_all(number: int, *names: str, **fields: Any) -> dict[str, Any]:
    """Return a version 1 negotiate response that offers transports in order (all three by default)."""
    formats = {"ServerSentEvents": ["Text"]}
    return {
        "negotiateVersion": 1,
        "connectionId": f"id-{number}",
        "connectionToken": f"token-{number}",
        "availableTransports": [
            {"transport": name, "transferFormats": formats.get(name, ["Text", "Binary"])}
            for name in names or ("WebSockets", "ServerSentEvents", "LongPolling")
        ],
        **fields,
    }


@contextlib.asynccontextmanager
async def raw_http_server(ssl: SSLContext | None = None) -> AsyncIterator[RawHttpServer]:
    """Serve on a free port of the loopback interface."""
    server = RawHttpServer("https" if ssl is not None else "http")
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=ssl, limit=1 << 24)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        server.drop_all()
        await listener.wait_closed()
        await eventually(lambda: not server._serving, what="end of all requests")
