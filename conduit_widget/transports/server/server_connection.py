"""The seam between the hub and a server-side transport: bytes in by callback, pre-framed bytes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

Framer = Callable[[bytes], bytes]
"""Turns a payload into what ``write`` takes; connections that may share frames share the framer."""


class ConnectionReceiver(Protocol):
    """Whoever a server connection belongs to; called on the loop, never concurrently."""

    def data_received(self, data: bytes) -> None:
        """Take one whole transport message (text as UTF-8)."""
        ...

    def frame_received(self) -> None:
        """Called for a frame that is no whole message: a control frame or a fragment."""
        ...

    def message_too_large(self, limit_bytes: int) -> bytes:
        """Return a frame to send as last words: a transport message over the limit ends the connection."""
        ...

    def connection_lost(self, error: Exception | None) -> None:
        """Called once when the connection has ended. ``None``: in good order."""
        ...

    def pause_writing(self) -> None:
        """Called when the send buffer is over its high-water mark: stop writing."""
        ...

    def resume_writing(self) -> None:
        """Called when the send buffer has drained: write again."""
        ...

    def shutdown(self) -> None:
        """Called when the server is about to stop: say goodbye and close."""
        ...


class ReadControl(Protocol):
    """Whoever can leave unread what a client sends."""

    def pause_reading(self) -> None:
        """Leave what the client sends where it is: nothing more is delivered until reading resumes."""
        ...

    def resume_reading(self) -> None:
        """Read on. Idempotent."""
        ...


class ServerConnection(ReadControl, Protocol):
    """One client on a transport."""

    @property
    def buffered_bytes(self) -> int:
        """Bytes written but not yet sent, those in the operating system as far as they are known."""
        ...

    def attach(self, receiver: ConnectionReceiver) -> None:
        """Accept the client and hand its events to ``receiver`` from now on."""
        ...

    def framer(self, binary: bool) -> Framer:
        """Return the framing for the payloads of this connection; call once, before the first write."""
        ...

    def write(self, frame: bytes) -> None:
        """Send framed bytes; never blocks. Nothing happens once the connection is closing."""
        ...

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close in good order; what was written goes first; a silent peer is cut in the end. Idempotent."""
        ...

    def abort(self) -> None:
        """Cut the connection at once."""
        ...
