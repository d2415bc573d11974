"""Messages sent but not yet acknowledged, in order."""

from __future__ import annotations

import asyncio
from typing import Final

from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage, SendReceipt

MAX_UNACKNOWLEDGED: Final = 100


class Unsent:
    """One message and the future its sender waits on."""

    def __init__(self, message: ChatMessage, future: asyncio.Future[SendReceipt]) -> None:
        self.message = message
        self.future = future


class Outgoing:
    """The queue of unacknowledged messages. Overflow policy: the newest is refused.

    The same id queued twice (a retry by the view) is one entry; both senders get its receipt.
    """

    def __init__(self, limit: int = MAX_UNACKNOWLEDGED) -> None:
        self._limit = limit
        self._entries: dict[str, Unsent] = {}
        self._filled = asyncio.Event()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, message: ChatMessage) -> asyncio.Future[SendReceipt]:
        """Queue a message; the future ends with the receipt or the refusal.

        Raises:
            ConduitError: too many messages wait for the hub.

        """
        if (entry := self._entries.get(message.id)) is not None:
            return entry.future
        if len(self._entries) >= self._limit:
            raise ConduitError(
                f"{self._limit} messages wait for the hub: send again when the connection is live."
            )
        entry = Unsent(message, asyncio.get_running_loop().create_future())
        self._entries[message.id] = entry
        self._filled.set()
        return entry.future

    async def first(self) -> Unsent:
        """Return the oldest entry, waiting for one; those nobody waits for any more are dropped."""
        while True:
            for id_, entry in list(self._entries.items()):
                if not entry.future.cancelled():
                    return entry
                del self._entries[id_]
            self._filled.clear()
            await self._filled.wait()

    def done(self, entry: Unsent, outcome: SendReceipt | ConduitError) -> None:
        """Settle an entry."""
        self._entries.pop(entry.message.id, None)
        if entry.future.done():
            return
        if isinstance(outcome, ConduitError):
            entry.future.set_exception(outcome)
        else:
            entry.future.set_result(outcome)

    def fail_all(self, error: ConduitError) -> None:
        """Settle everything with an error (the way to the hub ended for good)."""
        for entry in list(self._entries.values()):
            self.done(entry, error)
