"""Oversized records are answered by name where that is possible."""

from __future__ import annotations

import json

from conduit_widget.hub.oversize import set_oversized_apart
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Completion, Invocation, Ping


def _record(invocation_id: str | None, size: int) -> bytes:
    message = {"type": 1, "target": "Echo", "arguments": ["x" * size]}
    if invocation_id is not None:
        message["invocationId"] = invocation_id
    return json.dumps(message).encode()


def test_oversized_invocation_is_taken_out_of_its_frame() -> None:
    """Its neighbours stay, in order."""
    small, big = _record("1", 5), _record("2", 500)
    rest, found = set_oversized_apart(b"\x1e".join([small, big, small, b""]), 200)
    assert rest == b"\x1e".join([small, small, b""])
    assert [(item.invocation_id, item.target, item.size_bytes) for item in found] == [("2", "Echo", len(big))]


def test_what_cannot_be_answered_stays() -> None:
    """No invocation id, no JSON, not complete: the session refuses it."""
    for data in (_record(None, 500) + b"\x1e", b"x" * 500 + b"\x1e", _record("1", 500)):
        assert set_oversized_apart(data, 200) == (data, [])


def test_oversized_binary_invocation_is_taken_out_of_its_frame() -> None:
    """The same in MessagePack; what has no id, is no invocation or is not whole stays."""
    encode = MessagePackHubProtocol().encode
    small, big = encode(Ping()), encode(Invocation("Echo", ["x" * 500], "2"))
    rest, found = set_oversized_apart(small + big + small + big[:9], 200, TransferFormat.BINARY)
    assert rest == small + small + big[:9]
    assert [(item.invocation_id, item.target) for item in found] == [("2", "Echo")]
    for message in (Invocation("Echo", ["x" * 500]), Completion("1", "x" * 500)):
        data = encode(message)
        assert set_oversized_apart(data, 200, TransferFormat.BINARY) == (data, [])
