"""When the list of people is sent, in time the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest

from conduit_widget.chat.people import conversation_presence
from conduit_widget.chat.people.conversation_presence import SECONDS_A_PERSON, SMALL, ConversationPresence
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ChatEvent
from conduit_widget.types import Author

CROWD = 300
SETTINGS = ChatSettings(presence_grace=10.0, presence_interval=0.1)


class Room:
    """A conversation's people, what is sent to them, and the loop's clock in the test's hands."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[str, tuple[Any, ...]]] = []
        self._loop = asyncio.get_running_loop()
        self._now = 1000.0  # not the machine's: small steps add up alike everywhere
        monkeypatch.setattr(self._loop, "time", lambda: self._now)
        self.people = ConversationPresence(
            "c", SETTINGS, send=self._send, on_empty=lambda: None, tell=lambda *_: None
        )

    def _send(self, target: str, *arguments: Any, excluded: Collection[str] = ()) -> None:
        self.sent.append((target, arguments))

    def join(self, number: int) -> None:
        """Somebody comes."""
        self.people.join(str(number), Author(user_id=f"u{number}", user_name=f"U {number}"))

    def lists(self) -> list[int]:
        """How many people each PresenceUpdate had."""
        return [len(arguments[1]) for target, arguments in self.sent if target == ChatEvent.PRESENCE_UPDATE]

    def heard(self, event: str) -> int:
        """How many of these events were sent."""
        return sum(target == event for target, _ in self.sent)

    async def pass_time(self, seconds: float) -> None:
        """Let time pass, and what is due happen."""
        for _ in range(10):
            self._now += seconds / 10
            for _ in range(3):
                await asyncio.sleep(0)


async def test_list_comes_after_the_interval_when_people_are_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small list follows a burst of joins after the interval, and a leave at once."""
    room = Room(monkeypatch)
    for number in range(SMALL):
        room.join(number)
    await room.pass_time(0.05)
    assert room.lists() == []
    await room.pass_time(0.06)
    assert room.lists() == [SMALL]
    room.people.leave("0")
    await room.pass_time(10.01)
    assert room.heard(ChatEvent.USER_LEFT) == 1
    assert room.lists() == [SMALL, SMALL - 1]


async def test_list_comes_later_when_people_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A crowd coming in hears of everybody at once, and gets the whole list once, at the end."""
    room = Room(monkeypatch)
    for number in range(CROWD):
        room.join(number)
        await room.pass_time(0.0011)
    assert room.heard(ChatEvent.USER_JOINED) == CROWD
    assert room.lists() == []
    await room.pass_time(2.0)
    assert room.lists() == [CROWD]
    await room.pass_time(2.0)
    assert room.lists() == [CROWD]


async def test_list_comes_once_when_many_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves in a crowd are told one by one at once; they share the list, which is right."""
    room = Room(monkeypatch)
    for number in range(CROWD):
        room.join(number)
    await room.pass_time(3.0)
    for number in range(100):
        room.people.leave(str(number))
        await room.pass_time(0.01)
    await room.pass_time(8.99)
    for _ in range(101):  # the last one's grace ends with the 100th, give or take rounding
        await room.pass_time(0.01)
    assert room.heard(ChatEvent.USER_LEFT) == 100
    await room.pass_time(3.0)
    assert room.lists()[0] == CROWD
    assert room.lists()[-1] == CROWD - 100
    assert len(room.lists()) <= 5


async def test_list_is_sent_in_time_when_people_never_stop_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many come and go on coming, no change waits longer than the longest interval."""
    monkeypatch.setattr(conversation_presence, "LONGEST_INTERVAL", 1.0)
    room = Room(monkeypatch)
    many = SMALL + round(2.0 / SECONDS_A_PERSON)
    for number in range(many):
        room.join(number)
    for number in range(60):
        room.join(many + number)
        await room.pass_time(0.02)
    assert len(room.lists()) == 1
