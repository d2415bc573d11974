"""Events of one connection for many conversations."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import pytest

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.events import ConversationEvents
from conduit_widget.chat_client.pool import ConnectionPool
from tests.support.signalr.scripted_connection import ScriptedConnection, joining
from tests.support.waiting import eventually

METADATA = {"messageId": "a", "seq": 2, "offset": 0, "index": 0, "count": 1}


class Listening:
    """Three conversations of one connection and what each heard."""

    def __init__(self) -> None:
        self.connection = ScriptedConnection()
        self.events = ConversationEvents(self.connection.as_connection())
        self.heard: list[tuple[str, str, tuple[Any, ...]]] = []
        self.removers = {id_: self.listen(id_) for id_ in ("one", "two", "three")}

    def listen(self, id_: str) -> Any:
        def note(event: str, arguments: Sequence[Any]) -> None:
            self.heard.append((id_, event, tuple(arguments)))

        return self.events.of(id_, note)

    def to_whom(self, event: str, *arguments: Any) -> list[str]:
        self.heard.clear()
        self.connection.emit(event, *arguments)
        assert all(heard[1:] == (event, arguments) for heard in self.heard)
        return [id_ for id_, *_ in self.heard]


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("StreamToken", ("two", "Hi", METADATA)),
        ("PresenceUpdate", ("two", [])),
        ("TypingUpdate", ("two", [])),
        ("RemovedFromConversation", ("two",)),
        ("ReceiveMessage", ({"id": "m", "metadata": {"conversationId": "two"}},)),
        ("MessageUpdated", ({"id": "m", "metadata": {"conversationId": "two"}},)),
    ],
)
def test_an_event_reaches_the_conversation_it_names_and_no_other(
    event: str, arguments: tuple[Any, ...]
) -> None:
    """Each with its name and arguments as they came; after the last remover nobody hears it."""
    listening = Listening()
    assert listening.to_whom(event, *arguments) == ["two"]
    assert listening.events.has("two")
    listening.removers["two"]()
    listening.removers["two"]()
    assert listening.to_whom(event, *arguments) == []
    assert not listening.events.has("two")


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("UserJoined", ("ann", "Ann")),
        ("ReceiveMessage", ({"id": "m"},)),
        ("ReceiveMessage", ({"id": "m", "metadata": []},)),
        ("ReceiveMessage", ()),
    ],
)
def test_an_event_that_names_no_conversation_reaches_all(event: str, arguments: tuple[Any, ...]) -> None:
    """As a hub with only the seed's methods sends them."""
    assert Listening().to_whom(event, *arguments) == ["one", "two", "three"]


@pytest.mark.parametrize("name", [None, 5, [], {"a": 1}])
def test_a_name_that_is_none_reaches_nobody_and_harms_nobody(name: object) -> None:
    """Whatever a hub puts where the id belongs."""
    listening = Listening()
    assert listening.to_whom("StreamToken", name, "Hi", METADATA) == []
    assert listening.to_whom("StreamToken", "one", "Hi", METADATA) == ["one"]


def test_everybody_in_a_conversation_hears_its_events() -> None:
    """Two chats of one notebook on the same conversation; one that goes takes nothing from the other."""
    listening = Listening()
    again = listening.listen("one")
    assert listening.to_whom("StreamToken", "one", "Hi", METADATA) == ["one", "one"]
    again()
    assert listening.to_whom("StreamToken", "one", "Hi", METADATA) == ["one"]


def joined(conversation_id: str) -> dict[str, Any]:
    """An empty conversation."""
    return joining(conversation_id=conversation_id, rate=1e6)


async def calls_of_a_token(conversations: int) -> int:
    """How many Python functions run when a token arrives for one of so many conversations of a connection."""
    pool = ConnectionPool()
    connection = ScriptedConnection(JoinConversation=joined)
    opened = []
    for number in range(conversations):
        lease = pool.acquire("hub", connection.as_connection)
        opened.append(Conversation(lease, f"c{number}"))
        opened[-1].open()
    await eventually(lambda: all(each.connectivity.live.is_set() for each in opened))
    connection.emit("StreamToken", "c0", "H", METADATA)  # what is done once, at the first
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        connection.emit("StreamToken", "c0", "i", {**METADATA, "offset": 1})
    finally:
        sys.setprofile(None)
    assert opened[0].transcript.streams["a"].text == "Hi"
    assert not any(each.transcript.streams for each in opened[1:])
    for each in opened:
        await each.close()
    return calls


async def test_a_token_costs_the_same_however_many_conversations_share_the_connection() -> None:
    """One look-up, and nobody else is asked."""
    assert await calls_of_a_token(60) == await calls_of_a_token(2)


@pytest.mark.parametrize(
    ("event", "arguments", "heard"),
    [
        ("StreamToken", ("one", "Hi", METADATA), ["one"]),
        ("ReceiveMessage", ({"id": "m", "metadata": {"conversationId": "one"}},), ["one"]),
        ("UserJoined", ("ann", "Ann"), ["one", "two", "three"]),
    ],
)
def test_handler_that_fails_keeps_nothing_from_the_others(
    event: str, arguments: tuple[Any, ...], heard: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Those of its own conversation and of the later ones hear it; the log has one line for the failure."""
    listening = Listening()
    listening.removers["one"]()

    def fail(_event: str, _arguments: Sequence[Any]) -> None:
        raise ValueError("no")

    listening.events.of("one", fail)
    listening.listen("one")
    assert sorted(listening.to_whom(event, *arguments)) == sorted(heard)
    [record] = [record for record in caplog.records if "failed" in record.getMessage()]
    assert record.getMessage() == f"a handler of {event} failed"
