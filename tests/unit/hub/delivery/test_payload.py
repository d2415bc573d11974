"""A JSON object that brings its text along means the same in every hub protocol."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from conduit_widget.errors import LocalProtocolError
from conduit_widget.hub.delivery.event_writer import EventWriter
from conduit_widget.hub.delivery.payload import MAX_OUTGOING_DEPTH, JsonObject, to_wire
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Invocation

VALUE = {
    "id": "m",
    "content": 'a "quoted" line\n\x1e\u202e',
    "metadata": {"seq": 7, "ratio": 0.1, "none": None},
}


def written(protocol: HubProtocol, *arguments: Any) -> bytes:
    """Return an event as it goes out."""
    record = EventWriter(lambda _target, _count: None, lambda _kind: None).encode(protocol, "T", arguments)
    assert record is not None
    return record.payload


@pytest.mark.parametrize("protocol", [JsonHubProtocol(), MessagePackHubProtocol()], ids=lambda p: p.name)
def test_json_object_is_sent_like_the_mapping_it_is(protocol: HubProtocol) -> None:
    """The very same bytes, whether its text is at hand or the mapping is written anew."""
    value = JsonObject(msgspec.json.encode(VALUE))
    assert value == VALUE
    sent, plain = (written(protocol, item, "x") for item in (value, VALUE))
    assert sent == plain
    assert protocol.decoder(1 << 16).feed(sent)[0].arguments == [VALUE, "x"]  # type: ignore[union-attr]


def test_json_object_inside_something_else_is_a_plain_mapping() -> None:
    """In a list, as in the answer to a client that comes back, it is what it holds."""
    value = JsonObject(msgspec.json.encode(VALUE))
    assert msgspec.json.encode(to_wire({"events": [value]})) == msgspec.json.encode({"events": [VALUE]})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(to_wire([value]))) == [VALUE]


@pytest.mark.parametrize("levels", [MAX_OUTGOING_DEPTH + 1, 600, 100_000])
def test_value_that_nests_too_deeply_is_refused_without_recursion(levels: int) -> None:
    """In Python's own words there is a level at which nothing works any more: this stays far below it."""
    nested: Any = []
    for _ in range(levels - 1):
        nested = [nested]
    with pytest.raises(LocalProtocolError, match=f"more than {MAX_OUTGOING_DEPTH} levels"):
        to_wire(nested)


def test_deepest_value_is_sent_in_either_protocol() -> None:
    """The limit itself is fine."""
    nested: Any = {}
    for _ in range(MAX_OUTGOING_DEPTH - 1):
        nested = {"a": nested}
    for protocol in (JsonHubProtocol(), MessagePackHubProtocol()):
        record = written(protocol, nested)
        assert protocol.decoder(1 << 16).feed(record)[0].arguments == [nested]  # type: ignore[union-attr]


def test_value_without_a_wire_form_is_one_kind_of_error() -> None:
    """Whatever msgspec makes of it."""
    for value in (object(), [object()], {1j: 2}, {"a": {object()}}):
        with pytest.raises(LocalProtocolError):
            JsonHubProtocol().encode(Invocation(target="T", arguments=[to_wire(value)]))
