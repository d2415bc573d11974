"""The ops Python sends are the ops the view's reducer was tested with (tests/vectors/ops.json)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conduit_widget.chat_client.state import changes
from conduit_widget.chat_client.state.changes import Change, ResetChange, SignalChange
from conduit_widget.types import ChatMessage
from conduit_widget.widget.chat.ops import to_op

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "ops.json").read_text())
KINDS: dict[str, Any] = {
    "message": changes.MessageChange,
    "token": changes.TokenChange,
    "streamEnd": changes.StreamEndChange,
    "participants": changes.ParticipantsChange,
    "typing": changes.TypingChange,
    "readMarks": changes.ReadMarksChange,
    "conversation": changes.ConversationChange,
    "call": changes.CallChange,
    "provider": changes.ProviderChange,
    "providers": changes.ProvidersChange,
    "notice": changes.NoticeChange,
    "connection": changes.ConnectionChange,
    "queue": changes.QueueChange,
    "history": changes.HistoryChange,
    "paused": changes.PausedChange,
}
OPS = [
    op
    for case in VECTORS["cases"]
    for message in case["messages"]
    for op in message.get("ops", [])
    if op["op"] in KINDS  # one case shows that an unknown op changes nothing
]


def test_every_kind_of_op_is_in_the_vectors() -> None:
    """Whatever Python can send, the reducer was tested with."""
    assert {op["op"] for op in OPS} == set(KINDS)
    assert set(Change.__args__) - {ResetChange, SignalChange} == set(KINDS.values())


@pytest.mark.parametrize("op", OPS, ids=lambda op: op["op"])
def test_op_of_the_vectors_is_what_python_sends(op: dict[str, Any]) -> None:
    """The same keys and values come back from the typed change."""
    change = msgspec.convert({key: value for key, value in op.items() if key != "op"}, KINDS[op["op"]])
    if isinstance(change, changes.MessageChange):
        change = changes.MessageChange(message=ChatMessage.from_wire(op["message"]))
    produced = to_op(change)
    assert json.loads(json.dumps(produced)) == without_defaults(op)


def without_defaults(op: dict[str, Any]) -> dict[str, Any]:
    """Leave out of participants what Python leaves out because it is the default."""
    if op["op"] != "participants":
        return op
    return {
        **op,
        "participants": msgspec.to_builtins(msgspec.convert(op, changes.ParticipantsChange).participants),
    }


def test_reset_is_no_op() -> None:
    """Only a snapshot will do."""
    assert to_op(ResetChange()) is None
