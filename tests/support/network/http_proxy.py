"""An HTTP proxy on a real socket: CONNECT tunnels and plain forwarding; counts what it carries."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from ssl import SSLContext
from urllib.parse import urlsplit


class HttpProxy:
    """Use :func:`http_proxy`."""

    def __init__(self) -> None:
        self.port = 0
        self.seen: list[str] = []
        self.credentials: str | None = None
        self.scheme = "http"
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The proxy's address."""
        user = f"{self.credentials}@" if self.credentials else ""
        return f"{self.scheme}://{user}127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        upstream: asyncio.StreamWriter | None = None
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            self.seen.append(f"{method} {target.partition('?')[0]}")
            if self.credentials and base64.b64encode(self.credentials.encode()) not in head:
                writer.write(b"HTTP/1.1 407 Credentials, please\r\nContent-Length: 0\r\n\r\n")
                return
            parts = urlsplit(target if "://" in target else f"//{target}")
            back, upstream = await asyncio.open_connection(parts.hostname, parts.port)
            if method == "CONNECT":
                writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            else:
                path = target.split("/", 3)[3]
                upstream.write(head.replace(target.encode(), f"/{path}".encode(), 1))
            await asyncio.wait(
                [asyncio.create_task(_pump(reader, upstream)), asyncio.create_task(_pump(back, writer))],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._tasks.discard(task)
            for each in (writer, upstream):
                if each is not None:
                    each.close()

    async def aclose(self) -> None:
        """End all connections."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()


@contextlib.asynccontextmanager
async def http_proxy(ssl: SSLContext | None = None) -> AsyncIterator[HttpProxy]:
    """Serve on a free port; with ``ssl`` the proxy itself is reached by TLS."""
    proxy = HttpProxy()
    proxy.scheme = "http" if ssl is None else "https"
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=ssl)
    proxy.port = listener.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.aclose()
        await asyncio.sleep(0)
