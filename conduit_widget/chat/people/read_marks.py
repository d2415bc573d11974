"""How far the people of a live conversation have read, told to everybody there at most once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from conduit_widget.chat.people.conversation_presence import Send
from conduit_widget.contract import READ_MARKS_INTERVAL, ChatEvent

FRESH: Final = 2.0
"""Seconds for which what was read from the store is taken for complete: other nodes tell what they write."""


class ReadMarks:
    """The marks of one conversation, by user id; one only ever rises, so they may come in any order."""

    def __init__(self, conversation_id: str, *, send: Send, interval: float = READ_MARKS_INTERVAL) -> None:
        self._conversation_id = conversation_id
        self._send = send
        self._interval = interval
        self._marks: dict[str, int] = {}
        self._untold: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._told_at = self._read_at = float("-inf")
        self._closed = False

    @property
    def is_fresh(self) -> bool:
        """Whether the store need not be asked."""
        return asyncio.get_running_loop().time() < self._read_at + FRESH

    def of(self, user_id: str) -> int:
        """Return how far a user has read; 0 where nothing is known."""
        return self._marks.get(user_id, 0)

    def all(self) -> dict[str, int]:
        """Return all that are known."""
        return dict(self._marks)

    def read(self, marks: Mapping[str, int]) -> None:
        """Take in what the store has; what rose since it was last asked is told, nobody here knows it."""
        is_first = self._read_at == float("-inf")
        self._read_at = asyncio.get_running_loop().time()
        self.merge(marks, tell=not is_first)

    def merge(self, marks: Mapping[str, int], *, tell: bool = True) -> dict[str, int]:
        """Take in marks; those that rose are returned and, with ``tell``, sent soon."""
        risen = {user_id: seq for user_id, seq in marks.items() if seq > self.of(user_id)}
        self._marks.update(risen)
        if risen and tell and not self._closed:
            self._untold.update(risen)
            if self._timer is None:
                loop = asyncio.get_running_loop()
                due = max(self._told_at + self._interval, loop.time())
                self._timer = loop.call_at(due, self._tell)
        return risen

    def drop(self, user_id: str) -> None:
        """Tell newcomers nothing of a user who may not read any more."""
        self._marks.pop(user_id, None)
        self._untold.pop(user_id, None)

    def close(self) -> None:
        """Send nothing more."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tell(self) -> None:
        self._timer = None
        self._told_at = asyncio.get_running_loop().time()
        untold, self._untold = self._untold, {}
        self._send(ChatEvent.READ_MARKS_UPDATED, self._conversation_id, untold)
