"""What comes over the bus and is not ours to read."""

from __future__ import annotations

import msgspec
import pytest

from conduit_widget.chat.nodes.channel import PEOPLE_TABLE, NodeChannel, NodeMessage, Stop
from conduit_widget.chat.people.remote_presence import NodePeople, NodePerson
from conduit_widget.hub.backplane.memory import MemoryBackplane, MemoryBus
from conduit_widget.types import LogEvent
from tests.support.waiting import eventually

UNREADABLE = {
    "nothing": b"",
    "no MessagePack": b"\xc1",
    "another type": msgspec.msgpack.encode({"a": 1}),
    "no UTF-8": b"\x92\xa4stop\xa1\xff",
    "too deep": b"\x91" * 100_000,
}


@pytest.mark.parametrize("garbage", UNREADABLE.values(), ids=UNREADABLE)
async def test_unreadable_messages_of_other_nodes_are_passed_over(garbage: bytes) -> None:
    """Live, in the hot window or in the list of people: what can be read is, the rest counts as not there."""
    bus = MemoryBus()
    here, strange, other = (MemoryBackplane(bus) for _ in range(3))
    for node in (here, strange, other):
        await node.start()
    channel, sender = NodeChannel(here, "c"), NodeChannel(other, "c")
    heard: list[NodeMessage] = []
    channel.attach(lambda _node_id, message: heard.append(message))
    assert await channel.ready()

    event = LogEvent(seq=2, target="ReceiveMessage", arguments=[{"id": "m"}])
    strange.append("conversation:c", 1, garbage)
    strange.put(PEOPLE_TABLE, "c", garbage)
    sender.log("epoch", event)
    sender.put_people(people := NodePeople(1, [NodePerson("bob", "Bob", typing=False)]))
    sender.publish(stop := Stop("m"))

    await eventually(lambda: stop in heard)
    assert len(heard) == 2, "the event and the stop"
    assert await channel.window("epoch", 0) == [event]
    assert await channel.people() == {other.node_id: people}
    for node in (here, strange, other):
        await node.aclose()
