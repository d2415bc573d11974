"""Oversized records in a frame: the invocation they belong to is answered, the rest of the frame is used."""

from __future__ import annotations

import msgspec

from conduit_widget.protocol.framing import RECORD_SEPARATOR


class OversizedInvocation(msgspec.Struct, frozen=True):
    """An invocation over the limit that wants an answer."""

    invocation_id: str
    target: str
    size_bytes: int


class _Peek(msgspec.Struct, frozen=True, rename="camel"):
    type: int
    target: str
    invocation_id: str


_decoder = msgspec.json.Decoder(_Peek)


def set_oversized_apart(data: bytes, limit_bytes: int) -> tuple[bytes, list[OversizedInvocation]]:
    """Return a JSON frame without its oversized invocations, and those.

    What is oversized but cannot be answered stays in the frame, where the session refuses it. Only records
    that begin and end in this frame are looked at.
    """
    records = data.split(RECORD_SEPARATOR)
    kept: list[bytes] = []
    found: list[OversizedInvocation] = []
    for record in records[:-1]:
        invocation = _peek(record) if len(record) > limit_bytes else None
        if invocation is None:
            kept.append(record)
        else:
            found.append(OversizedInvocation(invocation.invocation_id, invocation.target, len(record)))
    kept.append(records[-1])
    return RECORD_SEPARATOR.join(kept), found


def _peek(record: bytes) -> _Peek | None:
    try:
        return _decoder.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
