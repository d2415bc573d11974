"""Server-sent events as a server connection: one long response out, posts in (text only)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from conduit_widget.event_stream import encode_event
from conduit_widget.hub.http import Receive, Send, client_gone
from conduit_widget.hub.transports.http_connection import HttpServerConnection
from conduit_widget.transports.server.server_connection import Framer

CLOSE_TIMEOUT: Final = 2.0
_HEADERS: Final = {
    "content-type": "text/event-stream",
    "cache-control": "no-cache, no-store",
    "x-accel-buffering": "no",
    "x-content-type-options": "nosniff",
}
# Some proxies and browsers hold a response back until its first bytes.
_OPENING: Final = b":\r\n\r\n"


class ServerSentEventsConnection(HttpServerConnection):
    """Implements ``ServerConnection``; :meth:`serve` lasts as long as the connection."""

    def __init__(self) -> None:
        super().__init__()
        self._wake = asyncio.Event()
        self._ending = asyncio.Event()

    def framer(self, binary: bool) -> Framer:
        """Return the event encoder, one for all connections: broadcasts are framed once."""
        return encode_event

    async def serve(self, receive: Receive, send: Send, cors: Mapping[str, str]) -> None:
        """Answer the GET with events until one side ends it; a reader that stopped is cut in the end."""
        fields = {**_HEADERS, **cors}
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        writing = asyncio.ensure_future(self._write_all(send))
        leaving = asyncio.ensure_future(client_gone(receive))
        expiring = asyncio.ensure_future(self._expire())
        tasks = (writing, leaving, expiring)
        error: Exception | None = None
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not self._closing:
                error = ConnectionResetError("The client left its events.")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._end(error)

    def _changed(self) -> None:
        self._wake.set()
        if self._closing:
            self._ending.set()

    async def _write_all(self, send: Send) -> None:
        await send({"type": "http.response.body", "body": _OPENING, "more_body": True})
        while True:
            self._wake.clear()
            if self._frames:
                # The server waits here while its client does not read.
                await send({"type": "http.response.body", "body": self._take_frames(), "more_body": True})
                self._drained()
            elif self._closing:
                await send({"type": "http.response.body", "body": b""})
                return
            else:
                await self._wake.wait()

    async def _expire(self) -> None:
        """Return when a close has not gone out for too long: the client may not even read."""
        await self._ending.wait()
        if not self._lost:
            await asyncio.sleep(CLOSE_TIMEOUT)
