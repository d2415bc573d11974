"""Packets to a view without what JSON cannot carry: one bad value must not cost the packet."""

from __future__ import annotations

import json
from typing import Any

from conduit_widget.nesting import is_too_deep
from conduit_widget.text.plain_text import writable


def encodable(packet: Any) -> Any:
    """Return a snapshot, ops, tokens or reply packet in which every message can be encoded.

    A message that cannot keeps its id, role, author and text, and the entries of its metadata that can be
    written; halves of surrogate pairs become question marks.
    """
    match packet:
        case list():
            return [_written(part) for part in packet]
        case {"kind": "snapshot", "state": {"messages": list(messages)} as state}:
            state = {key: _written(value) for key, value in state.items() if key != "messages"}
            return {**packet, "state": {**state, "messages": [_message(each) for each in messages]}}
        case {"kind": "ops", "ops": list(ops)}:
            return {**packet, "ops": [_op(op) for op in ops]}
        case _:
            return {key: _written(value) for key, value in packet.items()}


def _op(op: dict[str, Any]) -> dict[str, Any]:
    match op:
        case {"op": "message", "message": message}:
            return {**op, "message": _message(message)}
        case {"op": "history", "messages": messages}:
            return {**op, "messages": [_message(message) for message in messages]}
        case _:
            return {key: _written(value) for key, value in op.items()}


def _message(message: dict[str, Any]) -> dict[str, Any]:
    if _can_be_written(message):
        return message
    metadata = message.get("metadata") or {}
    kept = {key: _written(value) for key, value in message.items() if key not in {"metadata", "attachments"}}
    return {**kept, "metadata": {key: value for key, value in metadata.items() if _can_be_written(value)}}


def _written(value: Any) -> Any:
    """Return the value if JSON can carry it, a text made valid, or else None."""
    if _can_be_written(value):
        return value
    return writable(value) if isinstance(value, str) else None


def _can_be_written(value: object) -> bool:
    if is_too_deep(value):
        return False
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True
