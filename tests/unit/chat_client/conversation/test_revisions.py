"""Changes to messages, asked of a scripted hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.chat_client.state.changes import MessageChange, StreamEndChange
from conduit_widget.chat_client.state.messages import is_deleted
from conduit_widget.errors import ConnectionLostError, HubException
from tests.support.signalr.scripted_connection import ScriptedConnection, joining
from tests.unit.chat_client.conversation.test_conversation import Opened, wire


@pytest.fixture
def connection() -> ScriptedConnection:
    """A hub with one message."""
    return ScriptedConnection(
        JoinConversation=lambda _id: joining(wire("m1", 1)),
        ResumeConversation=lambda *_: {"recovered": True, "seq": 1, "events": []},
    )


@pytest.fixture
async def opened(connection: ScriptedConnection) -> AsyncIterator[Opened]:
    """A conversation that begins to connect."""
    lease = ConnectionPool().acquire("hub", connection.as_connection)
    conversation = Conversation(lease, "c", "ann", resync_delay=0.01)
    conversation.open()
    yield Opened(conversation, connection)
    await conversation.close()


async def test_change_is_asked_again_when_the_connection_is_lost(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """It waits for the connection, and the hub does it once."""
    asked: list[str] = []

    def delete(message_id: str) -> None:
        asked.append(message_id)
        if len(asked) == 1:
            raise ConnectionLostError("gone")

    connection.answers["DeleteMessage"] = delete
    await asyncio.wait_for(opened.conversation.revisions.delete("m1"), 30)
    assert asked == ["m1", "m1"]
    assert opened.conversation.revisions.open == 0


@pytest.mark.parametrize(
    "text", ["Unknown hub method 'DeleteMessage'", "HubException: Method does not exist."]
)
async def test_hub_that_cannot_says_so_in_one_line(
    opened: Opened, connection: ScriptedConnection, text: str
) -> None:
    """Whatever its words for a method it does not have."""

    def unknown(_message_id: str) -> None:
        raise HubException(text)

    connection.answers["DeleteMessage"] = unknown
    with pytest.raises(HubException, match=r"^This hub cannot delete messages\.$"):
        await asyncio.wait_for(opened.conversation.revisions.delete("m1"), 30)


async def test_hub_with_the_first_methods_only_is_not_asked(
    opened: Opened, connection: ScriptedConnection
) -> None:
    """What it returns to a join tells that it has no log."""
    connection.answers["JoinConversation"] = lambda _id: None
    with pytest.raises(HubException, match=r"^This hub cannot delete messages\.$"):
        await asyncio.wait_for(opened.conversation.revisions.delete("m1"), 30)
    assert "DeleteMessage" not in [target for target, _ in connection.invoked]


async def test_refusal_is_passed_on(opened: Opened, connection: ScriptedConnection) -> None:
    """A hub that can and does not want to."""

    def refuse(_message_id: str) -> None:
        raise HubException("Unauthorized")

    connection.answers["DeleteMessage"] = refuse
    with pytest.raises(HubException, match=r"^Unauthorized$"):
        await asyncio.wait_for(opened.conversation.revisions.delete("m1"), 30)


async def test_tombstone_ends_an_answer_being_written(opened: Opened, connection: ScriptedConnection) -> None:
    """Its text is gone from the transcript, its place stays, and a late delta changes nothing."""
    await opened.live()
    transcript = opened.conversation.transcript
    placeholder = answer_wire(2, status="streaming")
    transcript.apply_event("ReceiveMessage", [placeholder])
    delta = {"messageId": "a", "seq": 2, "index": 0, "count": 1, "offset": 0}
    transcript.apply_event("StreamToken", ["c", "secret", delta])
    tombstone = answer_wire(2, eventSeq=3, deletedAt="2026-01-01T00:00:00Z", deletedBy="ann")
    changes = transcript.apply_event("MessageUpdated", [tombstone])
    assert [type(change) for change in changes] == [StreamEndChange, MessageChange]
    assert transcript.apply_event("StreamToken", ["c", " more", {**delta, "offset": 6}]) == []
    message = transcript.message("a")
    assert message is not None
    assert is_deleted(message)
    assert "secret" not in repr(transcript.messages)
    assert transcript.streams == {}


def answer_wire(seq: int, **metadata: Any) -> dict[str, Any]:
    """An answer's message on the wire, without text."""
    return {"id": "a", "role": "assistant", "content": "", "metadata": {"seq": seq, **metadata}}
