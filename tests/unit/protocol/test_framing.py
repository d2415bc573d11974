"""Records in a byte stream: separators, varint lengths, limits and splits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from conduit_widget.errors import MessageTooLargeError, RemoteProtocolError
from conduit_widget.protocol.framing import BinaryRecordReader, TextRecordReader, read_varint, write_varint
from tests.support.signalr.vectors import VECTORS, split_at

LIMIT = 1 << 20
VARINT = VECTORS["varint"]


@pytest.mark.parametrize(("stream", "records"), VECTORS["text_frames"]["valid"])
def test_text_records_are_split_at_separators(stream: str, records: list[str]) -> None:
    """Each separator ends a record, an empty one too."""
    assert [record.decode() for record in TextRecordReader(LIMIT).feed(stream)] == records


@pytest.mark.parametrize(("stream", "_error"), VECTORS["text_frames"]["invalid_ts"])
def test_incomplete_text_record_is_held_back(stream: str, _error: str) -> None:
    """What is not ended by a separator waits for the rest."""
    reader = TextRecordReader(LIMIT)
    complete, _, rest = stream.rpartition("\x1e")
    assert reader.feed(stream) == ([complete.encode()] if complete else [])
    assert reader.pending_bytes == len(rest)
    assert reader.feed("END\x1e") == [rest.encode() + b"END"]
    assert reader.pending_bytes == 0


@pytest.mark.parametrize(
    "vector", [v for v in VARINT["valid"] if "framed_hex" in v], ids=lambda v: v["framed_hex"][:16]
)
def test_binary_records_are_split_by_length(vector: dict[str, Any]) -> None:
    """Length prefixes of one and more bytes, empty records included."""
    records = BinaryRecordReader(LIMIT).feed(bytes.fromhex(vector["framed_hex"]))
    assert [record.hex() for record in records] == vector["messages_hex"]


@pytest.mark.parametrize(
    "vector", [v for v in VARINT["valid"] if "prefix_hex" in v], ids=lambda v: v["prefix_hex"]
)
def test_varint_is_read_and_written(vector: dict[str, Any]) -> None:
    """The specification's examples, both ways."""
    prefix = bytes.fromhex(vector["prefix_hex"])
    assert write_varint(vector["value"]) == prefix
    assert read_varint(prefix, 0) == (vector["value"], len(prefix))


@pytest.mark.parametrize("stream", VARINT["incomplete_dotnet"])
def test_incomplete_binary_record_is_held_back(stream: str) -> None:
    """An unfinished prefix or body is no error, it waits."""
    reader = BinaryRecordReader(2**31)
    data = bytes.fromhex(stream)
    assert reader.feed(data) == []
    assert reader.pending_bytes == len(data)


@pytest.mark.parametrize("stream", VARINT["over_2GB"])
def test_length_over_two_gigabytes_is_refused(stream: str) -> None:
    """A prefix of more than five bytes or 2 GiB comes from no hub protocol peer."""
    with pytest.raises(RemoteProtocolError):
        BinaryRecordReader(2**31).feed(bytes.fromhex(stream))


@pytest.mark.parametrize(("stream", "error"), VARINT["ts_errors"])
def test_typescript_error_stream_yields_no_record_of_its_own(stream: str, error: str) -> None:
    """What the TypeScript client refuses within one frame is held back or refused here, never misread."""
    reader = BinaryRecordReader(2**31)
    data = bytes.fromhex(stream)
    if "2GB" in error:
        with pytest.raises(RemoteProtocolError):
            reader.feed(data)
        return
    taken = sum(len(record) + len(write_varint(len(record))) for record in reader.feed(data))
    assert reader.pending_bytes == len(data) - taken > 0


@pytest.mark.parametrize("size", VARINT["roundtrip_sizes"])
def test_record_of_any_size_round_trips(size: int) -> None:
    """Sizes around the prefix's steps survive, byte by byte and whole."""
    body = bytes(index % 251 for index in range(size))
    framed = write_varint(size) + body
    assert BinaryRecordReader(LIMIT).feed(framed) == [body]
    reader = BinaryRecordReader(LIMIT)
    records = [
        record for start in range(0, len(framed), 7) for record in reader.feed(framed[start : start + 7])
    ]
    assert records == [body]


def test_limits_are_in_bytes_of_one_record() -> None:
    """Many small records may together exceed the limit; a single one may not."""
    assert len(TextRecordReader(4).feed(b"abcd\x1e" * 10)) == 10
    assert len(BinaryRecordReader(4).feed(b"\x04abcd" * 10)) == 10
    with pytest.raises(MessageTooLargeError) as caught:
        TextRecordReader(4).feed(b"ab\x1eabcde\x1e")
    assert (caught.value.size_bytes, caught.value.limit_bytes) == (5, 4)
    with pytest.raises(MessageTooLargeError):
        BinaryRecordReader(4).feed(b"\x05")
    reader = TextRecordReader(4)
    reader.feed(b"abc")
    with pytest.raises(MessageTooLargeError):
        reader.feed(b"de\x1e")


@given(st.lists(st.binary(max_size=300), max_size=6), st.lists(st.integers(0, 10_000), max_size=8))
def test_records_survive_any_split(records: list[bytes], cuts: list[int]) -> None:
    """Both framings give the same records wherever the stream is cut."""
    binary, text = BinaryRecordReader(LIMIT), TextRecordReader(LIMIT)
    stream = b"".join(write_varint(len(record)) + record for record in records)
    assert [record for piece in split_at(stream, cuts) for record in binary.feed(piece)] == records
    plain = [record.replace(b"\x1e", b"") for record in records]
    stream = b"".join(record + b"\x1e" for record in plain)
    assert [record for piece in split_at(stream, cuts) for record in text.feed(piece)] == plain
