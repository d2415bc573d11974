"""Any ASGI server's WebSocket as a server connection: one task per connection, where ours needs none."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from conduit_widget.hub.http import Receive, Send
from conduit_widget.transports.server.server_connection import ConnectionReceiver, Framer

HIGH_BYTES: Final = 256 * 1024
LOW_BYTES: Final = 64 * 1024
CLOSE_TIMEOUT: Final = 2.0


def _plain_text(payload: bytes) -> bytes:
    return payload


def _plain_binary(payload: bytes) -> bytes:
    return payload


class AsgiWebSocketConnection:
    """Implements ``ServerConnection``; :meth:`run` lasts as long as the connection."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._receiver: ConnectionReceiver | None = None
        self._binary = False
        self._frames: deque[bytes] = deque()
        self._queued_bytes = 0
        self._paused = False
        self._close: tuple[int, str] | None = None
        self._aborted = False
        self._readable = asyncio.Event()
        self._readable.set()
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()

    @property
    def buffered_bytes(self) -> int:
        """Bytes not yet taken by the server."""
        return self._queued_bytes

    def attach(self, receiver: ConnectionReceiver) -> None:
        """Hand events to ``receiver`` once :meth:`run` has accepted the client."""
        self._receiver = receiver

    def framer(self, binary: bool) -> Framer:
        """Return the identity: the server frames."""
        self._binary = binary
        return _plain_binary if binary else _plain_text

    def write(self, frame: bytes) -> None:
        """Queue a payload for the sending side."""
        if self._close is not None:
            return
        self._frames.append(frame)
        self._queued_bytes += len(frame)
        self._changed.set()
        if self._queued_bytes > HIGH_BYTES and not self._paused and self._receiver is not None:
            self._paused = True
            self._receiver.pause_writing()

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close after what was written. Idempotent."""
        if self._close is None:
            self._close = (code, reason.encode()[:123].decode(errors="ignore"))
            self._changed.set()
            self._closing.set()

    def abort(self) -> None:
        """Close without sending what was written."""
        self._aborted = True
        self._frames.clear()
        self.close(1011)

    def pause_reading(self) -> None:
        """Take no further message from the server."""
        self._readable.clear()

    def resume_reading(self) -> None:
        """Take messages again."""
        self._readable.set()

    async def run(self) -> None:
        """Accept the client, then carry messages until one side closes or a close gets no answer."""
        assert self._receiver is not None
        await self._send({"type": "websocket.accept"})
        reading = asyncio.ensure_future(self._read(self._receiver))
        writing = asyncio.ensure_future(self._write_all(self._receiver))
        expiring = asyncio.ensure_future(self._expire())
        tasks = (reading, writing, expiring)
        error: Exception | None = None
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if writing.done() and writing.exception() is None:
                await asyncio.wait((reading, expiring), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    error = error or result
            self._close = self._close or (1006, "")
            self._receiver.connection_lost(error)

    async def _expire(self) -> None:
        """Return when a close has gone unanswered for too long: the client may not even read."""
        await self._closing.wait()
        if not self._aborted:
            await asyncio.sleep(CLOSE_TIMEOUT)

    async def _read(self, receiver: ConnectionReceiver) -> None:
        while True:
            await self._readable.wait()
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                if message.get("code", 1005) not in (1000, 1001, 1005) and self._close is None:
                    raise ConnectionResetError("The client left without closing.")
                return
            text = message.get("text")
            receiver.data_received(message["bytes"] if text is None else text.encode())
            await asyncio.sleep(0)  # the server may have many: one a turn of the loop

    async def _write_all(self, receiver: ConnectionReceiver) -> None:
        while True:
            while self._frames:
                frame = self._frames.popleft()
                payload = {"bytes": frame} if self._binary else {"text": frame.decode()}
                await self._send({"type": "websocket.send", **payload})
                self._queued_bytes -= len(frame)
                if self._paused and self._queued_bytes <= LOW_BYTES:
                    self._paused = False
                    receiver.resume_writing()
            if self._close is not None:
                code, reason = self._close
                await self._send({"type": "websocket.close", "code": code, "reason": reason})
                return
            self._changed.clear()
            await self._changed.wait()
