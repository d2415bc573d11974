"""Oversized records in a frame: the invocation they belong to is answered, the rest of the frame is used."""

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


def set_oversized_apart(
    data: bytes, limit_bytes: int, transfer_format: TransferFormat = TransferFormat.TEXT
) -> tuple[bytes, list[OversizedInvocation]]:
    """Return a frame without its oversized invocations, and those.

    What is oversized but cannot be answered stays in the frame, where the session refuses it. Only records
    that begin and end in this frame are looked at.
    """
    if transfer_format is TransferFormat.BINARY:
        return _set_binary_apart(data, limit_bytes)
    records = data.split(RECORD_SEPARATOR)
    kept: list[bytes] = []
    found: list[OversizedInvocation] = []
    for record in records[:-1]:
        invocation = _peek(_decoder, record) if len(record) > limit_bytes else None
        if invocation is None:
            kept.append(record)
        else:
            found.append(OversizedInvocation(invocation.invocation_id, invocation.target, len(record)))
    kept.append(records[-1])
    return RECORD_SEPARATOR.join(kept), found


def _set_binary_apart(data: bytes, limit_bytes: int) -> tuple[bytes, list[OversizedInvocation]]:
    kept = bytearray()
    found: list[OversizedInvocation] = []
    position = 0
    while position < len(data):
        try:
            prefix = read_varint(data, position)
        except RemoteProtocolError:
            break
        if prefix is None or sum(prefix) > len(data):
            break
        size, start = prefix
        record = data[start : start + size]
        invocation = _peek(_binary_decoder, record) if size > limit_bytes else None
        if invocation is None:
            kept += data[position : start + size]
        else:
            found.append(OversizedInvocation(invocation.invocation_id, invocation.target, size))
        position = start + size
    return bytes(kept + data[position:]), found


def _peek(decoder: Any, record: bytes) -> _Peek | _BinaryPeek | None:
    try:
        peek: _Peek | _BinaryPeek = decoder.decode(record)
    except UNREADABLE:
        return None
    return peek if peek.type in (INVOCATION, STREAM_INVOCATION) else None
