"""What waits for a view that reads slowly: bounded, and made good when it has caught up."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conduit_widget.jupyter.views.outbox import MAX_BYTES, MAX_STATE_BYTES, ViewOutbox


class Told:
    """Counts what an outbox has called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.outbox = ViewOutbox(
            lambda: self.calls.append("ready"),
            lambda: self.calls.append("caught up"),
            lambda: self.calls.append("overflowed"),
        )

    def say(self, content: Any, *buffers: bytes) -> None:
        """Send a custom message."""
        self.outbox.send({"method": "custom", "content": content}, buffers=list(buffers))

    def take(self) -> Any:
        """Send the first frame, as a socket does; return its content."""
        frame = self.outbox.first()
        assert frame is not None
        self.outbox.sent()
        return frame[0] if frame[1] else msgspec.json.decode(frame[0])


def ops(size: int) -> dict[str, Any]:
    """A message of the state."""
    return {"kind": "ops", "n": 1, "ops": ["x" * size]}


def test_everything_arrives_in_order_where_somebody_reads() -> None:
    """Short messages are lists; a message with bytes is a binary frame."""
    told = Told()
    told.say(ops(1))
    told.say([2, "text"])
    told.say({"kind": "reply"}, b"abc", b"")
    assert (told.take(), told.take()) == (ops(1), [2, "text"])
    assert told.take() == b'\0\0\0\x10{"kind":"reply"}\0\0\0\3abc\0\0\0\0'
    assert told.outbox.first() is None
    assert told.calls == ["ready"] * 3


def test_state_is_dropped_and_made_good_when_the_view_has_caught_up() -> None:
    """After the first loss all state waits for the snapshot; replies do not."""
    told = Told()
    for _ in range(4):
        told.say(ops(MAX_STATE_BYTES // 3))
    told.say({"kind": "reply"})
    told.say([3, "small"])
    assert [told.take()["kind"] for _ in range(3)] == ["ops", "ops", "reply"]
    assert told.calls[-1] == "caught up"
    told.say({"kind": "snapshot", "state": "x" * 2 * MAX_STATE_BYTES})
    assert told.take()["kind"] == "snapshot", "a large one alone fits"


def test_view_that_asks_and_never_reads_is_ended() -> None:
    """Replies have a limit too; nothing is kept after it."""
    told = Told()
    for _ in range(3):
        told.say({"kind": "reply"}, b"x" * (MAX_BYTES // 2))
    assert told.calls[-1] == "overflowed"
    told.say({"kind": "reply"})
    assert told.outbox.first() is None
    assert told.calls.count("overflowed") == 1


def test_what_json_cannot_say_is_the_senders_to_reduce() -> None:
    """The channel hears of it, and sends the message without it."""
    with pytest.raises((TypeError, ValueError)):
        Told().say({"kind": "reply", "result": object()})
