"""Views in a call: put back after a lost connection, taken out when silent, signals in order."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.chat_client.state.changes import CallChange, Change, SignalChange
from conduit_widget.types import CallMedia
from tests.support.signalr.scripted_connection import ScriptedConnection, joining
from tests.support.waiting import eventually

CALL: dict[str, Any] = {
    "callId": "x",
    "conversationId": "c",
    "startedAt": "2026-01-01T00:00:00.000Z",
    "peers": [],
}


class Opened:
    """A conversation on a hub that knows of calls."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.connection = ScriptedConnection(
            JoinConversation=lambda _id: joining(),
            ResumeConversation=lambda *_: {"recovered": True, "seq": 0, "events": [], "call": CALL},
            JoinCall=self._join,
            UpdateCall=lambda *arguments: self.asked.append(("update", *arguments)),
            LeaveCall=lambda *arguments: self.asked.append(("leave", *arguments)),
            SendSignal=lambda *arguments: self.asked.append(("signal", *arguments)),
        )
        lease = ConnectionPool().acquire("hub", self.connection.as_connection)
        self.conversation = Conversation(lease, "c", "me", resync_delay=0.01)
        self.changes: list[Change] = []
        self.conversation.subscribe(self.changes.extend)

    def _join(self, *arguments: Any) -> dict[str, Any]:
        self.asked.append(("join", *arguments))
        return CALL

    async def live(self) -> None:
        self.conversation.open()
        await asyncio.wait_for(self.conversation.connectivity.wait_live(), 30)


@pytest.fixture
async def opened() -> Any:
    """An open conversation."""
    found = Opened()
    await found.live()
    yield found
    await found.conversation.close()


async def test_events_become_changes_and_signals_are_no_state(opened: Opened) -> None:
    """A call is told whole and null when it is over; a signal goes by."""
    opened.connection.emit("CallUpdated", "c", CALL)
    opened.connection.emit("Signal", "c", "a", "b", {"candidate": {}})
    opened.connection.emit("CallUpdated", "c", None)
    calls = [change.call for change in opened.changes if isinstance(change, CallChange)]
    assert [call and call.call_id for call in calls] == ["x", None]
    (told,) = [change.signal for change in opened.changes if isinstance(change, SignalChange)]
    assert (told.from_peer_id, told.to_peer_id) == ("a", "b")
    assert opened.conversation.transcript.shared.call is None


async def test_views_come_back_after_a_lost_connection(opened: Opened) -> None:
    """With what they send now; one that has left stays away."""
    calls = opened.conversation.calls
    await calls.join("p1", CallMedia(audio=True))
    await calls.join("p2", CallMedia())
    await calls.update("p1", CallMedia(video=True))
    await calls.leave("p2")
    opened.asked.clear()
    opened.connection.lose()
    opened.connection.restore()
    video = {"audio": False, "video": True, "screen": False}
    await eventually(lambda: opened.asked == [("join", "c", "p1", video)], what="p1 is put back")
    assert opened.conversation.transcript.shared.call is not None


async def test_a_silent_view_is_taken_out_and_one_that_lives_stays(opened: Opened) -> None:
    """A page that crashed says nothing any more."""
    calls = opened.conversation.calls
    calls._silence = 1.0
    await calls.join("dead", CallMedia())
    await calls.join("alive", CallMedia())

    def gone() -> bool:
        calls.alive("alive")
        return ("leave", "c", "dead") in opened.asked

    await eventually(gone, what="the silent view is out")
    assert ("leave", "c", "alive") not in opened.asked


async def test_signals_go_in_their_order(opened: Opened) -> None:
    """However many are under way."""
    calls = opened.conversation.calls
    signals = [calls.signal("a", "b", {"candidate": {"n": n}}) for n in range(20)]
    await asyncio.gather(*signals)
    assert [asked[-1]["candidate"]["n"] for asked in opened.asked] == list(range(20))
