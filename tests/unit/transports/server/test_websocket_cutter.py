"""Cutting frames changes nothing: whatever comes, in whatever pieces, the parser alone would say the same."""

from __future__ import annotations

import random
import struct

import pytest
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from conduit_widget.transports.server.websocket_cutter import FrameCutter

MAX_BYTES = 70_000
MASK = b"\x01\x02\x03\x04"


def frame(payload: bytes, first: int = 0x82, *, masked: bool = True) -> bytes:
    """Return a client frame."""
    size, bit = len(payload), 0x80 if masked else 0
    if size < 126:
        head = bytes((first, bit | size))
    elif size < 1 << 16:
        head = struct.pack("!BBH", first, bit | 126, size)
    else:
        head = struct.pack("!BBQ", first, bit | 127, size)
    if not masked:
        return head + payload
    return head + MASK + bytes(byte ^ MASK[at % 4] for at, byte in enumerate(payload))


class Owner:
    """A server's end: parser and cutter, or the parser alone."""

    def __init__(self, *, cuts: bool, closes_at: bytes | None = None, frames_a_turn: int = 1000) -> None:
        self.protocol = ServerProtocol(state=State.OPEN, max_size=MAX_BYTES)
        self.cutter = FrameCutter(self, MAX_BYTES) if cuts else None
        self.closes_at = closes_at
        self.frames_a_turn = self._frames_left = frames_a_turn
        self.turns = 0
        self.messages: list[tuple[bytes, bool]] = []
        self.sent = b""
        self.parsed_bytes = 0
        self._parts: list[bytes] = []
        self._is_text = False

    def receive(self, data: bytes) -> None:
        if self.cutter is None:
            self.parse(data)
            return
        while data:
            self.turns += 1
            self._frames_left = self.frames_a_turn
            data = self.cutter.feed(data)

    def has_enough(self) -> bool:
        self._frames_left -= 1
        return self._frames_left <= 0

    def parse(self, data: bytes) -> None:
        self.parsed_bytes += len(data)
        self.protocol.receive_data(data)
        for event in self.protocol.events_received():
            assert isinstance(event, Frame)
            if event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                if event.opcode is not Opcode.CONT:
                    self._is_text = event.opcode is Opcode.TEXT
                self._parts.append(bytes(event.data))
                if event.fin:
                    message, self._parts = b"".join(self._parts), []
                    self.deliver(message, is_text=self._is_text)
        self.sent += b"".join(self.protocol.data_to_send())
        if self.protocol.eof_sent and self.cutter is not None:
            self.cutter.stop()

    def deliver(self, payload: bytes, *, is_text: bool) -> None:
        if self.protocol.state is State.OPEN:
            self.messages.append((payload, is_text))
            if payload == self.closes_at:
                self.protocol.send_close(1000)
                self.sent += b"".join(self.protocol.data_to_send())


def both(
    frames: list[bytes], cuts: list[int], closes_at: bytes | None = None, *, frames_a_turn: int = 1000
) -> Owner:
    """Feed the cutter those pieces and the parser frame by frame; they must agree; return the cutter's."""
    one = Owner(cuts=True, closes_at=closes_at, frames_a_turn=frames_a_turn)
    other = Owner(cuts=False, closes_at=closes_at)
    data, at = b"".join(frames), 0
    for cut in [*cuts, len(data)]:
        if cut > at:
            one.receive(data[at:cut])
        at = cut
    for piece in frames:
        other.receive(piece)
    assert one.messages == other.messages
    assert one.sent == other.sent
    assert one.protocol.state is other.protocol.state
    assert str(one.protocol.parser_exc) == str(other.protocol.parser_exc)
    return one


def test_whole_frames_never_reach_the_parser() -> None:
    """Text and binary of every size form, several in a piece."""
    sizes = (0, 5, 125, 126, 65_535, 65_536)
    owner = both([frame(b"x" * size, first) for size in sizes for first in (0x81, 0x82)], [])
    assert len(owner.messages) == 12
    assert owner.parsed_bytes == 0


@pytest.mark.parametrize(
    "odd",
    [
        [frame(b"ping", 0x89)],
        [frame(b"one", 0x01), frame(b"ping", 0x89), frame(b" two", 0x00), frame(b" three", 0x80)],
        [frame(b"", 0x88)],
        [frame(struct.pack("!H", 1000), 0x88)],
        [frame(b"x", 0xC1)],
        [frame(b"x", 0x83)],
        [frame(b"x", 0x80)],
        [frame(b"x", masked=False)],
        [frame(b"x" * (MAX_BYTES + 1))],
        [frame(b"one", 0x01), frame(b"two", 0x01)],
        [bytes((0x82, 0xFF)) + struct.pack("!Q", 1 << 62) + MASK],
    ],
    ids=[
        "ping",
        "fragments",
        "close without a code",
        "close",
        "extension bit",
        "unknown opcode",
        "lone continuation",
        "unmasked",
        "too large",
        "text inside fragments",
        "absurd size",
    ],
)
def test_everything_else_is_as_the_parser_says(odd: list[bytes]) -> None:
    """Between ordinary frames, and cut at every place."""
    frames = [frame(b"before", 0x81), *odd, frame(b"after", 0x81)]
    places = range(1, min(len(b"".join(frames)), 60))
    for cut in places:
        both(frames, [cut])
    both(frames, list(places))


def test_nothing_follows_a_close_of_ours() -> None:
    """A message that makes the hub close is the last one delivered."""
    owner = both([frame(b"one"), frame(b"bye"), frame(b"late")], [], closes_at=b"bye")
    assert [payload for payload, _ in owner.messages] == [b"one", b"bye"]


@pytest.mark.parametrize("seed", range(60))
def test_random_streams_in_random_pieces(seed: int) -> None:
    """Any mix of frames, split anywhere."""
    chance = random.Random(seed)
    kinds = [0x81, 0x82, 0x82, 0x81, 0x89, 0x8A]
    pieces = []
    for _ in range(30):
        if chance.random() < 0.1:
            pieces += [frame(b"a" * chance.randrange(9), 0x01), frame(b"b", 0x89), frame(b"c", 0x80)]
        first = chance.choice(kinds)
        size = chance.randrange(100) if first & 0x08 else chance.choice([0, 3, 130, 1000, 66_000])
        pieces.append(frame(chance.randbytes(size), first))
    if chance.random() < 0.3:
        pieces.insert(chance.randrange(len(pieces)), frame(b"x", 0xF5))
    end = len(b"".join(pieces))
    cuts = sorted(chance.randrange(1, end) for _ in range(chance.randrange(40)))
    both(pieces, cuts)
    both(pieces, cuts, frames_a_turn=chance.randrange(1, 5))


def test_owner_can_stop_between_frames() -> None:
    """What follows comes back, to be fed later; a frame at least is taken each time."""
    owner = both([frame(b"%d" % number) for number in range(10)], [], frames_a_turn=3)
    assert owner.turns == 4
    owner = both([frame(b"", 0x89)] * 10, [], frames_a_turn=1)
    assert owner.turns == 10
