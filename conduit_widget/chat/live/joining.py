"""Joining and resuming a live conversation: what is read, and what comes meanwhile, are merged by ``seq``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from conduit_widget.chat.history.feed import EventFeed
from conduit_widget.chat.history.store import ConversationRecord, HistoryStore, Snapshot
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import MAX_CONTENT_BYTES, ChatEvent
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.types import (
    ConversationLimits,
    JoinResult,
    LogEvent,
    OpenStream,
    Participant,
    ResumeResult,
)

T = TypeVar("T")

MOST_MESSAGES: Final = 500
JUST_COMMITTED: Final = 16
"""The number of messages that may be committed between sizing a snapshot and reading it."""


class Joining:
    """Brings newcomers to the point where live events continue.

    Events are buffered for a newcomer. It reads up to some ``seq``, waits until everything up to that has
    been sent to those already there, and enters in the same step of the loop in which the buffered rest is
    merged into what was read. So no event is missed, and none comes twice.
    """

    def __init__(
        self,
        record: ConversationRecord,
        store: HistoryStore,
        settings: ChatSettings,
        feed: EventFeed,
        *,
        streams: Callable[[], list[OpenStream]],
        participants: Callable[[], list[Participant]],
    ) -> None:
        self._conversation_id = record.id
        self._epoch = record.epoch
        self._store = store
        self._settings = settings
        self._feed = feed
        self._streams = streams
        self._participants = participants

    async def join(self, enter: Callable[[], None]) -> JoinResult:
        """Call ``enter`` and return the snapshot; the events sent from then on continue it."""
        snapshot, later = await self._read_live(self._snapshot, lambda found: found.record.seq)
        enter()
        return self._join_result(snapshot, later)

    async def resume(self, enter: Callable[[], None], epoch: str, seq: int) -> ResumeResult:
        """Call ``enter`` and return everything that was missed, or a snapshot if that is too much."""

        async def read() -> list[LogEvent] | Snapshot:
            events = await self._store.events_after(
                self._conversation_id,
                epoch,
                seq,
                limit=self._settings.recovery_events,
                max_bytes=self._settings.reply_bytes,
                recent=self._settings.recovery_seconds,
            )
            return await self._snapshot() if events is None else events

        def position(found: list[LogEvent] | Snapshot) -> int:
            if isinstance(found, Snapshot):
                return found.record.seq
            return found[-1].seq if found else seq

        found, later = await self._read_live(read, position)
        enter()
        if isinstance(found, Snapshot):
            return ResumeResult(recovered=False, join=self._join_result(found, later))
        events = found + later
        return ResumeResult(
            recovered=True,
            seq=events[-1].seq if events else seq,
            events=events,
            streams=self._streams(),
            participants=self._participants(),
        )

    async def _read_live(
        self, read: Callable[[], Awaitable[T]], position: Callable[[T], int]
    ) -> tuple[T, list[LogEvent]]:
        """Read something up to a position; return it with the events after it, all of them sent already.

        The caller enters before it awaits again.
        """
        with self._feed.buffered() as buffer:
            found = await read()
            seq = position(found)
            await self._feed.passed(seq)
        return found, [event for event in buffer if event.seq > seq]

    async def _snapshot(self) -> Snapshot:
        snapshot = await self._store.snapshot(
            self._conversation_id,
            limit=self._snapshot_messages(),
            max_bytes=self._settings.reply_bytes,
        )
        if snapshot is None:
            raise LookupError("A live conversation is not in the store.")
        if snapshot.record.epoch != self._epoch:
            self._feed.lose()
            raise StoreUnavailableError
        return snapshot

    def _snapshot_messages(self) -> int:
        """Return the size of a snapshot, which reaches back to the first answer being written."""
        oldest = min((stream.seq for stream in self._streams()), default=None)
        if oldest is None:
            return self._settings.snapshot_messages
        since = self._feed.position - oldest + 1 + JUST_COMMITTED
        return max(self._settings.snapshot_messages, min(since, MOST_MESSAGES))

    def _join_result(self, snapshot: Snapshot, later: list[LogEvent]) -> JoinResult:
        messages = {message["id"]: message for message in snapshot.messages}
        for event in later:
            message = event.arguments[0]
            if event.target == ChatEvent.RECEIVE_MESSAGE or message["id"] in messages:
                messages[message["id"]] = message
        return JoinResult(
            conversation_id=self._conversation_id,
            epoch=self._epoch,
            seq=later[-1].seq if later else snapshot.record.seq,
            participants=self._participants(),
            messages=list(messages.values()),
            streams=self._streams(),
            limits=ConversationLimits(
                max_message_bytes=MAX_CONTENT_BYTES,
                max_history_page=self._settings.max_history_page,
                invocations_per_second=self._settings.invocations_per_second,
            ),
            has_more=snapshot.has_more,
        )
