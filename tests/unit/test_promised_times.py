"""The promises that are times: what the defaults add up to."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from conduit_widget import contract
from conduit_widget.chat.people.conversation_presence import ConversationPresence
from conduit_widget.chat.people.remote_presence import NodePerson, PeopleChange
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.hub.backplane.redis_engine import NODE_TTL
from conduit_widget.hub.backplane.redis_nodes import BEAT_INTERVAL
from conduit_widget.hub.connections.drain import spread_of
from conduit_widget.types import Author

CHAT = ChatSettings()


@dataclasses.dataclass
class Room:
    """A conversation's people with the defaults; the time is the test's."""

    now: float = 0.0
    left: list[tuple[float, str]] = dataclasses.field(default_factory=list)

    def hear(self, target: str, *arguments: Any, **_: Any) -> None:
        """Note who left when."""
        if target == contract.ChatEvent.USER_LEFT:
            self.left.append((self.now, arguments[0]))

    async def pass_time(self, seconds: float) -> None:
        """Let it pass in small steps."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            for _ in range(3):
                await asyncio.sleep(0)


@pytest.fixture
async def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """A room whose clock is the loop's."""
    found = Room()
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "time", lambda: 1000.0 + found.now)  # the same on every machine
    return found


async def test_people_of_a_killed_node_are_gone_within_15_s(room: Room) -> None:
    """The engine forgets the node, the others look, the people who did not come back leave: all in time."""
    people = ConversationPresence("c", CHAT, send=room.hear, on_empty=lambda: None, tell=lambda *_: None)
    here = [NodePerson("ann", "Ann"), NodePerson("bob", "Bob")]
    people.apply("n1", PeopleChange(0, 1, here))
    await room.pass_time(1.0)
    killed = room.now  # just after it said that it lives
    await room.pass_time(NODE_TTL + BEAT_INTERVAL)
    people.keep_nodes([])
    people.apply("n2", PeopleChange(0, 1, here[:1]))
    await room.pass_time(20.0)
    assert [user for _, user in room.left] == ["bob"], "who is back elsewhere never left"
    assert room.left[0][0] - killed < 15.0
    people.close()


async def test_people_of_a_crashed_client_are_gone_within_15_s(room: Room) -> None:
    """Its connection ends with it; what is left is the grace, which a reload needs."""
    people = ConversationPresence("c", CHAT, send=room.hear, on_empty=lambda: None, tell=lambda *_: None)
    people.join("1", _author("bob"))
    people.join("2", _author("ann"))
    await room.pass_time(1.0)
    people.leave("1")
    left_at = room.now
    await room.pass_time(20.0)
    [(when, who)] = room.left
    assert who == "bob"
    assert 9.9 <= when - left_at < 15.0
    people.close()


def _author(user_id: str) -> Author:
    """Somebody."""
    return Author(user_id=user_id, user_name=user_id.title())


def test_goodbyes_take_half_a_minute_at_most() -> None:
    """However many are connected."""
    assert spread_of(contract.CONNECTIONS_PER_PROCESS) <= 30.0
    assert spread_of(10**6) <= 30.0
