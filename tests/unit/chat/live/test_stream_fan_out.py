"""Holding and catching up: every connection's deltas add up to the text, whenever it paused or lagged."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from conduit_widget.chat.live.stream_fan_out import StreamFanOut
from conduit_widget.contract import ChatEvent
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.delivery.clients import HubClients
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.delivery.event_writer import EventWriter
from conduit_widget.hub.delivery.groups import Groups
from conduit_widget.hub.delivery.lifetime import LifetimeManager
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.types import OpenStream, StreamMetadata

GROUP = "conversation:c"


class Reader:
    """A connection that may lag; keeps the events it got."""

    def __init__(self, connection_id: str) -> None:
        self.connection_id = connection_id
        self.user = Principal(connection_id, connection_id)
        self.protocol = JsonHubProtocol()
        self.closed = False
        self.outbox = SimpleNamespace(put=self._put, paused=False, lagging=False)
        self.events: list[tuple[str, list[Any]]] = []
        self._drained: list[Callable[[HubConnectionContext], None]] = []

    @property
    def lagging(self) -> bool:
        return bool(self.outbox.lagging)

    def as_connection(self) -> HubConnectionContext:
        return cast("HubConnectionContext", self)

    def send(self, target: str, *arguments: Any) -> None:
        self.events.append(
            (target, [getattr(item, "to_wire", lambda item=item: item)() for item in arguments])
        )

    def on_drained(self, callback: Callable[[HubConnectionContext], None]) -> None:
        self._drained.append(callback)

    def lag(self) -> None:
        self.outbox.paused = self.outbox.lagging = True

    def drain(self) -> None:
        self.outbox.paused = self.outbox.lagging = False
        waiting, self._drained = self._drained, []
        for callback in waiting:
            callback(self.as_connection())

    def of(self, target: str) -> list[list[Any]]:
        return [arguments for name, arguments in self.events if name == target]

    def text(self) -> str:
        """The deltas' text; fails where one does not continue the last."""
        return self._sum(None)

    def reasoning(self) -> str:
        """The same of the reasoning."""
        return self._sum("reasoning")

    def _sum(self, kind: str | None) -> str:
        text = ""
        for _, delta, metadata in self.of(ChatEvent.STREAM_TOKEN):
            if metadata.get("kind") == kind:
                assert metadata["offset"] == len(text)
                text += delta
        return text

    def _put(self, record: Any) -> None:
        message = msgspec.json.decode(record.payload[:-1])
        self.events.append((message["target"], message["arguments"]))


class Room:
    """A conversation's group and one answer being written in it."""

    def __init__(self) -> None:
        self.lifetime = LifetimeManager(EventWriter(lambda _target, _count: None, lambda _kind: None))
        self.groups = Groups(self.lifetime.connections)
        hub = Hub()
        hub.attach(HubClients(self.lifetime, self.groups), self.groups)
        self.text, self.index, self.is_open = "", 0, True
        self.reasoning = ""
        self.fan_out = StreamFanOut(
            hub,
            "c",
            GROUP,
            streams=lambda _id: [self.stream()] if self.is_open else [],
            newest=lambda: [(ChatEvent.PRESENCE_UPDATE, ("c", ["newest"]))],
        )

    def reader(self, connection_id: str) -> Reader:
        reader = Reader(connection_id)
        self.lifetime.add(reader.as_connection())
        self.groups.add(connection_id, GROUP)
        return reader

    def stream(self) -> OpenStream:
        return OpenStream(
            message_id="a", seq=2, text=self.text, index=self.index, model="m", reasoning=self.reasoning
        )

    def think(self, delta: str) -> None:
        offset = len(self.reasoning)
        self.reasoning += delta
        metadata = StreamMetadata(message_id="a", seq=2, index=0, count=1, offset=offset, kind="reasoning")
        self.fan_out.send(delta, metadata)

    def say(self, delta: str = "", *, done: bool = False) -> None:
        offset, index = len(self.text), self.index
        self.text += delta
        self.index += bool(delta)
        metadata = StreamMetadata(
            message_id="a",
            seq=2,
            index=index,
            count=int(bool(delta)),
            offset=offset,
            done=done,
            finish_reason="stop" if done else None,
        )
        self.fan_out.send(delta, metadata)


@pytest.fixture
def room() -> Room:
    """A room of its own for each test."""
    return Room()


def test_paused_connection_gets_one_delta_when_it_resumes(room: Room) -> None:
    """Pause holds for the caller only; resume sends exactly what was held, once."""
    ann, bob = room.reader("ann"), room.reader("bob")
    room.say("one ")
    assert room.fan_out.pause(ann.as_connection(), "a")
    assert room.fan_out.pause(ann.as_connection(), "a")
    for word in ("two ", "three ", "👋 "):
        room.say(word)
    assert (ann.text(), bob.text()) == ("one ", room.text)
    assert room.fan_out.resume(ann.as_connection(), "a")
    assert not room.fan_out.resume(ann.as_connection(), "a")
    assert len(ann.of(ChatEvent.STREAM_TOKEN)) == 2
    _, text, metadata = ann.of(ChatEvent.STREAM_TOKEN)[1]
    assert text == "two three 👋 "
    assert (metadata["index"], metadata["count"], metadata["offset"]) == (1, 3, 4)
    room.say("five")
    assert ann.text() == bob.text() == room.text


def test_end_of_the_answer_ends_every_hold(room: Room) -> None:
    """The last delta carries all that was held, with ``done`` and its reason; resuming later does nothing."""
    ann, bob = room.reader("ann"), room.reader("bob")
    room.say("one ")
    room.fan_out.pause(ann.as_connection(), "a")
    bob.lag()
    room.say("two ")
    room.say("three", done=True)
    for reader in (ann, bob):
        _, text, metadata = reader.of(ChatEvent.STREAM_TOKEN)[-1]
        assert (text, metadata["done"], metadata["finishReason"]) == ("two three", True, "stop")
    room.is_open = False
    assert not room.fan_out.resume(ann.as_connection(), "a")
    assert not room.fan_out.pause(ann.as_connection(), "a")
    bob.drain()
    assert ann.text() == bob.text() == "one two three"


def test_pause_and_resume_with_nothing_said_send_nothing(room: Room) -> None:
    """No empty delta for a hold that held nothing."""
    ann = room.reader("ann")
    room.say("one")
    room.fan_out.pause(ann.as_connection(), "a")
    room.fan_out.resume(ann.as_connection(), "a")
    assert len(ann.of(ChatEvent.STREAM_TOKEN)) == 1


def test_lagging_connection_holds_by_itself_and_catches_up_when_drained(room: Room) -> None:
    """Nothing is queued for it meanwhile; then one delta, and the newest presence if it missed some."""
    ann, bob = room.reader("ann"), room.reader("bob")
    room.say("one ")
    ann.lag()
    for word in ("two ", "three "):
        room.say(word)
        room.fan_out.send_volatile(ChatEvent.PRESENCE_UPDATE, "c", ["old"])
    assert len(ann.events) == 1
    ann.drain()
    assert ann.of(ChatEvent.PRESENCE_UPDATE) == [["c", ["newest"]]]
    assert len(ann.of(ChatEvent.STREAM_TOKEN)) == 2
    ann.lag()
    room.say("four")
    ann.drain()
    assert ann.text() == bob.text() == room.text
    assert len(ann.of(ChatEvent.PRESENCE_UPDATE)) == 1


def test_resume_of_a_lagging_connection_waits_until_it_reads(room: Room) -> None:
    """The client's wish adds nothing to what waits for it."""
    ann = room.reader("ann")
    room.fan_out.pause(ann.as_connection(), "a")
    room.say("one ")
    ann.lag()
    assert room.fan_out.resume(ann.as_connection(), "a")
    room.say("two")
    assert ann.events == []
    ann.drain()
    assert ann.text() == "one two"


def test_pause_outlasts_lagging(room: Room) -> None:
    """Who drains but has paused still gets nothing."""
    ann = room.reader("ann")
    ann.lag()
    room.say("one ")
    room.fan_out.pause(ann.as_connection(), "a")
    ann.drain()
    assert ann.events == []
    room.fan_out.resume(ann.as_connection(), "a")
    assert ann.text() == "one "


@pytest.mark.parametrize("way", ["drain", "resume", "done"])
def test_nothing_held_reaches_a_connection_that_is_out_of_the_group(room: Room, way: str) -> None:
    """Whoever lost the conversation in the meantime gets none of its text, presence included."""
    ann = room.reader("ann")
    ann.lag()
    room.say("secret")
    room.fan_out.send_volatile(ChatEvent.TYPING_UPDATE, "c", [])
    room.groups.remove("ann", GROUP)
    if way == "drain":
        ann.drain()
    elif way == "resume":
        ann.outbox.paused = ann.outbox.lagging = False
        room.fan_out.resume(ann.as_connection(), "a")
    else:
        room.say(done=True)
    assert ann.events == []


def test_nothing_is_kept_for_who_left(room: Room) -> None:
    """A connection that left costs nothing."""
    ann = room.reader("ann")
    room.fan_out.pause(ann.as_connection(), "a")
    ann.lag()
    room.say("one")
    room.fan_out.forget("ann")
    room.fan_out.forget("ann")
    assert room.fan_out.resume(ann.as_connection(), "a") is False
    ann.drain()
    assert ann.events == []


def test_deltas_add_up_whatever_happens(room: Room) -> None:
    """Random pauses, lags and drains: everybody ends with the whole text, in order and once."""
    chance = random.Random(4)
    readers = [room.reader(str(number)) for number in range(6)]
    words = itertools.count()
    for _ in range(400):
        reader = chance.choice(readers)
        action = chance.randrange(7)
        if action == 0:
            room.fan_out.pause(reader.as_connection(), "a")
        elif action == 1:
            room.fan_out.resume(reader.as_connection(), "a")
        elif action == 2:
            reader.lag()
        elif action == 3:
            reader.drain()
        else:
            room.say(f"{next(words)} ")
    room.say("end", done=True)
    room.is_open = False
    for reader in readers:
        reader.drain()
        assert reader.text() == room.text
        assert room.fan_out.resume(reader.as_connection(), "a") is False


def test_reasoning_is_held_and_caught_up_apart_from_the_text(room: Room) -> None:
    """Who lags or pauses gets all of it later, before the text that followed it."""
    ann, bob, cy = room.reader("ann"), room.reader("bob"), room.reader("cy")
    room.think("hm ")
    room.fan_out.pause(ann.as_connection(), "a")
    bob.lag()
    room.think("so ")
    room.think("ah")
    room.say("Yes")
    assert (ann.reasoning(), bob.reasoning(), cy.reasoning()) == ("hm ", "hm ", "hm so ah")
    bob.drain()
    assert (bob.reasoning(), bob.text()) == ("hm so ah", "Yes")
    room.say("!", done=True)
    for reader in (ann, bob, cy):
        assert (reader.reasoning(), reader.text()) == ("hm so ah", "Yes!")
