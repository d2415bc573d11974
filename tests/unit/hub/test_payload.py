"""A JSON object that brings its text along means the same in every hub protocol."""

from __future__ import annotations

import msgspec
import pytest

from conduit_widget.hub.payload import JsonObject, arguments_for, to_wire
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Invocation

VALUE = {
    "id": "m",
    "content": 'a "quoted" line\n\x1e\u202e',
    "metadata": {"seq": 7, "ratio": 0.1, "none": None},
}


@pytest.mark.parametrize("protocol", [JsonHubProtocol(), MessagePackHubProtocol()], ids=lambda p: p.name)
def test_json_object_is_sent_like_the_mapping_it_is(protocol: HubProtocol) -> None:
    """The very same bytes, whether its text is at hand or the mapping is written anew."""
    value = JsonObject(msgspec.json.encode(VALUE))
    assert value == VALUE
    sent, plain = (
        protocol.encode(Invocation(target="ReceiveMessage", arguments=arguments_for(protocol, [item, "x"])))
        for item in (value, VALUE)
    )
    assert sent == plain
    assert protocol.decoder(1 << 16).feed(sent)[0].arguments == [VALUE, "x"]  # type: ignore[union-attr]


def test_json_object_inside_something_else_is_a_plain_mapping() -> None:
    """In a list, as in the answer to a client that comes back, it is what it holds."""
    value = JsonObject(msgspec.json.encode(VALUE))
    assert msgspec.json.encode(to_wire({"events": [value]})) == msgspec.json.encode({"events": [VALUE]})
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(to_wire([value]))) == [VALUE]
