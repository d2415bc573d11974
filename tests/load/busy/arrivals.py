"""When what people do in a view has its effect at the hub, as another member of the conversation sees it."""

from __future__ import annotations

import time
from typing import Any

from conduit_widget.contract import ChatEvent
from tests.support.chat.server import Person
from tests.support.waiting import eventually


class Arrivals:
    """Wall time of what came last of each kind; what came before ``since`` is of an earlier act."""

    def __init__(self, observer: Person) -> None:
        self._at: dict[str, float] = {}
        listen = observer.connection.on
        listen(ChatEvent.RECEIVE_MESSAGE, lambda message: self._note(f"said {message['content']}"))
        listen(ChatEvent.USER_TYPING, lambda _user, typing: self._note(f"typing {typing}"))
        listen(ChatEvent.MESSAGE_UPDATED, self._updated)

    async def said(self, text: str) -> float:
        """Wait for a message of that text, which is sent once."""
        return await self._since(f"said {text}", 0.0)

    async def typing(self, since: float) -> float:
        """Wait until somebody types."""
        return await self._since("typing True", since)

    async def stopped(self, since: float) -> float:
        """Wait until an answer is stopped."""
        return await self._since("stopped", since)

    async def _since(self, what: str, since: float) -> float:
        def came() -> float | None:
            at = self._at.get(what)
            return at if at is not None and at >= since else None

        at: float = await eventually(came, what=f"the hub says: {what}")
        return at

    def _updated(self, message: dict[str, Any]) -> None:
        if message["metadata"].get("status") == "cancelled":
            self._note("stopped")

    def _note(self, what: str) -> None:
        self._at[what] = time.time()
