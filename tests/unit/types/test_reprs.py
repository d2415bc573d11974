"""The values people see at the prompt are short, readable and the same in every run."""

from __future__ import annotations

import pytest

from conduit_widget.chat_client.state.changes import ConnectionInfo
from conduit_widget.types import ChatMessage, Participant, SendReceipt

RECEIPT = SendReceipt(id="0198-random", seq=7, timestamp="2026-01-01T00:00:00Z")
ADA = Participant(user_id="ada", user_name="Ada\n\x1b[31m Lovelace", initials="AL", color="#123456")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (RECEIPT, "<sent: seq 7>"),
        (SendReceipt(id="m", seq=7, timestamp="", answer_id="a"), "<sent: seq 7, will be answered>"),
        (SendReceipt(id="m", seq=0, timestamp=""), "<sent>"),
        (ADA, "<Ada [31m Lovelace: active>"),
        (ConnectionInfo(state="live"), "<live>"),
        (ConnectionInfo(state="offline", message="The hub\x1b is away."), "<offline: The hub\\x1b is away.>"),
        (ChatMessage(id="m", role="user", content="one\ntwo"), "<user: 'one two'>"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_reprs_are_one_short_line(value: object, expected: str) -> None:
    """No ids or times that differ between runs, and nothing that moves a terminal's cursor."""
    assert repr(value) == expected
