"""The MessagePack hub protocol against the official vectors, random messages, any splits and garbage."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from conduit_widget.errors import LocalProtocolError, MessageTooLargeError, RemoteProtocolError
from conduit_widget.protocol.framing import write_varint
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import (
    CancelInvocation,
    Close,
    Completion,
    HubMessage,
    Invocation,
    InvocationBindingFailure,
    Ping,
    StreamInvocation,
    StreamItem,
)
from tests.support.signalr.vectors import VECTORS, has_float32, hub_messages, message_of, split_at

LIMIT = 1 << 20
protocol = MessagePackHubProtocol()


def framed(vector: dict[str, Any]) -> bytes:
    """Return the vector's bytes as they travel."""
    if "framed_hex" in vector:
        return bytes.fromhex(vector["framed_hex"])
    body = bytes.fromhex(vector["body_hex"])
    return write_varint(len(body)) + body


def decode(data: bytes | str) -> list[HubMessage]:
    """Decode a complete piece of the stream."""
    return protocol.decoder(LIMIT).feed(data)


@pytest.mark.parametrize("vector", VECTORS["messagepack"], ids=lambda vector: vector["name"])
def test_vector_is_read_as_the_official_peers_read_it(vector: dict[str, Any]) -> None:
    """Every valid record means the same message here, short and long forms alike."""
    assert decode(framed(vector)) == [message_of(vector["message"])]


@pytest.mark.parametrize(
    "vector",
    [item for item in VECTORS["messagepack"] if not item.get("read_only") and not has_float32(item)],
    ids=lambda vector: vector["name"],
)
def test_vector_is_written_byte_for_byte(vector: dict[str, Any]) -> None:
    """We write exactly what .NET writes; only its 32-bit floats have no Python counterpart."""
    assert protocol.encode(message_of(vector["message"])).hex() == framed(vector).hex()


@pytest.mark.parametrize("vector", VECTORS["messagepack_invalid"], ids=lambda vector: vector["name"])
def test_invalid_vector_is_refused(vector: dict[str, Any]) -> None:
    """What the official peers refuse is a protocol error, in one line."""
    with pytest.raises(RemoteProtocolError) as caught:
        decode(framed(vector))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("vector", VECTORS["messagepack_binding_errors"], ids=lambda vector: vector["name"])
def test_binding_error_vector_keeps_the_connection(vector: dict[str, Any]) -> None:
    """Unreadable arguments still yield target and id, so that a completion can answer them."""
    (message,) = decode(framed(vector))
    assert isinstance(message, Invocation | InvocationBindingFailure)
    assert (message.target, message.invocation_id) == ("xyz", "abc")
    unreadable = vector["name"] in ("ArgumentArrayMissing", "ArgumentArrayNotAnArray")
    assert isinstance(message, InvocationBindingFailure) == unreadable


def test_two_records_in_one_frame_are_both_read() -> None:
    """Frames are not message boundaries."""
    vector = VECTORS["messagepack_two_in_one_frame"]
    assert len(decode(bytes.fromhex(vector["framed_hex"]))) == vector["count"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Invocation(Target,[1])", Invocation("Target", [1])),
        ("Invocation(1,Target,[1])", Invocation("Target", [1], "1")),
        ("Invocation(1,Target,[1],streams [2])", Invocation("Target", [1], "1", ["2"])),
        ("Close()", Close()),
        ("Close(error)", Close("error")),
        ("StreamItem(1,null)", StreamItem("1", None)),
        ("Completion(1) void", Completion("1")),
        ("Completion(1,1)", Completion("1", 1)),
        ("Completion(1,error 'error')", Completion("1", error="error")),
        ("StreamInvocation(1,target,[])", StreamInvocation("1", "target", [])),
        ("StreamInvocation(1,target,[],[2])", StreamInvocation("1", "target", [], ["2"])),
        ("Cancel(1)", CancelInvocation("1")),
        ("Ping", Ping()),
    ],
)
def test_framed_size_is_the_official_one(name: str, message: HubMessage) -> None:
    """Each message takes as many bytes as .NET's."""
    assert len(protocol.encode(message)) == VECTORS["messagepack_sizes_framed"][name]


def test_size_table_is_covered_whole() -> None:
    """No row of the size table is left out above."""
    assert len(VECTORS["messagepack_sizes_framed"]) - 1 == 13


@pytest.mark.parametrize("body", ["9163", "930aa3616263c0", "92cd0400c0"])
def test_unknown_type_is_skipped_and_the_rest_read(body: str) -> None:
    """A newer peer's messages are ignored, not an error."""
    record = bytes.fromhex(body)
    assert decode(write_varint(len(record)) + record + b"\x02\x91\x06") == [Ping()]


def test_nil_headers_are_read_as_none() -> None:
    """Some peers write nil where the specification wants a map."""
    assert decode(bytes.fromhex("0793" + "05" + "c0" + "a3616263")) == [CancelInvocation("abc")]


def test_times_and_bytes_keep_their_types() -> None:
    """Timestamps and binary survive the round trip."""
    message = StreamItem("1", [datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC), b"\x00\xff"])
    assert decode(protocol.encode(message)) == [message]


def test_text_frame_is_refused() -> None:
    """MessagePack in text frames makes the official client unusable, so it is an error both ways."""
    with pytest.raises(RemoteProtocolError):
        decode("\x02\x91\x06")


def test_size_limit_holds_before_the_record_arrives() -> None:
    """The announced length alone is enough to refuse."""
    record = protocol.encode(StreamItem("1", b"x" * 300))
    assert len(protocol.decoder(len(record) - 2).feed(record)) == 1
    with pytest.raises(MessageTooLargeError):
        protocol.decoder(len(record) - 3).feed(record[:2])


def test_unencodable_argument_is_our_error() -> None:
    """What MessagePack cannot express is refused before anything is sent."""
    for value in (object(), "\ud800", 2**64):
        with pytest.raises(LocalProtocolError):
            protocol.encode(Invocation("Send", [value]))
    with pytest.raises(LocalProtocolError):
        protocol.encode(InvocationBindingFailure("Send", None, "x"))


@given(st.lists(hub_messages, max_size=6), st.lists(st.integers(0, 10_000), max_size=8))
def test_messages_survive_any_split(messages: list[HubMessage], cuts: list[int]) -> None:
    """Encoding and decoding give the same messages wherever the stream is cut."""
    decoder = protocol.decoder(LIMIT)
    stream = b"".join(protocol.encode(message) for message in messages)
    assert [message for piece in split_at(stream, cuts) for message in decoder.feed(piece)] == messages


@given(st.binary(max_size=200))
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    """Garbage is messages or a protocol error, framed or not."""
    for stream in (data, write_varint(len(data)) + data):
        with contextlib.suppress(RemoteProtocolError):
            decode(stream)


@pytest.mark.parametrize(
    "value", [b"\xa3\xed\xa0\xbd", b"\xa1\xff", b"\x81\x80\x01"], ids=["half", "byte", "key"]
)
def test_value_nobody_can_hold_costs_its_call_alone(value: bytes) -> None:
    """JavaScript's packer writes half an emoji as three bytes: that call is refused, no more."""
    bodies = [
        b"\x96\x01\x80\xa17\xa4Send\x92\xa4room" + value + b"\x90",
        b"\x96\x04\x80\xa18\xa5Watch\x91" + value + b"\x90",
        b"\x94\x02\x80\xa19" + value,
        b"\x95\x03\x80\xa210\x03" + value,
        b"\x96\x01\x80\xc0\xa4Send\x91\xa5after\x90",
    ]
    data = b"".join(bytes([len(body)]) + body for body in bodies)
    call, stream, item, result, after = decode(data)
    assert isinstance(call, InvocationBindingFailure)
    assert isinstance(stream, InvocationBindingFailure)
    assert (call.target, call.invocation_id, stream.invocation_id) == ("Send", "7", "8")
    assert "half a character" in call.error
    assert isinstance(item, Completion)
    assert isinstance(result, Completion)
    assert "an item of the stream" in (item.error or "")
    assert "the result" in (result.error or "")
    assert after == Invocation("Send", ["after"])
