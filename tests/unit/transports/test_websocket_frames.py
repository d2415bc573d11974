"""Frames of the server: headers for every length, compressed from 512 bytes, shared by class."""

from __future__ import annotations

import os

import pytest
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Frame, Opcode

from conduit_widget.transports.websocket_frames import (
    BINARY,
    COMPRESS_FROM_BYTES,
    TEXT,
    deflating_framer,
    frame_binary,
    frame_text,
)


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_frames_are_those_of_the_library_for_every_length(size: int) -> None:
    """Byte for byte what ``websockets`` writes."""
    payload = b"x" * size
    assert frame_text(payload) == Frame(Opcode.TEXT, payload).serialize(mask=False)
    assert frame_binary(payload) == Frame(Opcode.BINARY, payload).serialize(mask=False)


@pytest.mark.parametrize("window_bits", [9, 12, 15])
def test_compressed_frame_inflates_to_its_payload(window_bits: int) -> None:
    """RSV1, a raw deflate block without its tail, within the agreed window."""
    payload = os.urandom(300) * 40
    frame = deflating_framer(BINARY, window_bits)(payload)
    header = 4 if frame[1] == 126 else 10
    extension = PerMessageDeflate(True, True, window_bits, window_bits)
    decoded = extension.decode(Frame(Opcode.BINARY, frame[header:], rsv1=True))
    assert frame[0] == BINARY | 0x40
    assert bytes(decoded.data) == payload


def test_small_and_stubborn_payloads_go_as_they_are() -> None:
    """Under 512 bytes, or when nothing is gained."""
    small, stubborn = b"x" * (COMPRESS_FROM_BYTES - 1), os.urandom(4000)
    assert deflating_framer(TEXT, 15)(small) == frame_text(small)
    assert deflating_framer(TEXT, 15)(stubborn) == frame_text(stubborn)
    assert len(deflating_framer(TEXT, 15)(small + b"x")) < 100


def test_connections_of_one_class_share_their_framer() -> None:
    """So that a broadcast is compressed once."""
    assert deflating_framer(TEXT, 15) is deflating_framer(TEXT, 15)
    assert deflating_framer(TEXT, 15) is not deflating_framer(TEXT, 14)
