"""The message buffer of stateful reconnect, alone and as two ends with a line that is cut."""

from __future__ import annotations

from collections import deque

import pytest
from hypothesis import given, strategies as st

from conduit_widget.errors import RemoteProtocolError
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.message_buffer import BUFFER_BYTES, MessageBuffer, is_counted
from conduit_widget.protocol.messages import (
    Ack,
    CancelInvocation,
    Close,
    Completion,
    HubMessage,
    Invocation,
    InvocationBindingFailure,
    Ping,
    Sequence,
    StreamInvocation,
    StreamItem,
)

JSON = JsonHubProtocol()
COUNTED: list[HubMessage] = [
    Invocation("T", []),
    StreamItem("1", 1),
    Completion("1"),
    StreamInvocation("1", "T", []),
    CancelInvocation("1"),
]
UNCOUNTED: list[HubMessage] = [Ping(), Close(), Ack(1), Sequence(1)]


def numbered(number: int) -> Invocation:
    """A message that can be told from others."""
    return Invocation("T", [number])


def messages_of(*messages: HubMessage) -> list[HubMessage]:
    """A list of any kinds."""
    return list(messages)


def hold(buffer: MessageBuffer, message: HubMessage) -> bool:
    """Encode and hold; whether it goes out now."""
    return buffer.hold(message, JSON.encode(message))


def test_ids_count_types_1_to_5_only() -> None:
    """Pings, Close, Ack and Sequence have no id; an invocation that could not be bound has one."""
    assert all(is_counted(message) for message in COUNTED)
    assert is_counted(InvocationBindingFailure("T", None, "no"))
    assert not any(is_counted(message) for message in UNCOUNTED)
    buffer = MessageBuffer()
    for message in [*COUNTED, Ping(), Close()]:
        assert hold(buffer, message)
    assert buffer.replay(JSON)[1:] == [JSON.encode(message) for message in COUNTED]


def test_ack_frees_what_it_covers() -> None:
    """The rest stays, Sequence names the first held one, or total + 1 when none is held."""
    buffer = MessageBuffer()
    records = [JSON.encode(numbered(number)) for number in range(3)]
    for record in records:
        buffer.hold_record(record)
    assert buffer.held_bytes == sum(map(len, records))
    assert not buffer.accept(Ack(2))
    assert buffer.held_bytes == len(records[2])
    assert buffer.replay(JSON) == [JSON.encode(Sequence(3)), records[2]]
    for ack in (Ack(1), Ack(3), Ack(99)):
        assert not buffer.accept(ack)
    assert buffer.held_bytes == 0
    assert buffer.replay(JSON) == [JSON.encode(Sequence(4))]


def test_full_at_the_limit_until_acks_make_room() -> None:
    """The sender is asked to wait at 100,000 bytes, as with the official peers."""
    buffer = MessageBuffer()
    buffer.hold_record(b"x" * (BUFFER_BYTES - 1))
    states = [buffer.is_full]
    buffer.hold_record(b"x")
    states.append(buffer.is_full)
    buffer.accept(Ack(1))
    states.append(buffer.is_full)
    assert states == [False, True, False]


def test_nothing_goes_out_while_cut() -> None:
    """A counted message waits for the replay, a ping is dropped."""
    buffer = MessageBuffer()
    buffer.disconnected()
    assert buffer.is_cut
    assert not hold(buffer, Ping())
    assert not hold(buffer, numbered(1))
    assert buffer.replay(JSON) == [JSON.encode(Sequence(1)), JSON.encode(numbered(1))]
    assert hold(buffer, numbered(2))


def test_everything_is_dropped_until_the_sequence_after_a_cut() -> None:
    """Also control messages: the peer sends Sequence first."""
    buffer = MessageBuffer()
    assert buffer.accept(numbered(1))
    buffer.disconnected()
    buffer.replay(JSON)
    early: list[HubMessage] = [numbered(2), Ping(), Ack(1)]
    accepted = [buffer.accept(message) for message in early]
    assert accepted == [False] * len(early)
    assert not buffer.accept(Sequence(2))
    assert buffer.accept(Ping())
    assert buffer.accept(numbered(2))


def test_ack_is_owed_from_the_first_receive_on() -> None:
    """One ack covers all; the newest message arriving again means that our ack was lost."""
    buffer = MessageBuffer()
    accepted, owed = [], []
    for message in messages_of(Ping(), numbered(1), numbered(2)):
        accepted.append(buffer.accept(message))
        owed.append(buffer.owes_ack)
    assert (accepted, owed) == ([True, True, True], [False, True, True])
    assert buffer.take_ack() == Ack(2)
    buffer.disconnected()
    accepted, owed = [], []
    for message in messages_of(Sequence(1), numbered(1), numbered(2)):
        accepted.append(buffer.accept(message))
        owed.append(buffer.owes_ack)
    assert (accepted, owed) == ([False, False, False], [False, False, True])
    assert buffer.take_ack() == Ack(2)


@pytest.mark.parametrize("sequence_id", [3, 0, -1])
def test_a_sequence_that_skips_messages_breaks_the_protocol(sequence_id: int) -> None:
    """A gap cannot be healed, so it is loud."""
    buffer = MessageBuffer()
    buffer.accept(numbered(1))
    buffer.disconnected()
    with pytest.raises(RemoteProtocolError, match="continues at message"):
        buffer.accept(Sequence(sequence_id))


class End:
    """One end with its outgoing line; the decoder keeps half a record, as a real one does."""

    def __init__(self) -> None:
        self.buffer = MessageBuffer()
        self.line: deque[int] = deque()
        self.got: list[int] = []
        self.decoder = JSON.decoder(1 << 20)
        self.sent = 0

    def send(self) -> None:
        self.sent += 1
        message = numbered(self.sent)
        record = JSON.encode(message)
        if self.buffer.hold(message, record):
            self.line.extend(record)

    def receive(self, data: bytes) -> None:
        for message in self.decoder.feed(data):
            if self.buffer.accept(message):
                assert isinstance(message, Invocation)
                self.got.append(message.arguments[0])

    def ack(self) -> None:
        if self.buffer.owes_ack and not self.buffer.is_cut:
            self.line.extend(JSON.encode(self.buffer.take_ack()))

    def cut(self) -> None:
        self.line.clear()
        self.decoder = JSON.decoder(1 << 20)
        self.buffer.disconnected()

    def resume(self) -> None:
        self.line.extend(b"".join(self.buffer.replay(JSON)))


def move(sender: End, receiver: End, count: int) -> None:
    """Carry up to ``count`` bytes."""
    taken = bytes(sender.line.popleft() for _ in range(min(count, len(sender.line))))
    if taken:
        receiver.receive(taken)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["send", "ack"]), st.integers(0, 1)),
            st.tuples(st.just("move"), st.integers(0, 300)),
            st.tuples(st.just("cut"), st.integers(0, 2)),
        ),
        max_size=60,
    )
)
def test_nothing_is_lost_or_doubled_when_cut_at_any_byte(steps: list[tuple[str, int]]) -> None:
    """Two ends over a line cut anywhere (also while replaying) get all messages, once and in order."""
    ends = (End(), End())
    for what, number in [*steps, ("cut", 0)]:
        if what == "send":
            ends[number].send()
        elif what == "ack":
            ends[number].ack()
        elif what == "move":
            sender, receiver = ends if number % 2 else ends[::-1]
            move(sender, receiver, number)
        else:
            for end in ends:
                end.cut()
            for _ in range(number):
                ends[0].send()
            for end in ends:
                end.resume()
    for sender, receiver in (ends, ends[::-1]):
        move(sender, receiver, len(sender.line))
    assert ends[0].got == list(range(1, ends[1].sent + 1))
    assert ends[1].got == list(range(1, ends[0].sent + 1))
