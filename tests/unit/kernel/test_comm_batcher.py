"""Batching of comm messages, with a clock that the test turns."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast

import pytest

from conduit_widget.contract import COMM_INTERVAL
from conduit_widget.kernel import comm_batcher, comm_rate
from conduit_widget.kernel.comm_batcher import CommBatcher, CommChannel
from tests.support.kernel.comm_messages import in_full


class Clock:
    """A `call_later` whose timers fire when the test says so."""

    def __init__(self) -> None:
        self.timers: list[Callable[[], None]] = []
        self.now = 0.0

    def call_later(self, _delay: float, function: Callable[[], None]) -> asyncio.TimerHandle:
        self.timers.append(function)
        return cast(asyncio.TimerHandle, self)

    def cancel(self) -> None:
        self.timers.clear()

    def tick(self) -> None:
        timers, self.timers = self.timers, []
        self.now += COMM_INTERVAL
        for function in timers:
            function()


@pytest.fixture
def clock() -> Clock:
    """Time that stands until the test turns it."""
    return Clock()


@pytest.fixture
def batcher(clock: Clock) -> CommBatcher:
    """A batcher on that clock."""
    return CommBatcher(clock.call_later, now=lambda: clock.now)


class FakeComm:
    """A comm that hands the content of each message to a function of the test."""

    def __init__(self, take: Callable[[dict[str, Any]], None]) -> None:
        self._take = take
        self.buffers: list[bytes] | None = None

    def send(self, data: dict[str, Any], *, buffers: list[bytes] | None = None) -> None:
        assert data["method"] == "custom"
        self.buffers = buffers
        self._take(data["content"])


def token(offset: int, text: str, id_: str = "a", **more: Any) -> dict[str, Any]:
    """A token op."""
    return {"op": "token", "id": id_, "offset": offset, "text": text, **more}


def open_channel(batcher: CommBatcher) -> tuple[CommChannel, list[dict[str, Any]]]:
    """A channel and what it sent, in full."""
    contents: list[Any] = []
    sent: list[dict[str, Any]] = []

    def take(content: Any) -> None:
        contents.append(content)
        sent[:] = in_full(contents)

    return batcher.open(FakeComm(take), lambda: {"whole": True}), sent


def test_first_op_leaves_at_once_when_idle(batcher: CommBatcher) -> None:
    """Nobody waits for a tick when nothing was sent lately."""
    channel, sent = open_channel(batcher)
    channel.push(token(0, "Hi"))
    assert sent == [{"kind": "ops", "n": 1, "ops": [token(0, "Hi")]}]


def test_later_ops_are_one_message_per_tick_numbered_without_a_gap(
    batcher: CommBatcher, clock: Clock
) -> None:
    """However many ops come between two ticks, one message leaves, and numbers rise by one."""
    channel, sent = open_channel(batcher)
    for offset in range(5):
        channel.push(token(offset, "x"))
    assert len(sent) == 1
    clock.tick()
    channel.push(token(5, "x"))
    assert len(sent) == 2
    clock.tick()
    clock.tick()
    assert [message["n"] for message in sent] == [1, 2, 3]
    assert sent[1]["ops"] == [token(1, "xxxx")]


def test_idle_again_after_an_empty_tick(batcher: CommBatcher, clock: Clock) -> None:
    """After a tick with nothing to send, the next op leaves at once again."""
    channel, sent = open_channel(batcher)
    channel.push(token(0, "a"))
    clock.tick()
    assert clock.timers == []
    channel.push(token(1, "b"))
    assert [message["n"] for message in sent] == [1, 2]


def test_tokens_are_merged_only_when_consecutive_and_of_one_message(
    batcher: CommBatcher, clock: Clock
) -> None:
    """Order between different ops is kept; a hole between offsets is not papered over."""
    channel, sent = open_channel(batcher)
    channel.push({"op": "typing", "userIds": []})
    for op in (token(0, "a"), token(1, "b", metrics={"tokensPerSecond": 3}), token(0, "z", "other")):
        channel.push(op)
    channel.push(token(2, "c"))
    channel.push(token(9, "d"))
    clock.tick()
    assert sent[1]["ops"] == [
        token(0, "ab", metrics={"tokensPerSecond": 3}),
        token(0, "z", "other"),
        token(2, "c"),
        token(9, "d"),
    ]


def test_snapshot_replaces_what_waits_and_names_the_last_ops_message(
    batcher: CommBatcher, clock: Clock
) -> None:
    """A view that said hello gets the state with the number it continues from, and nothing twice."""
    channel, sent = open_channel(batcher)
    channel.push(token(0, "a"))
    channel.push(token(1, "b"))
    channel.request_snapshot()
    channel.push(token(2, "c"))
    channel.request_snapshot()
    clock.tick()
    assert sent[1:] == [{"kind": "snapshot", "n": 1, "state": {"whole": True}}]
    channel.push(token(3, "d"))
    clock.tick()
    assert sent[2]["n"] == 2


def test_thoughts_and_text_that_meet_at_an_offset_stay_apart(batcher: CommBatcher, clock: Clock) -> None:
    """Offsets of reasoning and of text are counted apart: text does not go on where a thought ended."""
    channel, sent = open_channel(batcher)
    channel.push({"op": "typing", "userIds": []})
    thought, text = token(0, "hm", kind="reasoning"), token(2, "so")
    channel.push(dict(thought))
    channel.push(dict(text))
    clock.tick()
    assert sent[1]["ops"] == [thought, text]


@pytest.mark.parametrize("how", ["ops", "chars"])
def test_overflow_becomes_a_snapshot(batcher: CommBatcher, clock: Clock, how: str) -> None:
    """What waits is bounded: beyond the limit the state is sent whole instead."""
    channel, sent = open_channel(batcher)
    channel.push(token(0, "a"))
    if how == "ops":
        for number in range(comm_batcher.MAX_PENDING_OPS + 1):
            channel.push({"op": "streamEnd", "id": str(number)})
    else:
        channel.push(token(1, "x" * (comm_batcher.MAX_PENDING_CHARS + 1)))
    clock.tick()
    assert [message["kind"] for message in sent] == ["ops", "snapshot"]


def end(id_: str = "a") -> dict[str, Any]:
    """An answer has ended."""
    return {"op": "streamEnd", "id": id_}


def test_many_widgets_share_a_tick_fairly(batcher: CommBatcher, clock: Clock) -> None:
    """A tick sends a bounded number of messages whatever the number of widgets, and each gets its turn."""
    channels = [open_channel(batcher) for _ in range(comm_batcher.CHANNELS_PER_TICK * 2)]
    for channel, _ in channels:
        channel.push(end())
        channel.push(end("b"))
    before = sum(len(sent) for _, sent in channels)
    clock.tick()
    assert sum(len(sent) for _, sent in channels) - before == comm_batcher.CHANNELS_PER_TICK
    clock.tick()
    clock.tick()
    assert all(sent for _, sent in channels)


def test_many_answers_send_no_more_messages_than_one(batcher: CommBatcher, clock: Clock) -> None:
    """One a tick in all, in turn; nothing of the text is lost."""
    channels = [open_channel(batcher) for _ in range(10)]
    for number in range(30):
        for channel, _ in channels:
            channel.push(token(number, "x"))
        clock.tick()
    counts = [len(sent) for _, sent in channels]
    assert sum(counts) <= 31
    assert max(counts) - min(counts) <= 1
    for _ in channels:
        clock.tick()
    for _, sent in channels:
        assert "".join(op["text"] for message in sent for op in message["ops"]) == "x" * 30


def test_what_else_happens_goes_before_text_and_holds_none_up(batcher: CommBatcher, clock: Clock) -> None:
    """An answer's end in a tenth widget waits for one tick; text goes on between many of them."""
    writing = [open_channel(batcher) for _ in range(9)]
    other, heard = open_channel(batcher)
    for channel, _ in writing:
        channel.push(token(0, "x"))
    other.push(end())
    clock.tick()
    assert len(heard) == 1
    for number in range(20):
        other.push(end(str(number)))
        clock.tick()
    assert all(len(sent) == 1 for _, sent in writing)


def test_answers_in_sight_go_first_and_the_others_once_a_second(batcher: CommBatcher, clock: Clock) -> None:
    """Two of ten are in sight: they get most messages, each of the others one a second at least."""
    channels = [open_channel(batcher) for _ in range(10)]
    for channel, _ in channels[2:]:
        channel.in_sight = False
    for number in range(90):
        for channel, _ in channels:
            channel.push(token(number, "x"))
        clock.tick()
    counts = [len(sent) for _, sent in channels]
    assert sum(counts) <= 91
    assert min(counts[:2]) >= 30
    assert min(counts[2:]) >= 2


def test_text_that_goes_on_gives_way_to_what_the_views_say(batcher: CommBatcher, clock: Clock) -> None:
    """Ten answers, and ten things that their views say a second: at most 35 messages in any, both ways.

    First words wait for nothing.
    """
    at: list[float] = []
    channels = [batcher.open(FakeComm(lambda _: at.append(clock.now)), dict) for _ in range(10)]
    for number in range(90):
        for channel in channels:
            channel.push(token(number, "x"))
        if number % 3 == 0:
            channels[0].heard()
            at.append(clock.now)
        clock.tick()
        assert number != len(channels) or all(channel.n for channel in channels)
    assert max(sum(0 <= other - one <= 1 for other in at) for one in at) <= 35
    assert len(at) > 75


def test_text_goes_on_whatever_the_views_say(batcher: CommBatcher, clock: Clock) -> None:
    """Views that talk without an end slow text down, and do not stop it."""
    channels = [open_channel(batcher) for _ in range(2)]
    for number in range(60):
        for channel, _ in channels:
            channel.push(token(number, "x"))
            for _ in range(10):
                channel.heard()
        clock.tick()
    assert all(len(sent) >= 60 / (comm_rate.MAX_TICKS_HELD + 1) / 2 for _, sent in channels)


def test_a_single_answer_gives_way_to_nothing(batcher: CommBatcher, clock: Clock) -> None:
    """It has each tick, whatever its view says."""
    channel, sent = open_channel(batcher)
    for number in range(60):
        channel.push(token(number, "x"))
        for _ in range(3):
            channel.heard()
        clock.tick()
    assert len(sent) >= 60


def test_message_of_its_own_is_sent_at_once_and_not_numbered(batcher: CommBatcher) -> None:
    """Answers to requests wait for no tick."""
    channel, sent = open_channel(batcher)
    channel.push(token(0, "a"))
    channel.send({"kind": "reply", "requestId": 1, "ok": True})
    assert sent[1] == {"kind": "reply", "requestId": 1, "ok": True}
    assert channel.n == 1


def test_binary_parts_travel_beside_the_message(batcher: CommBatcher) -> None:
    """As bytes of their own; a message without any is sent as before."""
    comm = FakeComm(lambda _message: None)
    channel = batcher.open(comm, dict)
    channel.send({"kind": "reply"}, [b"content"])
    assert comm.buffers == [b"content"]
    channel.send({"kind": "reply"})
    assert comm.buffers is None


def test_closed_channel_sends_nothing(batcher: CommBatcher, clock: Clock) -> None:
    """After close neither a waiting op nor a new one leaves."""
    channel, sent = open_channel(batcher)
    channel.push(token(0, "a"))
    channel.push(token(1, "b"))
    channel.close()
    channel.push(token(2, "c"))
    channel.request_snapshot()
    channel.send({"kind": "reply"})
    clock.tick()
    assert len(sent) == 1


def test_failing_send_does_not_stop_the_others(batcher: CommBatcher, clock: Clock) -> None:
    """A comm whose socket is gone disturbs no other widget; its number still rises, so the view asks."""

    def broken(_message: dict[str, Any]) -> None:
        raise OSError("socket is gone")

    bad = batcher.open(FakeComm(broken), dict)
    good, sent = open_channel(batcher)
    bad.push(token(0, "a"))
    good.push(token(0, "a"))
    clock.tick()
    assert bad.n == 1
    assert len(sent) == 1


def test_message_that_cannot_be_encoded_is_sent_reduced(batcher: CommBatcher) -> None:
    """One value nobody can write does not take the view's state with it."""
    sent: list[dict[str, Any]] = []

    def send(message: dict[str, Any]) -> None:
        if message.get("state") == {"bad": True}:
            raise RecursionError
        sent.append(message)

    channel = batcher.open(FakeComm(send), lambda: {"bad": True}, lambda message: {**message, "state": {}})
    channel.request_snapshot()
    assert sent == [{"kind": "snapshot", "n": 0, "state": {}}]


def test_first_failure_is_logged_with_its_cause_and_a_lasting_one_does_not_fill_the_log(
    batcher: CommBatcher, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever looks for the reason of an empty view finds it, once."""

    def broken(_message: dict[str, Any]) -> None:
        raise LookupError("content that is nobody's business")

    channel = batcher.open(FakeComm(broken), dict)
    for offset in range(3):
        channel.push(token(offset, "a"))
        clock.tick()
    warnings = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert "LookupError at test_comm_batcher.py" in warnings[0]
    assert "nobody's business" not in warnings[0]
