"""A scripted HTTP server on a real socket: says the bytes it is told, when it is told; records."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class RawRequest:
    """One request as it came in; ``closed`` is set when the peer hangs up before we do."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)


class RawReply:
    """What a script writes with."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer

    async def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        self._writer.write(data)
        await self._writer.drain()

    async def json(self, payload: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer with a JSON body."""
        body = json.dumps(payload).encode()
        lines = [f"HTTP/1.1 {status} Scripted", "Content-Type: application/json", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        lines.append(f"Content-Length: {len(body)}")
        await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    async def start_stream(self) -> None:
        """Begin an event stream that ends with the connection."""
        await self.raw(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")

    async def event(self, payload: Any) -> None:
        """Send one event."""
        data = payload if isinstance(payload, str) else json.dumps(payload)
        await self.raw(f"data: {data}\n\n".encode())

    async def delta(self, text: str, **fields: Any) -> None:
        """Send one content delta."""
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None, **fields}
        await self.event({"model": "scripted", "choices": [choice]})

    def abort(self) -> None:
        """Cut the connection with a reset."""
        self._writer.transport.abort()


Script = Callable[[RawRequest, RawReply], Awaitable[None]]


class RawHttpServer:
    """Runs ``script`` for every request; use as an async context manager."""

    def __init__(self, script: Script, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.script = script
        self.requests: list[RawRequest] = []
        self.port = port
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        """What an OpenAI-compatible client is given."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            request = await _read(reader)
            self.requests.append(request)
            watch = asyncio.ensure_future(_watch(reader, request))
            try:
                await self.script(request, RawReply(writer))
            finally:
                watch.cancel()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.close()


async def _read(reader: asyncio.StreamReader) -> RawRequest:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return RawRequest(method, path, headers, body)


async def _watch(reader: asyncio.StreamReader, request: RawRequest) -> None:
    try:
        while await reader.read(1024):
            pass
    except ConnectionError:
        pass
    request.closed.set()
