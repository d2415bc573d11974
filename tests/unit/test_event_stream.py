"""Server-sent events, written and read."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from conduit_widget.event_stream import EventDataDecoder, EventTooLargeError, encode_event
from tests.support.signalr.vectors import VECTORS


@given(
    payloads=st.lists(
        st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n"), min_size=1), max_size=8
    ),
    newline=st.sampled_from([b"\n", b"\r\n", b"\r"]),
    cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=12),
)
def test_payloads_survive_any_split(payloads: list[str], newline: bytes, cuts: list[int]) -> None:
    """Whatever the cuts and the line ends, the same payloads come out, in order."""
    encoded = [payload.encode() for payload in payloads]
    stream = b"".join(b"data: " + payload + newline + newline for payload in encoded)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = EventDataDecoder()
    out: list[bytes] = []
    for start, end in pairwise(edges):
        out += decoder.feed(stream[start:end])
    out += decoder.feed(b"\n\n")
    assert out == encoded


def test_other_fields_and_comments_are_skipped_when_present() -> None:
    """Comments, names and ids carry no payload; several data lines are one, joined by newlines."""
    decoder = EventDataDecoder()
    stream = b": ping\n\nevent: x\nid: 1\ndata: a\ndata:b\ndata\n\nretry: 5\n\n"
    assert decoder.feed(stream) == [b"a\nb\n"]


def test_last_event_is_returned_when_its_blank_line_is_missing() -> None:
    """A stream that ends right after its last data line loses nothing."""
    decoder = EventDataDecoder()
    assert decoder.feed(b"data: [DONE]") == []
    assert decoder.feed(b"\n\n") == [b"[DONE]"]
    assert decoder.feed(b"\n\n") == []


@pytest.mark.parametrize("stream", [b"data: " + b"x" * 200, b"data: " + b"x" * 60 + b"\n"])
def test_memory_is_bounded_when_an_event_never_ends(stream: bytes) -> None:
    """An endless event is an error, not an endless buffer."""
    decoder = EventDataDecoder(max_event_bytes=250)

    def feed_for_ever() -> None:
        for _ in range(5):
            decoder.feed(stream)

    with pytest.raises(EventTooLargeError):
        feed_for_ever()


@pytest.mark.parametrize("vector", VECTORS["sse_write"], ids=lambda vector: repr(vector["payload"]))
def test_events_are_written_as_the_official_hub_writes_them(vector: dict[str, str]) -> None:
    """Byte for byte."""
    assert encode_event(vector["payload"].encode()) == vector["encoded"].encode()


@given(
    payloads=st.lists(st.binary(min_size=1, max_size=80), max_size=6),
    cuts=st.lists(st.integers(min_value=0, max_value=500), max_size=12),
)
def test_written_events_are_read_back_wherever_they_are_cut(payloads: list[bytes], cuts: list[int]) -> None:
    """Any bytes survive, apart from the kind of their line ends."""
    stream = b"".join(map(encode_event, payloads))
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    decoder = EventDataDecoder()
    out = [event for start, end in pairwise(edges) for event in decoder.feed(stream[start:end])]
    assert out == [payload.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for payload in payloads]


def test_event_is_complete_at_a_carriage_return() -> None:
    """A stream with bare CRs does not wait for the byte after them."""
    decoder = EventDataDecoder()
    assert decoder.feed(b"data: x\r") == []
    assert decoder.feed(b"\r") == [b"x"]
    assert decoder.feed(b"\ndata: y\r\n\r") == [b"y"]
