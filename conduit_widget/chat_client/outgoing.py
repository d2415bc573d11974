"""The queue of messages that the hub has not acknowledged yet."""

from __future__ import annotations

import asyncio
from typing import Final

from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage, SendReceipt

MAX_UNACKNOWLEDGED: Final = 100


class Unsent:
    """One message and those who wait for its receipt."""

    def __init__(self, message: ChatMessage) -> None:
        self.message = message
        self.waiters: list[asyncio.Future[SendReceipt]] = []
        self.kept = False

    @property
    def given_up(self) -> bool:
        """Whether all senders gave up and nobody asked to keep the message."""
        return not self.kept and all(waiter.cancelled() for waiter in self.waiters)


class Outgoing:
    """The queue of unacknowledged messages. Overflow policy: the newest is refused.

    The same id queued twice (a retry by the view) is one entry; each sender has a future of its own, so one
    who gives up takes nothing from the other.
    """

    def __init__(self, limit: int = MAX_UNACKNOWLEDGED) -> None:
        self._limit = limit
        self._entries: dict[str, Unsent] = {}
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()
        self._emptied.set()

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def unsent(self) -> int:
        """How many messages somebody still wants sent."""
        return sum(not entry.given_up for entry in self._entries.values())

    def add(self, message: ChatMessage) -> asyncio.Future[SendReceipt]:
        """Queue a message; the future ends with the receipt or the refusal.

        Raises:
            ConduitError: too many messages wait for the hub.

        """
        entry = self._entries.get(message.id)
        if entry is None:
            if len(self._entries) >= self._limit:
                raise ConduitError(
                    f"{self._limit} messages wait for the hub: send again when the connection is live."
                )
            entry = self._entries[message.id] = Unsent(message)
            self._filled.set()
            self._emptied.clear()
        waiter: asyncio.Future[SendReceipt] = asyncio.get_running_loop().create_future()
        entry.waiters.append(waiter)
        return waiter

    def keep(self, message_id: str) -> None:
        """Send the message even when its senders no longer wait."""
        entry = self._entries.get(message_id)
        if entry is not None:
            entry.kept = True

    async def first(self) -> Unsent:
        """Return the oldest entry, waiting for one; those nobody waits for any more are dropped."""
        while True:
            for entry in list(self._entries.values()):
                if not entry.given_up:
                    return entry
                self._forget(entry)
            self._filled.clear()
            await self._filled.wait()

    async def emptied(self) -> None:
        """Wait until the queue is empty."""
        await self._emptied.wait()

    def settle(self, entry: Unsent, outcome: SendReceipt | ConduitError) -> None:
        """Remove an entry and give its senders the receipt or the error."""
        self._forget(entry)
        for waiter in entry.waiters:
            if waiter.done():
                continue
            if isinstance(outcome, ConduitError):
                waiter.set_exception(outcome)
            else:
                waiter.set_result(outcome)

    def fail_all(self, error: ConduitError) -> None:
        """Settle all entries with an error: the connection ended for good."""
        for entry in list(self._entries.values()):
            self.settle(entry, error)

    def drop_all(self) -> None:
        """Remove all entries and cancel their senders' waits."""
        for entry in list(self._entries.values()):
            self._forget(entry)
            for waiter in entry.waiters:
                waiter.cancel()

    def _forget(self, entry: Unsent) -> None:
        self._entries.pop(entry.message.id, None)
        if not self._entries:
            self._emptied.set()
