"""The JSON hub protocol against the official vectors, random messages, arbitrary splits and garbage."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from conduit_widget.errors import LocalProtocolError, MessageTooLargeError, RemoteProtocolError
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messages import (
    Completion,
    HubMessage,
    Invocation,
    InvocationBindingFailure,
    Ping,
    StreamItem,
)
from tests.support.signalr.vectors import VECTORS, hub_messages, message_of, split_at

LIMIT = 1 << 20
protocol = JsonHubProtocol()


def decode(data: bytes | str) -> list[HubMessage]:
    """Decode a complete piece of the stream."""
    return protocol.decoder(LIMIT).feed(data)


@pytest.mark.parametrize("vector", VECTORS["json"], ids=lambda vector: vector["name"])
def test_vector_is_read_as_the_official_peers_read_it(vector: dict[str, Any]) -> None:
    """Every valid record means the same message here, whatever its property order."""
    assert decode(vector["json"] + "\x1e") == [message_of(json.loads(vector["json"]))]


@pytest.mark.parametrize(
    "vector",
    [item for item in VECTORS["json"] if item.get("byte_exact_write")],
    ids=lambda item: item["name"],
)
def test_vector_is_written_byte_for_byte(vector: dict[str, Any]) -> None:
    """We write exactly what .NET writes."""
    assert protocol.encode(message_of(json.loads(vector["json"]))).decode() == vector["json"] + "\x1e"


@pytest.mark.parametrize("vector", VECTORS["json_invalid"], ids=lambda vector: vector["json"])
def test_invalid_vector_is_refused(vector: dict[str, Any]) -> None:
    """What the official peers refuse is a protocol error, in one line."""
    with pytest.raises(RemoteProtocolError) as caught:
        decode(vector["json"] + "\x1e")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("vector", VECTORS["json_binding_errors"], ids=lambda vector: vector["json"])
def test_binding_error_vector_reaches_the_receiver(vector: dict[str, Any]) -> None:
    """Arguments that do not fit a method are no protocol error: the receiver decides."""
    (message,) = decode(vector["json"] + "\x1e")
    assert isinstance(message, Invocation)
    assert message.arguments == json.loads(vector["json"])["arguments"]


@pytest.mark.parametrize("record", ['{"type":99}', '{"type":99,"target":5,"arguments":{}}', '{"type":0}'])
def test_unknown_type_is_skipped_and_the_rest_read(record: str) -> None:
    """A newer peer's messages are ignored, not an error."""
    assert decode(record + '\x1e{"type":6}\x1e') == [Ping()]


def test_text_and_bytes_mean_the_same_when_fed() -> None:
    """Transports may hand over either."""
    record = '{"type":2,"invocationId":"1","item":"žluťoučký 🐎"}\x1e'
    assert decode(record) == decode(record.encode()) == [StreamItem("1", "žluťoučký 🐎")]


@pytest.mark.parametrize(
    "record",
    [
        b'{"type":2,"invocationId":"1","item":"\xff"}',
        b'{"type":2,"invocationId":"1","item":' + b"[" * 50_000,
        b'{"type":1',
        b"",
        b"\x00",
    ],
    ids=["bad-utf8", "deep", "cut", "empty", "nul"],
)
def test_garbage_is_a_protocol_error(record: bytes) -> None:
    """No input raises anything but a protocol error."""
    with pytest.raises(RemoteProtocolError):
        decode(record + b"\x1e")


def test_size_limit_holds_before_and_after_the_record_ends() -> None:
    """A record of exactly the limit passes; one byte more is refused even when incomplete."""
    record = protocol.encode(StreamItem("1", "x" * 100))
    limit = len(record) - 1
    assert len(protocol.decoder(limit).feed(record)) == 1
    with pytest.raises(MessageTooLargeError):
        protocol.decoder(limit - 1).feed(record)
    decoder = protocol.decoder(limit - 1)
    assert decoder.feed(record[: limit - 1]) == []
    with pytest.raises(MessageTooLargeError):
        decoder.feed(record[limit - 1 : limit])


def test_unencodable_argument_is_our_error() -> None:
    """What JSON cannot express is refused before anything is sent."""
    for value in (object(), "\ud800"):
        with pytest.raises(LocalProtocolError):
            protocol.encode(Invocation("Send", [value]))
    with pytest.raises(LocalProtocolError):
        protocol.encode(InvocationBindingFailure("Send", None, "x"))


def test_bytes_travel_as_base64() -> None:
    """Binary values are written as System.Text.Json does."""
    assert b'"AQID"' in protocol.encode(Completion("1", b"\x01\x02\x03"))


@given(st.lists(hub_messages, max_size=6), st.lists(st.integers(0, 10_000), max_size=8))
def test_messages_survive_any_split(messages: list[HubMessage], cuts: list[int]) -> None:
    """Encoding and decoding give the same messages wherever the stream is cut."""
    decoder = protocol.decoder(LIMIT)
    stream = b"".join(protocol.encode(message) for message in messages)
    assert [message for piece in split_at(stream, cuts) for message in decoder.feed(piece)] == messages


@given(st.binary(max_size=200))
def test_random_bytes_never_raise_anything_else(data: bytes) -> None:
    """Garbage is messages or a protocol error."""
    with contextlib.suppress(RemoteProtocolError):
        decode(data)


@pytest.mark.parametrize("value", [r'"\ud83d"', r'{"\udc00": 1}', "1e400", "-1e400", f"[1, {'9' * 5000}]"])
def test_value_nobody_can_hold_costs_its_call_alone(value: str) -> None:
    """JavaScript writes half an emoji as an escape: that call is refused, the connection goes on."""
    records = [
        f'{{"type":1,"target":"Send","invocationId":"7","arguments":["room",{value}]}}',
        f'{{"type":4,"target":"Watch","invocationId":"8","arguments":[{value}]}}',
        f'{{"type":2,"invocationId":"9","item":{value}}}',
        f'{{"type":3,"invocationId":"10","result":{value}}}',
        f'{{"type":6,"more":{value}}}',
        f'{{"type":99,"more":{value}}}',
        '{"type":1,"target":"Send","arguments":["after"]}',
    ]
    call, stream, item, result, ping, after = decode("".join(record + "\x1e" for record in records))
    assert isinstance(call, InvocationBindingFailure)
    assert isinstance(stream, InvocationBindingFailure)
    assert (call.target, call.invocation_id, stream.invocation_id) == ("Send", "7", "8")
    assert "half a character" in call.error
    assert isinstance(item, Completion)
    assert isinstance(result, Completion)
    assert "an item of the stream" in (item.error or "")
    assert "the result" in (result.error or "")
    assert (ping, after) == (Ping(), Invocation("Send", ["after"]))


@pytest.mark.parametrize(
    "record",
    [
        '{"type":1,"target":"Send","arguments":[NaN]}',
        '{"type":1,"target":"Send","arguments":[-Infinity]}',
        r'{"type":1,"target":"Send","invocationId":"\ud800","arguments":[]}',
        r'{"type":1,"arguments":["\ud800"]}',
        r'{"type":3,"invocationId":"1","result":"\ud800","error":"x"}',
        '{"type":1,"target":"Send","arguments":' + "[" * 100_000,
    ],
    ids=lambda record: record[:60],
)
def test_broken_records_still_end_the_connection(record: str) -> None:
    """What is no JSON, or no hub message whatever its values, stays a protocol error in one line."""
    with pytest.raises(RemoteProtocolError) as caught:
        decode(record + "\x1e")
    assert "\n" not in str(caught.value)
