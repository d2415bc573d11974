"""A SignalR server that says what it was told to, as fast as sockets take it: pre-framed bytes.

``python -m tests.load.raw_server`` prints its port. A client that shook hands invokes ``Go(recordsPerFrame,
frames, pause)`` and gets that many frames of StreamToken records, without a pause or with one (µs) after each
frame, so that each is read on its own. Every client is fed the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import socket
import threading
import time
from typing import Final

from conduit_widget.protocol.json_protocol import JsonHubProtocol
from tests.load.tokens import RECORDS

GUID: Final = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
BLOCK_BYTES: Final = 256 * 1024
NEGOTIATED: Final = {
    "negotiateVersion": 1,
    "connectionId": "id",
    "connectionToken": "token",
    "availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text", "Binary"]}],
}


def frame(payload: bytes) -> bytes:
    """Return an unmasked text frame."""
    size = len(payload)
    if size < 126:
        return bytes((0x81, size)) + payload
    if size < 1 << 16:
        return b"\x81\x7e" + size.to_bytes(2) + payload
    return b"\x81\x7f" + size.to_bytes(8) + payload


class _Client:
    """One connection of a client."""

    def __init__(self, connection: socket.socket, record: bytes) -> None:
        self._connection = connection
        self._record = record
        self._buffer = b""

    def serve(self) -> None:
        """Answer the HTTP request, then speak WebSocket."""
        connection = self._connection
        with connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            head = self._head()
            if head.startswith("POST"):
                body = json.dumps(NEGOTIATED).encode()
                kind = "Content-Type: application/json\r\nConnection: close"
                connection.sendall(
                    f"HTTP/1.1 200 OK\r\n{kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
                )
                return
            self._upgrade(head)
            while (text := self._receive()) is not None:
                for record in text.split("\x1e"):
                    self._obey(json.loads(record) if record else {})

    def _obey(self, message: dict[str, object]) -> None:
        if "protocol" in message:
            self._connection.sendall(frame(b"{}\x1e"))
        arguments = message.get("arguments")
        if message.get("target") == "Go" and isinstance(arguments, list):
            self._blast(frame(self._record * arguments[0]), arguments[1], arguments[2] / 1e6)

    def _blast(self, one: bytes, frames: int, pause: float) -> None:
        if pause:
            for _ in range(frames):
                self._connection.sendall(one)
                time.sleep(pause)
            return
        together = max(1, BLOCK_BYTES // len(one))
        block = one * together
        for _ in range(frames // together):
            self._connection.sendall(block)
        self._connection.sendall(one * (frames % together))

    def _upgrade(self, head: str) -> None:
        key = next(
            line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")
        )
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        self._connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )

    def _head(self) -> str:
        while b"\r\n\r\n" not in self._buffer:
            self._buffer += self._connection.recv(65536)
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        return head.decode("latin-1")

    def _receive(self) -> str | None:
        """Return the next text frame's payload; None when the client is done."""
        while True:
            head = self._take(2)
            if head is None:
                return None
            size = head[1] & 0x7F
            if size == 126:
                size = int.from_bytes(self._take(2) or b"")
            mask = self._take(4) or bytes(4)
            payload = self._take(size) or b""
            plain = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))
            opcode = head[0] & 0x0F
            if opcode == 8:
                self._connection.sendall(b"\x88\x00")
                return None
            if opcode == 9:
                self._connection.sendall(bytes((0x8A, len(plain))) + plain)
            if opcode == 1:
                return plain.decode()

    def _take(self, size: int) -> bytes | None:
        while len(self._buffer) < size:
            data = self._connection.recv(65536)
            if not data:
                return None
            self._buffer += data
        taken, self._buffer = self._buffer[:size], self._buffer[size:]
        return taken


def _serve_one(connection: socket.socket, record: bytes) -> None:
    try:
        _Client(connection, record).serve()
    except OSError:
        return  # the client left in the middle, as some do


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--record", choices=RECORDS, default="short")
    record = JsonHubProtocol().encode(RECORDS[parser.parse_args().record])
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=_serve_one, args=(connection, record), daemon=True).start()


if __name__ == "__main__":
    main()
