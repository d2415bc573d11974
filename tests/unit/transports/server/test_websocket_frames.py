"""Frames as they come from a socket, cut anywhere: the client reads them as ``websockets``' parser would."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.frames import Frame, Opcode
from websockets.uri import parse_uri

from conduit_widget.transports.client.websocket import TOGETHER_BYTES, _Wire

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SIZES = (0, 1, 124, 125, 126, 127, 300, 65_535, 65_536, TOGETHER_BYTES + 1)


class Socket(asyncio.Transport):
    """Takes what is written; nothing else."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.aborted = False

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.aborted

    def can_write_eof(self) -> bool:
        return False

    def close(self) -> None:
        self.aborted = True

    def abort(self) -> None:
        self.aborted = True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        return None


class Reader:
    """A wire that has sent its request, the upgrade response still to come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, compressed: bool = False) -> None:
        self.data = b""
        self.reads = 0
        self.ends: list[Exception | None] = []
        self.socket = Socket()
        extensions = [ClientPerMessageDeflateFactory()] if compressed else None
        self.protocol = ClientProtocol(parse_uri("ws://hub/hub"), extensions=extensions)
        self.wire = _Wire(loop, self.protocol, self._take, self.ends.append, binary=False)
        self.wire.connection_made(self.socket)
        self.protocol.send_request(self.protocol.connect())
        self.wire.flush()
        self.socket.written = b""
        key = self.protocol.key
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Accept: {accept}")
        if compressed:
            lines.append("Sec-WebSocket-Extensions: permessage-deflate")
        self.response = "\r\n".join([*lines, "", ""]).encode()

    def _take(self, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        self.reads += 1
        self.data += data

    def feed(self, data: bytes, cuts: list[int]) -> None:
        """Feed in pieces of the sizes ``cuts``, over and over."""
        position, turn = 0, 0
        while position < len(data):
            size = cuts[turn % len(cuts)] if cuts else len(data)
            self.wire.data_received(data[position : position + size])
            position, turn = position + size, turn + 1

    def finish(self) -> None:
        """Tidy up."""
        self.wire.connection_lost(None)
        if self.wire.upgraded.done() and not self.wire.upgraded.cancelled():
            self.wire.upgraded.exception()


def message(kind: str, size: int, position: int) -> tuple[bytes, bytes]:
    """Return the frames of one message, and the payload a reader gets from it."""
    payload = bytes([97 + position % 26]) * size
    if kind == "text":
        return Frame(Opcode.TEXT, payload).serialize(mask=False), payload
    if kind == "binary":
        return Frame(Opcode.BINARY, payload).serialize(mask=False), payload
    if kind == "ping":
        return Frame(Opcode.PING, payload[:100]).serialize(mask=False), b""
    if kind == "pong":
        return Frame(Opcode.PONG, b"").serialize(mask=False), b""
    half = size // 2
    frames = (
        Frame(Opcode.TEXT, payload[:half], fin=False),
        Frame(Opcode.PING, b"between"),
        Frame(Opcode.CONT, payload[half:], fin=True),
    )
    return b"".join(frame.serialize(mask=False) for frame in frames), payload


KINDS = ("text", "text", "text", "binary", "ping", "pong", "fragments")


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(SIZES)), max_size=12),
    st.lists(st.sampled_from((1, 2, 3, 5, 60, 1_000, 70_000)), max_size=4),
)
def test_payloads_arrive_whole_and_in_order_however_they_are_cut(
    messages: list[tuple[str, int]], cuts: list[int]
) -> None:
    """Any mix of frames, any cut, handshake included: the same bytes in order, every ping answered."""
    loop = asyncio.new_event_loop()
    try:
        reader = Reader(loop)
        data, expected, pings = reader.response, b"", 0
        for position, (kind, size) in enumerate(messages):
            frames, payload = message(kind, size, position)
            data, expected = data + frames, expected + payload
            pings += kind in ("ping", "fragments")
        total = len(data)
        small_cuts = cuts if total < 5_000 else [size for size in cuts if size >= 1_000]
        reader.feed(data, small_cuts)
        assert reader.data == expected
        assert reader.ends == []
        pongs = sum(frame.opcode is Opcode.PONG for frame in written_frames(reader.socket.written))
        assert pongs == pings
        reader.finish()
    finally:
        loop.close()


def written_frames(data: bytes) -> list[Frame]:
    """Parse the frames a client wrote."""
    from websockets.server import ServerProtocol

    server = ServerProtocol()
    server.state = type(server.state).OPEN
    server.parser = server.parse()
    next(server.parser)
    server.receive_data(data)
    return [event for event in server.events_received() if isinstance(event, Frame)]


@pytest.mark.parametrize(
    "broken",
    [
        b"\x83\x00",  # a reserved opcode
        b"\xc1\x00",  # an extension bit nobody agreed on
        b"\x80\x00",  # a continuation of nothing
        b"\x81\x81abcd!",  # masked
        b"\x01\x01a\x81\x01b",  # a message begins inside a fragmented one
        b"\x89\x7e\x00\x80" + bytes(128),  # a control frame of 128 bytes
        b"\x81\x7f" + b"\xff" * 8 + b"x",  # more than can be
        b"\x81\x7f" + (1 << 40).to_bytes(8) + b"x",  # more than is allowed
    ],
)
@pytest.mark.parametrize("cut", [1, 3, 1_000])
async def test_a_mistake_of_the_hub_ends_the_connection_after_what_came_before(
    broken: bytes, cut: int
) -> None:
    """What ``websockets``' parser refuses is refused, and nothing after it is heard."""
    reader = Reader(asyncio.get_running_loop())
    good = Frame(Opcode.TEXT, b"good").serialize(mask=False)
    reader.feed(reader.response + good + broken + good * 3, [cut])
    assert len(reader.ends) == 1
    assert reader.ends[0] is not None
    assert reader.data.startswith(b"good")
    assert b"good" not in reader.data[4:]
    reader.finish()


@pytest.mark.parametrize("cut", [1, 2, 1_000])
async def test_nothing_is_heard_after_the_close_frame(cut: int) -> None:
    """What comes before the Close frame is delivered, what follows is not; the Close is answered."""
    reader = Reader(asyncio.get_running_loop())
    text = Frame(Opcode.TEXT, b"last").serialize(mask=False)
    close = Frame(Opcode.CLOSE, (1000).to_bytes(2)).serialize(mask=False)
    reader.feed(reader.response + text + close + text * 2, [cut])
    assert reader.data == b"last"
    assert reader.ends == [None]
    assert [frame.opcode for frame in written_frames(reader.socket.written)] == [Opcode.CLOSE]
    reader.finish()


async def test_compressed_and_plain_messages_mix() -> None:
    """With permessage-deflate agreed on, frames with and without it arrive in order."""
    reader = Reader(asyncio.get_running_loop(), compressed=True)
    hub_side = PerMessageDeflate(False, False, 15, 15)
    data, expected = reader.response, b""
    for number in range(20):
        payload = b"token %d " % number * 30
        frame = Frame(Opcode.TEXT, payload)
        extensions = [hub_side] if number % 3 else []
        data, expected = data + frame.serialize(mask=False, extensions=extensions), expected + payload
    reader.feed(data, [7, 100, 2_000])
    assert reader.data == expected
    reader.finish()


async def test_neighbouring_frames_are_passed_on_together() -> None:
    """A burst of small frames costs the session few calls."""
    reader = Reader(asyncio.get_running_loop())
    frame = Frame(Opcode.TEXT, b"x" * 160).serialize(mask=False)
    reader.feed(reader.response, [])
    reader.feed(frame * 200, [])
    assert reader.data == b"x" * 160 * 200
    assert reader.reads <= len(frame) * 200 // TOGETHER_BYTES + 1
    reader.finish()
