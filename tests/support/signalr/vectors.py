"""The shared SignalR vectors (``tests/vectors/signalr.json``), turned into hub messages."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from conduit_widget.protocol.messages import (
    Ack,
    CancelInvocation,
    Close,
    Completion,
    HubMessage,
    Invocation,
    Ping,
    Sequence,
    StreamInvocation,
    StreamItem,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "signalr.json").read_text())

CUSTOM_OBJECT = {
    "StringProp": "SignalR!",
    "DoubleProp": 6.2831853071,
    "IntProp": 42,
    "DateTimeProp": datetime(2017, 4, 11, tzinfo=UTC),
    "NullProp": None,
    "ByteArrProp": b"\x01\x02\x03",
}


def has_float32(vector: dict[str, Any]) -> bool:
    """Tell whether a vector needs a 32-bit float, which Python cannot write."""
    return "$float32" in json.dumps(vector["message"])


def value_of(described: Any) -> Any:
    """Return the value that a vector describes with its ``$`` forms."""
    if described == "$CustomObject":
        return CUSTOM_OBJECT
    if isinstance(described, list):
        return [value_of(item) for item in described]
    if isinstance(described, dict):
        if "$float32" in described:
            return described["$float32"]
        if "$timestamp" in described:
            return datetime.fromisoformat(described["$timestamp"])
        return {key: value_of(item) for key, item in described.items()}
    return described


def message_of(described: dict[str, Any]) -> HubMessage:
    """Return the hub message that a vector describes."""
    kind = described["type"]
    headers = described.get("headers") or None
    invocation_id: Any = described.get("invocationId")
    arguments = value_of(described.get("arguments", []))
    stream_ids = described.get("streamIds") or None
    if kind == 1:
        return Invocation(described["target"], arguments, invocation_id, stream_ids, headers)
    if kind == 2:
        return StreamItem(invocation_id, value_of(described["item"]), headers)
    if kind == 3:
        if "error" in described:
            return Completion(invocation_id, error=described["error"], headers=headers)
        if "result" in described:
            return Completion(invocation_id, value_of(described["result"]), headers=headers)
        return Completion(invocation_id, headers=headers)
    if kind == 4:
        return StreamInvocation(invocation_id, described["target"], arguments, stream_ids, headers)
    if kind == 5:
        return CancelInvocation(invocation_id, headers)
    if kind == 6:
        return Ping()
    if kind == 7:
        return Close(described.get("error"), described.get("allowReconnect", False))
    return (Ack if kind == 8 else Sequence)(described["sequenceId"])


_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=12,
)
_headers = st.none() | st.dictionaries(_text, _text, min_size=1, max_size=3)
_streams = st.none() | st.lists(_text, min_size=1, max_size=3)
_arguments = st.lists(_values, max_size=4)

hub_messages: st.SearchStrategy[HubMessage] = st.one_of(
    st.builds(Invocation, _text, _arguments, st.none() | _text, _streams, _headers),
    st.builds(StreamItem, _text, _values, _headers),
    st.builds(Completion, _text, _values, st.none(), _headers),
    st.builds(Completion, _text, error=_text, headers=_headers),
    st.builds(Completion, _text, headers=_headers),
    st.builds(StreamInvocation, _text, _text, _arguments, _streams, _headers),
    st.builds(CancelInvocation, _text, _headers),
    st.builds(Close, st.none() | _text, st.booleans()),
    st.builds(Ack, st.integers(0, 2**63 - 1)),
    st.builds(Sequence, st.integers(0, 2**63 - 1)),
    st.just(Ping()),
)
"""Every kind of hub message with JSON-compatible values."""


def split_at(data: bytes, cuts: list[int]) -> list[bytes]:
    """Cut ``data`` at positions given modulo its length."""
    positions = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:stop] for start, stop in itertools.pairwise(positions)]
