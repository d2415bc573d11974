"""The frames of a view's WebSocket: the custom messages that a widget's comm would carry.

A text frame is the content as JSON. With binary parts it is a binary frame: the length of the JSON (four
bytes, big-endian), the JSON, then for each part its length (four bytes) and its bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from conduit_widget.errors import UNREADABLE, ValidationError
from conduit_widget.nesting import MAX_DEPTH, is_json_too_deep


def encode_frame(content: Any, buffers: Sequence[bytes] | None = None) -> tuple[bytes, bool]:
    """Return a frame's bytes, and whether it is a binary one.

    Raises:
        TypeError, ValueError, RecursionError: JSON cannot say ``content``.

    """
    text = msgspec.json.encode(content)
    if not buffers:
        return text, False
    return b"".join(part for each in (text, *buffers) for part in (len(each).to_bytes(4, "big"), each)), True


def decode_text(text: str) -> Any:
    """Return the content of a text frame.

    Raises:
        ValidationError: it is none.

    """
    data = text.encode()
    if is_json_too_deep(data):
        raise ValidationError("message", f"nests more than {MAX_DEPTH} levels deep")
    try:
        return msgspec.json.decode(data)
    except UNREADABLE:
        raise ValidationError("message", "is not JSON") from None
