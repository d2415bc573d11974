"""The plain chunks of a body, and what is left to the HTTP library."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from conduit_widget.providers.http_api.chunked_body import MAX_CHUNK_BYTES, PlainChunks, plain_chunks


def framed(*pieces: bytes) -> bytes:
    """The pieces as chunks."""
    return b"".join(b"%X\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        (b"", PlainChunks(b"", 0, is_plain=True)),
        (framed(b"one", b"two"), PlainChunks(b"onetwo", 16, is_plain=True)),
        (framed(b"one") + b"3", PlainChunks(b"one", 8, is_plain=True)),
        (framed(b"one") + b"3\r\ntwo\r", PlainChunks(b"one", 8, is_plain=True)),
        (framed(b"one") + b"0\r\n\r\n", PlainChunks(b"one", 8, is_plain=False)),
        (framed(b"one") + b"3;a=b\r\ntwo\r\n", PlainChunks(b"one", 8, is_plain=False)),
        (framed(b"one") + b"3\r\ntwoo\r\n", PlainChunks(b"one", 8, is_plain=False)),
        (framed(b"one") + b"-3\r\n", PlainChunks(b"one", 8, is_plain=False)),
        (framed(b"one") + b"0x3\r\n", PlainChunks(b"one", 8, is_plain=False)),
        (framed(b"one") + b"3\ntwo\n", PlainChunks(b"one", 8, is_plain=False)),
        (b"123456789\r\n", PlainChunks(b"", 0, is_plain=False)),
        (b"%x\r\n" % (MAX_CHUNK_BYTES + 1), PlainChunks(b"", 0, is_plain=False)),
    ],
)
def test_only_whole_plain_chunks_are_read(received: bytes, expected: PlainChunks) -> None:
    """Everything else stays where it is, at the beginning of a chunk."""
    assert plain_chunks(received) == expected


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.data())
def test_data_is_the_same_however_it_is_cut(pieces: list[bytes], data: st.DataObject) -> None:
    """Read piece by piece, with what was not used put before the next piece."""
    stream = framed(*pieces) + b"0\r\n\r\n"
    read, held = b"", b""
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        held, stream = held + stream[:size], stream[size:]
        chunks = plain_chunks(held)
        read, held = read + chunks.data, held[chunks.used :]
    assert read == b"".join(pieces)
    assert held == b"0\r\n\r\n"
