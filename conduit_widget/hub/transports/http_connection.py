"""The common half of server-sent events and long polling: a bounded queue out, messages in by POST."""

from __future__ import annotations

import asyncio
from typing import Final

from conduit_widget.hub.http import HttpResponse, error_response
from conduit_widget.transports.server.server_connection import ConnectionReceiver

HIGH_BYTES: Final = 256 * 1024
LOW_BYTES: Final = 64 * 1024
MAX_WAITING_POSTS: Final = 8
ACCEPTED: Final = HttpResponse(202, b"", "text/plain")


class HttpServerConnection:
    """The common half of a ``ServerConnection`` over plain HTTP.

    Overflow policy: over ``HIGH_BYTES`` the receiver is told to pause and keeps its own, bounded queue.
    """

    def __init__(self) -> None:
        self._receiver: ConnectionReceiver | None = None
        self._frames: list[bytes] = []
        self._queued_bytes = 0
        self._paused = False
        self._closing = False
        self._lost = False
        self._readable = asyncio.Event()
        self._readable.set()
        self._posting = asyncio.Lock()
        self._waiting = 0

    @property
    def buffered_bytes(self) -> int:
        """Bytes not yet given to the server."""
        return self._queued_bytes

    @property
    def lost(self) -> bool:
        """Whether the connection is over."""
        return self._lost

    def attach(self, receiver: ConnectionReceiver) -> None:
        """Hand events to ``receiver`` from now on."""
        self._receiver = receiver

    def write(self, frame: bytes) -> None:
        """Queue a frame for the next response."""
        if self._closing or self._lost:
            return
        self._frames.append(frame)
        self._queued_bytes += len(frame)
        if self._queued_bytes > HIGH_BYTES and not self._paused and self._receiver is not None:
            self._paused = True
            self._receiver.pause_writing()
        self._changed()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close after what was written. Idempotent; plain HTTP has no close code."""
        if not self._closing:
            self._closing = True
            self._changed()

    def abort(self) -> None:
        """End at once."""
        self._frames.clear()
        self._queued_bytes = 0
        self._end(ConnectionAbortedError("The hub cut the connection."))

    def pause_reading(self) -> None:
        """Leave further posts unanswered."""
        self._readable.clear()

    def resume_reading(self) -> None:
        """Take posts again."""
        self._readable.set()

    async def accept_post(self, body: bytes) -> HttpResponse:
        """Hand a posted body on, in turn, once the receiver reads; return the response."""
        if self._waiting >= MAX_WAITING_POSTS:
            return error_response(429, "Too many messages wait for this connection; send them one by one.")
        self._waiting += 1
        try:
            async with self._posting:
                await self._readable.wait()
                if self._lost or self._receiver is None:
                    return error_response(404, "There is no connection with that id.")
                self.deliver(body)
        finally:
            self._waiting -= 1
        return ACCEPTED

    def deliver(self, body: bytes) -> None:
        """Hand a body on, an empty one too: it counts; nothing once the connection is closing."""
        if not self._closing and self._receiver is not None:
            self._receiver.data_received(body)

    def _take_frames(self) -> bytes:
        data = b"".join(self._frames)
        self._frames.clear()
        self._queued_bytes = 0
        return data

    def _drained(self) -> None:
        if self._paused and self._queued_bytes <= LOW_BYTES and self._receiver is not None:
            self._paused = False
            self._receiver.resume_writing()

    def _changed(self) -> None:
        """Wake whoever sends."""
        raise NotImplementedError

    def _end(self, error: Exception | None) -> None:
        if self._lost:
            return
        self._lost = self._closing = True
        self._readable.set()
        self._changed()
        if self._receiver is not None:
            self._receiver.connection_lost(error)
