"""Packets in which one value cannot be written."""

from __future__ import annotations

import json
from typing import Any

import pytest

from conduit_widget.widget.browser.encodable import encodable


def deep(levels: int) -> Any:
    """Lists in lists."""
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def message(id_: str, **metadata: Any) -> dict[str, Any]:
    """A message as it travels."""
    return {"id": id_, "role": "user", "content": f"text {id_}", "metadata": {"seq": 1, **metadata}}


@pytest.mark.parametrize("value", [deep(100_000), float("nan"), object(), {1, 2}, "\ud800"])
def test_message_loses_what_cannot_be_written_and_the_others_nothing(value: Any) -> None:
    """Id, text and place of every message reach the view."""
    good, bad = message("a", model="m"), message("b", model="m", odd=value)
    packets: list[dict[str, Any]] = [
        {"kind": "snapshot", "n": 0, "state": {"seq": 2, "messages": [good, bad]}},
        {"kind": "ops", "n": 1, "ops": [{"op": "message", "message": bad}]},
        {"kind": "ops", "n": 1, "ops": [{"op": "history", "messages": [good, bad], "hasMore": False}]},
    ]
    for packet in packets:
        told = json.dumps(encodable(packet), allow_nan=False, ensure_ascii=False)
        told.encode()
        assert "text b" in told
        assert '"model": "m"' in told
        assert "odd" not in told
    assert encodable(packets[0])["state"]["messages"][0] is good


def test_text_with_half_a_surrogate_pair_is_still_shown() -> None:
    """Of a text that is no Unicode the rest is readable."""
    bad = {**message("a"), "content": "x\ud800y"}
    op = {"op": "token", "id": "a", "offset": 0, "text": "\udfffz"}
    packet = encodable({"kind": "ops", "n": 1, "ops": [{"op": "message", "message": bad}, op]})
    assert packet["ops"][0]["message"]["content"] == "x?y"
    assert packet["ops"][1]["text"] == "?z"
    assert encodable([4, 1, "\udfffz"]) == [4, 1, "?z"]
