"""Ordinary ASGI WebSocket messages on a server connection, for applications that do not attach a receiver."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import MutableMapping
from typing import Any, Protocol

from conduit_widget.transports.server.server_connection import ConnectionReceiver, ServerConnection

AsgiMessage = MutableMapping[str, Any]


class AsgiServerConnection(ServerConnection, Protocol):
    """A server connection whose opening can be refused."""

    @property
    def attached(self) -> bool:
        """Whether the opening handshake is over."""
        ...

    @property
    def message_is_text(self) -> bool:
        """Whether the message being delivered came as text."""
        ...

    def attach(self, receiver: ConnectionReceiver, subprotocol: str | None = None) -> None:
        """Accept the client."""
        ...

    def refuse(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer the opening handshake with an HTTP response."""
        ...


class AsgiMessages:
    """``receive`` and ``send`` of one ASGI application call; reading waits while a message is unread."""

    def __init__(self, connection: AsgiServerConnection) -> None:
        self._connection = connection
        self._incoming: deque[AsgiMessage] = deque([{"type": "websocket.connect"}])
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._start: AsgiMessage | None = None
        self._gone = False

    async def receive(self) -> AsgiMessage:
        """Return the next message, waiting for it."""
        while not self._incoming:
            if self._gone:
                return {"type": "websocket.disconnect", "code": 1006}
            self._arrived.clear()
            self._connection.resume_reading()
            await self._arrived.wait()
        return self._incoming.popleft()

    async def send(self, message: AsgiMessage) -> None:
        """Do what the application says.

        Raises:
            RuntimeError: the message does not belong here.
            OSError: the client is gone (as the ASGI specification asks).

        """
        kind = message["type"]
        if kind == "websocket.accept":
            self._connection.attach(self, message.get("subprotocol"))
        elif kind == "websocket.send":
            await self._send_data(message)
        elif kind == "websocket.close":
            self._close(message)
        elif kind == "websocket.http.response.start":
            self._start = message
        elif kind == "websocket.http.response.body" and self._start is not None:
            self._refuse(self._start, message.get("body", b""))
        else:
            raise RuntimeError(f"Unexpected ASGI message {kind!r}.")

    async def _send_data(self, message: AsgiMessage) -> None:
        if self._gone:
            raise OSError("The client is gone.")
        text = message.get("text")
        payload = message["bytes"] if text is None else text.encode()
        self._connection.write(self._connection.framer(text is None)(payload))
        await self._writable.wait()

    def _close(self, message: AsgiMessage) -> None:
        if self._connection.attached:
            self._connection.close(message.get("code", 1000), message.get("reason") or "")
        else:
            self._connection.refuse(403, [], b"")

    def _refuse(self, start: AsgiMessage, body: bytes) -> None:
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"]]
        self._connection.refuse(start["status"], headers, body)

    # ConnectionReceiver

    def data_received(self, data: bytes) -> None:
        """Keep a message for the application; text that is not UTF-8 closes with 1007."""
        if self._connection.message_is_text:
            try:
                self._put({"type": "websocket.receive", "text": data.decode()})
            except UnicodeDecodeError:
                self._connection.close(1007)
                return
        else:
            self._put({"type": "websocket.receive", "bytes": data})
        self._connection.pause_reading()

    def frame_received(self) -> None:
        """Say nothing: ASGI knows messages only."""

    def message_too_large(self, limit_bytes: int) -> bytes:
        """Say nothing more: the close code 1009 does."""
        return b""

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the application."""
        self._gone = True
        self._writable.set()
        self._put({"type": "websocket.disconnect", "code": 1005 if error is None else 1006})

    def pause_writing(self) -> None:
        """Make the application's next send wait."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Let the application send again."""
        self._writable.set()

    def shutdown(self) -> None:
        """Close with 1012 (service restart)."""
        self._connection.close(1012)

    def _put(self, message: AsgiMessage) -> None:
        self._incoming.append(message)
        self._arrived.set()
