"""The messages of this process that the hub has not acknowledged yet, and who waits for them."""

from __future__ import annotations

import asyncio
import math
from typing import Final

from conduit_widget.chat_client.offline.entries import MAX_MESSAGES
from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage, SendReceipt

MAX_UNACKNOWLEDGED: Final = MAX_MESSAGES


class Unsent:
    """One message and those who wait for its receipt.

    ``is_durable`` is one that the durable queue has: only its waiters are here. ``after`` is the position in
    that queue behind which it was sent.
    """

    def __init__(self, message: ChatMessage, *, may_be_kept: bool = False, after: float = 0.0) -> None:
        self.message = message
        self.waiters: list[asyncio.Future[SendReceipt]] = []
        self.kept = False
        self.may_be_kept = may_be_kept
        self.after = after
        self.is_durable = False
        self.is_being_kept = False
        self.is_on_its_way = False
        self.outcome: SendReceipt | ConduitError | None = None

    @property
    def given_up(self) -> bool:
        """Whether all senders gave up and nobody asked to keep the message."""
        return not self.kept and all(waiter.cancelled() for waiter in self.waiters)


class Outgoing:
    """The unacknowledged messages. Overflow policy: the newest is refused.

    The same id queued twice (a retry by the view) is one entry; each sender has a future of its own, so one
    who gives up takes nothing from the other.
    """

    def __init__(self, limit: int = MAX_UNACKNOWLEDGED) -> None:
        self._limit = limit
        self._entries: dict[str, Unsent] = {}

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def unsent(self) -> int:
        """How many messages somebody still wants sent that only this process has."""
        return sum(not (entry.given_up or entry.is_durable) for entry in self._entries.values())

    @property
    def durable(self) -> list[Unsent]:
        """The messages that the durable queue has."""
        return [entry for entry in self._entries.values() if entry.is_durable]

    @property
    def to_keep(self) -> list[Unsent]:
        """The messages that the durable queue should have, the oldest first."""
        return [
            entry
            for entry in self._entries.values()
            if entry.may_be_kept and not (entry.is_durable or entry.given_up)
        ]

    def find(self, message_id: str) -> Unsent | None:
        """Return an entry by its message's id."""
        return self._entries.get(message_id)

    def add(
        self, message: ChatMessage, *, may_be_kept: bool = False, after: float = 0.0
    ) -> asyncio.Future[SendReceipt]:
        """Queue a message; the future ends with the receipt or the refusal.

        Raises:
            ConduitError: too many messages wait for the hub.

        """
        entry = self._entries.get(message.id)
        if entry is None:
            if len(self._entries) >= self._limit:
                raise ConduitError(
                    f"{self._limit:,} messages wait for the hub: send again when the connection is live."
                )
            entry = self._entries[message.id] = Unsent(message, may_be_kept=may_be_kept, after=after)
        waiter: asyncio.Future[SendReceipt] = asyncio.get_running_loop().create_future()
        entry.waiters.append(waiter)
        return waiter

    def keep(self, message_id: str) -> None:
        """Send the message even when its senders no longer wait."""
        entry = self._entries.get(message_id)
        if entry is not None:
            entry.kept = True

    def first(self) -> Unsent | None:
        """Return the oldest entry that only this process has; those nobody waits for any more are dropped."""
        for entry in list(self._entries.values()):
            if entry.is_durable:
                continue
            if entry.is_being_kept:
                return None  # what is written down now would be sent as if it had not been
            if not entry.given_up:
                return entry
            self._forget(entry)
        return None

    def queue_is_known(self, newest: int) -> None:
        """Say where the durable queue ends, to those that came before anybody knew."""
        for entry in self._entries.values():
            if math.isinf(entry.after):
                entry.after = newest

    def settle(self, entry: Unsent, outcome: SendReceipt | ConduitError) -> None:
        """Remove an entry and give its senders the receipt or the error."""
        self._forget(entry)
        entry.outcome = outcome
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
        if self._entries.get(entry.message.id) is entry:
            del self._entries[entry.message.id]
