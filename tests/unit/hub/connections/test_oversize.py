"""Oversized records are answered by name where that is possible."""

from __future__ import annotations

import json

import pytest

from conduit_widget.hub.connections.oversize import OversizedInvocation, next_piece
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Completion, Invocation, Ping


def _record(invocation_id: str | None, size: int) -> bytes:
    message = {"type": 1, "target": "Echo", "arguments": ["x" * size]}
    if invocation_id is not None:
        message["invocationId"] = invocation_id
    return json.dumps(message).encode()


def _pieces(
    data: bytes, size: int, transfer_format: TransferFormat = TransferFormat.TEXT
) -> tuple[list[bytes], list[OversizedInvocation]]:
    """Return the pieces of a transport message, and its oversized invocations; the limit is 200 bytes."""
    kept, found, at = [], [], 0
    while at < len(data):
        end, oversized = next_piece(data, at, size, 200, transfer_format)
        assert end > at
        if oversized is None:
            kept.append(data[at:end])
        else:
            found.append(oversized)
        at = end
    return kept, found


@pytest.mark.parametrize("size", [1, 40, 150, 10_000])
def test_oversized_invocation_is_taken_out_of_its_frame(size: int) -> None:
    """Its neighbours stay, in order."""
    small, big = _record("1", 5), _record("2", 500)
    kept, found = _pieces(b"\x1e".join([small, big, small, b""]), size)
    assert b"".join(kept) == b"\x1e".join([small, small, b""])
    assert [(item.invocation_id, item.target, item.size_bytes) for item in found] == [("2", "Echo", len(big))]


def test_what_cannot_be_answered_stays() -> None:
    """No invocation id, no JSON, not complete: the session refuses it."""
    for data in (_record(None, 500) + b"\x1e", b"x" * 500 + b"\x1e", _record("1", 500)):
        assert _pieces(data, 100) == ([data], [])


@pytest.mark.parametrize("size", [1, 40, 150, 10_000])
def test_oversized_binary_invocation_is_taken_out_of_its_frame(size: int) -> None:
    """The same in MessagePack; what has no id, is no invocation or is not whole stays."""
    encode = MessagePackHubProtocol().encode
    small, big = encode(Ping()), encode(Invocation("Echo", ["x" * 500], "2"))
    kept, found = _pieces(small + big + small + big[:9], size, TransferFormat.BINARY)
    assert b"".join(kept) == small + small + big[:9]
    assert [(item.invocation_id, item.target) for item in found] == [("2", "Echo")]
    for message in (Invocation("Echo", ["x" * 500]), Completion("1", "x" * 500)):
        data = encode(message)
        assert _pieces(data, size, TransferFormat.BINARY) == ([data], [])


@pytest.mark.parametrize("transfer_format", list(TransferFormat))
def test_pieces_are_short_whole_records(transfer_format: TransferFormat) -> None:
    """A piece of a long message is as long as asked for, up to one record, and ends where a record does."""
    text = transfer_format is TransferFormat.TEXT
    record = (JsonHubProtocol() if text else MessagePackHubProtocol()).encode(Ping())
    pieces, _ = _pieces(record * 1000, 100, transfer_format)
    assert b"".join(pieces) == record * 1000
    assert all(len(piece) % len(record) == 0 for piece in pieces)
    assert max(map(len, pieces)) < 100 + len(record)
    assert len(pieces) <= 1000 * len(record) // (100 - len(record)) + 1
