"""A member of a conversation with our own client: talks, asks, and reports what its user would see."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Final

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.chat_client.state.changes import (
    Change,
    HistoryChange,
    MessageChange,
    ResetChange,
    TokenChange,
)
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import MAX_HISTORY_PAGE
from conduit_widget.errors import ConduitError
from conduit_widget.types import ChatMessage
from tests.support.judging.history_checker import HistoryChecker, Sighting

REPEATED: Final = 0.05  # how many messages are sent twice, as an impatient view would


class Member:
    """One client with a conversation of its own; everything it shows goes to its observer."""

    def __init__(
        self, name: str, connection: Callable[[], HubConnection], checker: HistoryChecker, conversation: str
    ) -> None:
        self.name = name
        self.reconnects = 0
        self._checker = checker
        self.observer = checker.observer(name)
        lease = ConnectionPool().acquire(name, connection)
        lease.connection.on_reconnected(self._count_reconnect)
        self.conversation = Conversation(lease, conversation, name, resync_delay=0.4)
        self.conversation.subscribe(self._see)
        self._sent = 0
        self._wanted_before: int | None = None
        self._asked_before: int | None = None
        self._history_wanted = asyncio.Event()

    async def talk(
        self,
        until: asyncio.Event,
        chance: random.Random,
        pause: float,
        *,
        asks: float = 0.0,
        longest: int = 200,
    ) -> None:
        """Send messages until told to stop; a share of ``asks`` wants an answer."""
        while not until.is_set():
            message = self._message(chance, asks, longest)
            self._checker.send(message.id)
            await self._deliver(message)
            if chance.random() < REPEATED:
                await self._deliver(message)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(until.wait(), chance.uniform(0.2, 1.8) * pause)

    @property
    def condition(self) -> str:
        """How the connection and the conversation are, in one line."""
        connection, link = self.conversation._lease.connection, self.conversation.connectivity.info
        return f"connection {connection.state.name}, conversation {link.state} ({link.message})"

    async def fill_gaps(self) -> None:
        """Load what lies between the last message seen and a snapshot; runs for ever."""
        while True:
            await self._history_wanted.wait()
            self._history_wanted.clear()
            while (before := self._wanted_before) is not None:
                self._asked_before = before
                try:
                    await self.conversation.connectivity.wait_live()
                    count = await self.conversation.load_history(before, MAX_HISTORY_PAGE)
                except ConduitError:
                    await asyncio.sleep(0.1)
                    continue
                if count == 0 and self._wanted_before == before:
                    self._wanted_before = None

    def _message(self, chance: random.Random, asks: float, longest: int) -> ChatMessage:
        self._sent += 1
        id_ = f"{self.name}-{self._sent}"
        return ChatMessage(
            id=id_,
            role="user",
            content=f"message {id_} " + "x" * chance.randrange(longest),
            metadata={"respond": chance.random() < asks},
        )

    async def _deliver(self, message: ChatMessage) -> None:
        receipt = await self.conversation.send(message)
        self._checker.acknowledge(receipt.id, receipt.seq, receipt.answer_id)

    def _see(self, changes: list[Change]) -> None:
        if any(isinstance(change, ResetChange) for change in changes):
            self._see_all()
            return
        for change in changes:
            if isinstance(change, MessageChange):
                self._see_message(Sighting.of(change.message))
            elif isinstance(change, TokenChange):
                self.observer.texts.delta(change.id, change.offset, change.text)
            elif isinstance(change, HistoryChange):
                page = [seen for seen in map(Sighting.of, change.messages) if seen.position > 0]
                self.observer.history(page)
                if self._wanted_before == self._asked_before:  # no snapshot left a gap since
                    self._wanted_before = page[0].seq if page and change.has_more else None

    def _see_all(self) -> None:
        """Tell the observer of a snapshot, which holds what the other changes of the batch say."""
        transcript = self.conversation.transcript
        # An answer older than the snapshot stands there too, before the hub has told its message.
        told = (seen for seen in map(Sighting.of, transcript.messages) if seen.position > 0)
        before = self.observer.snapshot(told, transcript.seq)
        for message_id, stream in transcript.streams.items():
            self.observer.texts.opened(message_id, stream.text)
        if before is not None:
            self._wanted_before = before
            self._history_wanted.set()

    def _see_message(self, seen: Sighting) -> None:
        """Tell the observer what the hub said; the client also repeats an answer that has got its model."""
        told_by_the_hub = seen.position > 0
        if told_by_the_hub and not (seen.is_open and self.observer.version_of(seen.id) == seen.position):
            self.observer.live(seen)

    def _count_reconnect(self, _connection_id: str | None) -> None:
        self.reconnects += 1
