"""What a bare WebSocket client sends, as bytes: masked frames, the upgrade request, SignalR records."""

from __future__ import annotations

import base64
import json
from typing import Any, Final

SEPARATOR: Final = b"\x1e"
PING: Final = b'{"type":6}' + SEPARATOR
HANDSHAKE: Final = b'{"protocol":"json","version":1}' + SEPARATOR
_KEY: Final = base64.b64encode(bytes(range(16))).decode()
_TEXT: Final = 0x81


def frame(payload: bytes) -> bytes:
    """Return a masked text frame; a mask of zeros leaves the payload as it is."""
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, 0x80 | size)) + bytes(4) + payload
    if size < 1 << 16:
        return bytes((_TEXT, 0x80 | 126)) + size.to_bytes(2) + bytes(4) + payload
    return bytes((_TEXT, 0x80 | 127)) + size.to_bytes(8) + bytes(4) + payload


def upgrade(host: str, port: int, path: str) -> bytes:
    """Return the opening request of a WebSocket."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n\r\n"
    ).encode()


def invocation(target: str, *arguments: Any, id_: str | None = None) -> bytes:
    """Return a framed invocation."""
    record: dict[str, Any] = {"type": 1, "target": target, "arguments": list(arguments)}
    if id_ is not None:
        record["invocationId"] = id_
    return frame(json.dumps(record, separators=(",", ":")).encode() + SEPARATOR)
