"""A transport message in pieces of whole records; an oversized invocation among them can be answered."""

from __future__ import annotations

from typing import Any

import msgspec

from conduit_widget.errors import UNREADABLE, RemoteProtocolError
from conduit_widget.protocol.framing import RECORD_SEPARATOR, read_varint
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.messages import INVOCATION, STREAM_INVOCATION


class OversizedInvocation(msgspec.Struct, frozen=True):
    """An invocation over the limit that wants an answer."""

    invocation_id: str
    target: str
    size_bytes: int


class _Peek(msgspec.Struct, frozen=True, rename="camel"):
    type: int
    target: str
    invocation_id: str


class _BinaryPeek(msgspec.Struct, frozen=True, array_like=True):
    type: int
    headers: Any
    invocation_id: str
    target: str
    arguments: msgspec.Raw


_decoder = msgspec.json.Decoder(_Peek)
_binary_decoder = msgspec.msgpack.Decoder(_BinaryPeek)


def next_piece(
    data: bytes, at: int, size: int, limit_bytes: int, transfer_format: TransferFormat
) -> tuple[int, OversizedInvocation | None]:
    """Return where the piece of a transport message ends that begins ``at`` a record.

    It has about ``size`` bytes, whole records where that can be seen, or is one invocation over the limit,
    which is returned as well. What is oversized but cannot be answered is left for the session to refuse.
    Only records that begin and end in this transport message are looked at.
    """
    if transfer_format is TransferFormat.TEXT:
        return _next_text_piece(data, at, size, limit_bytes)
    if len(data) <= limit_bytes:
        return at + size, None  # the session puts together what is cut in half
    return _next_binary_piece(data, at, size, limit_bytes)


def _next_text_piece(
    data: bytes, at: int, size: int, limit_bytes: int
) -> tuple[int, OversizedInvocation | None]:
    size = min(size, limit_bytes)  # so that no record in a piece of several is over the limit
    end = data.rfind(RECORD_SEPARATOR, at, at + size)
    if end < 0:
        end = data.find(RECORD_SEPARATOR, at + size)
    if end < 0:
        return len(data), None
    invocation = _peek(_decoder, data[at:end]) if end - at > limit_bytes else None
    return end + 1, _oversized(invocation, end - at)


def _next_binary_piece(
    data: bytes, at: int, size: int, limit_bytes: int
) -> tuple[int, OversizedInvocation | None]:
    position = at
    while position < len(data) and position - at < size:
        try:
            prefix = read_varint(data, position)
        except RemoteProtocolError:
            return len(data), None
        if prefix is None or sum(prefix) > len(data):
            return len(data), None
        length, start = prefix
        if length > limit_bytes:
            if position > at:
                break
            invocation = _peek(_binary_decoder, data[start : start + length])
            return start + length, _oversized(invocation, length)
        position = start + length
    return position, None


def _oversized(invocation: _Peek | _BinaryPeek | None, size_bytes: int) -> OversizedInvocation | None:
    if invocation is None:
        return None
    return OversizedInvocation(invocation.invocation_id, invocation.target, size_bytes)


def _peek(decoder: Any, record: bytes) -> _Peek | _BinaryPeek | None:
    try:
        peek: _Peek | _BinaryPeek = decoder.decode(record)
    except UNREADABLE:
        return None
    return peek if peek.type in (INVOCATION, STREAM_INVOCATION) else None
