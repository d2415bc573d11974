"""The durable queue of one conversation, as this process sees it.

Everything here runs on the loop of the conversation; files are read and written beside it. What other
processes of the same person do to the queue is seen within :data:`POLL` seconds.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from conduit_widget.chat_client.offline import merging, outcomes
from conduit_widget.chat_client.offline.entries import Place, QueuedEntry, QueuedFile
from conduit_widget.chat_client.offline.queue_store import Attempt, Change, Numbered, QueueStore
from conduit_widget.chat_client.offline.seen_store import SeenStore
from conduit_widget.chat_client.offline.sender_lock import SenderLock
from conduit_widget.errors import ConduitError, line_of
from conduit_widget.text.times import iso_time
from conduit_widget.types import ChatMessage, Content, SendReceipt

POLL: Final = 1.0
"""Seconds after which a queue that others may change is looked at again."""

_logger = logging.getLogger(__name__)


class Keeper(Protocol):
    """Where one's queues are, and who one is there."""

    @property
    def store(self) -> QueueStore:
        """The queues of this OS user."""

    @property
    def seen(self) -> SeenStore | None:
        """What this OS user saw of conversations; None where that is not kept."""

    async def upload(self, conversation_id: str, name: str, content: bytes) -> str:
        """Send a file to the hub; return its id there.

        Raises:
            HubException: the hub refuses it.
            ConnectionFailedError: the hub was away for too long.

        """

    async def place(self, conversation_id: str) -> Place | None:
        """Return the queue of a conversation; None while nobody knows whom the hub will take us for."""


class Outbox:
    """What of one conversation waits for the hub, durably.

    Args:
        conversation_id: which conversation.
        keeper: where the queue is.
        changed: called whenever what waits has changed.

    """

    def __init__(self, conversation_id: str, keeper: Keeper, changed: Callable[[], None]) -> None:
        self.entries: list[Numbered] = []
        self._conversation_id = conversation_id
        self._keeper = keeper
        self._changed = changed
        self._place: Place | None = None
        self._lock: SenderLock | None = None
        self._stamp = b""
        self._turn = asyncio.Lock()
        self._told: tuple[object, ...] = ("",)

    @property
    def note(self) -> str:
        """Why nothing survives a restart, or what was put aside, in one line; empty where all is well."""
        return self._keeper.store.database.note

    @property
    def is_kept(self) -> bool:
        """Whether what waits survives a restart."""
        return self._keeper.store.database.is_kept

    @property
    def shown(self) -> list[QueuedEntry]:
        """What people see of the queue, in order."""
        return [each.entry for each in self.entries if each.entry.is_shown]

    @property
    def waiting(self) -> int:
        """How many things that people see wait to be sent; refused ones do not."""
        return sum(each.state == "waiting" for each in self.shown)

    @property
    def first(self) -> Numbered | None:
        """What is to be sent next."""
        return next((each for each in self.entries if each.entry.state == "waiting"), None)

    @property
    def newest_position(self) -> int:
        """The position behind which a new one goes; 0 with nothing there."""
        return self.entries[-1].position if self.entries else 0

    def has(self, entry_id: str) -> bool:
        """Whether an entry is in the queue."""
        return any(each.entry.id == entry_id for each in self.entries)

    # ---- reading ---------------------------------------------------------------------------------------

    async def refresh(self, *, always: bool = False) -> None:
        """Look whether anybody has changed the queue; failures are logged, and the next look tries again."""
        async with self._turn:
            try:
                if not await self._entered():
                    return
                stamp = self._keeper.store.database.stamp
                if always or not stamp or stamp != self._stamp:
                    place = self._place
                    assert place is not None
                    self._took(await asyncio.to_thread(self._keeper.store.read, place), stamp)
            except ConduitError as error:
                _logger.warning("What waits for the hub could not be read: %s", line_of(error))

    async def _entered(self) -> bool:
        """Find one's queue; whoever turns out to be somebody else leaves the one before alone."""
        place = await self._keeper.place(self._conversation_id)
        if place != self._place:
            self.release()
            self._place, self._lock, self._stamp = place, None, b""
            if place is None:
                self._took([], b"")
        return place is not None

    def _took(self, entries: list[Numbered], stamp: bytes) -> None:
        self.entries, self._stamp = entries, stamp
        told = (*self.shown, self.note)
        if told != self._told:
            self._told = told
            self._changed()

    # ---- changing --------------------------------------------------------------------------------------

    async def add_message(
        self, message: ChatMessage, *, attempted: bool, files: Sequence[tuple[str, bytes]] = ()
    ) -> bool:
        """Keep a message, ``attempted`` where the hub may have it, and its files: name and bytes.

        Returns False where nobody knows for whom.

        Raises:
            QueueFullError: there are as many as are kept.
            KeepingError: they cannot be kept.

        """
        new = QueuedEntry(
            id=message.id,
            kind="message",
            message_id=message.id,
            message=message,
            files=tuple(QueuedFile(name=name, size=len(content)) for name, content in files),
            created=iso_time(time.time()),
            attempted=attempted,
        )
        bodies = {message.id: [content for _, content in files]}
        return await self._change(lambda entries: merging.added(entries, new), bodies)

    async def add(self, kind: Any, message_id: str = "", **what: Any) -> str | None:
        """Keep what somebody does to a message; return the entry's id, None where nobody knows for whom.

        Where it merged with what waits already, the id is that entry's, or new and of none.

        Raises:
            ConduitError: it cannot be kept, or makes no sense any more; the text says why.

        """
        new = QueuedEntry(
            id=str(uuid.uuid4()), kind=kind, message_id=message_id, created=iso_time(time.time()), **what
        )
        if not await self._change(lambda entries: merging.added(entries, new)):
            return None
        alike = [
            each.entry
            for each in self.entries
            if each.entry.message_id == message_id and each.entry.kind in (kind, "message")
        ]
        return next((each.id for each in alike if each.id == new.id), alike[-1].id if alike else new.id)

    async def reword(self, entry_id: str, content: Content) -> None:
        """Give what waits other words; raises ConduitError where it waits no more."""
        await self._change(lambda entries: merging.reworded(entries, entry_id, content))

    async def remove(self, entry_id: str) -> None:
        """Take something back; raises ConduitError where that is too late."""
        await self._change(lambda entries: merging.removed(entries, entry_id))

    async def move(self, entry_id: str, to: int) -> None:
        """Put something at another place of those shown; raises ConduitError where that is too late."""
        await self._change(lambda entries: merging.moved(entries, entry_id, to))

    async def again(self, entry_id: str) -> None:
        """Send again what was refused; raises ConduitError where it waits no more."""
        await self._change(lambda entries: merging.again(entries, entry_id))

    async def refuse(self, entry_id: str | None, reason: str, *, kind: str | None = None) -> None:
        """Note why the hub refused an entry, or with None all that wait; it is kept for people to decide.

        ``kind`` is what the hub was asked for: what has become another thing meanwhile was not refused.
        """

        def refused(entries: list[QueuedEntry]) -> list[QueuedEntry]:
            return outcomes.refused(entries, entry_id, reason, kind)

        await self._change(refused, has_room=True)

    async def unheard(self, entry_id: str) -> None:
        """Note that the hub was not asked for an entry after all."""
        await self._change(lambda entries: outcomes.unheard(entries, entry_id), has_room=True)

    async def _change(
        self,
        change: Change,
        files: Mapping[str, Sequence[bytes]] | None = None,
        *,
        has_room: bool = False,
    ) -> bool:
        async with self._turn:
            if not await self._entered():
                return False
            place = self._place
            assert place is not None
            store = self._keeper.store
            entries = await asyncio.to_thread(store.change, place, change, files, has_room=has_room)
            self._took(entries, store.database.stamp)
            return True

    # ---- sending ---------------------------------------------------------------------------------------

    def may_send(self) -> bool:
        """Become the one who sends this queue, if no other process of the same person does."""
        if self._place is None:
            return False
        if self._lock is None:
            database = self._keeper.store.database
            self._lock = SenderLock(database.path.parent if database.is_kept else None, self._place)
        return self._lock.acquire()

    def release(self) -> None:
        """Let others send it."""
        if self._lock is not None:
            self._lock.release()

    async def attempt(self, entry_id: str) -> Attempt | None:
        """Note that the hub is asked now; None where the entry waits no more."""
        async with self._turn:
            if not await self._entered() or self._place is None:
                return None
            attempt = await asyncio.to_thread(self._keeper.store.attempt, self._place, entry_id)
            if attempt is not None:
                self._took(
                    [
                        Numbered(each.position, attempt.entry) if each.entry.id == entry_id else each
                        for each in self.entries
                    ],
                    self._stamp,
                )
            return attempt

    async def upload_file(self, entry: QueuedEntry, number: int) -> str:
        """Send a file of a message to the hub; return its id there."""
        assert self._place is not None
        content = await asyncio.to_thread(self._keeper.store.file, self._place, entry.id, number)
        return await self._keeper.upload(self._conversation_id, entry.files[number].name, content)

    async def settle(self, entry_id: str, revision: int, receipt: SendReceipt | None) -> None:
        """Take out what the hub has done, unless it was changed meanwhile."""
        async with self._turn:
            place = self._place
            if place is None:
                return
            store = self._keeper.store
            entries = await asyncio.to_thread(store.settle, place, entry_id, revision, receipt)
            self._took(entries, store.database.stamp)

    async def receipts(self, ids: Sequence[str]) -> dict[str, SendReceipt | None]:
        """Return the receipts that came for these, in whatever process."""
        async with self._turn:
            if self._place is None or not ids:
                return {}
            return await asyncio.to_thread(self._keeper.store.receipts, self._place, ids)
