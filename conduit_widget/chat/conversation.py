"""A conversation while somebody is there: joining without a gap, committing, fan-out in order, presence.

Order. The store commits an event and gives it its ``seq``; :meth:`Conversation._committed` is then called
in commit order and sends it to the group. A joiner is buffered for, reads a snapshot at some ``seq``, waits
until everything up to it has been sent to those already there, and enters the group in the same step of the
loop in which the buffered rest is merged into the snapshot: no event is missed, none comes twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from conduit_widget.contract import MAX_CONTENT_BYTES, ChatEvent
from conduit_widget.hub.connection import HubConnectionContext
from conduit_widget.hub.hub import Hub
from conduit_widget.types import (
    Author,
    ChatMessage,
    ConversationLimits,
    JoinResult,
    LogEvent,
    MemberRole,
    OpenStream,
    ResumeResult,
    SendReceipt,
    StreamMetadata,
)

from .access import Access
from .history_store import Commit, ConversationRecord, HistoryStore, Snapshot, StoredStream
from .presence import Presence
from .settings import ChatSettings
from .stream_fan_out import Event, StreamFanOut

__all__ = ["Conversation"]

T = TypeVar("T")


class Conversation:
    """One live conversation.

    ``streams`` returns the answers being written; ``on_unused`` is called when nobody is left.
    """

    def __init__(
        self,
        record: ConversationRecord,
        *,
        hub: Hub,
        store: HistoryStore,
        settings: ChatSettings,
        streams: Callable[[str], list[OpenStream]],
        on_unused: Callable[[str], None],
    ) -> None:
        self.conversation_id = record.id
        self.assistant = record.assistant
        self.access = Access(record, store, ttl=settings.access_ttl)
        self._hub = hub
        self._store = store
        self._settings = settings
        self._streams = streams
        self._on_unused = on_unused
        self._epoch = record.epoch
        self._sent_seq = record.seq
        self._group = f"conversation:{record.id}"
        self.fan_out = StreamFanOut(
            hub, record.id, self._group, streams=streams, newest=self._newest_presence
        )
        self._presence = Presence(grace=settings.presence_grace, typing_ttl=settings.typing_ttl)
        self._presence_due: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._buffers: dict[int, list[LogEvent]] = {}
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._pins = 0

    # ---- lifetime --------------------------------------------------------------------------------------

    @property
    def is_unused(self) -> bool:
        """Whether nobody is there, nobody is coming, and nothing is being written."""
        return not len(self._presence) and not self._pins

    def close(self) -> None:
        """Stop the timer; the conversation is not used again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def pinned(self, work: Awaitable[T]) -> T:
        """Await ``work`` while this object stays the conversation's only one."""
        self._pins += 1
        try:
            return await work
        finally:
            self._unpin()

    def _unpin(self) -> None:
        self._pins -= 1
        if self.is_unused:
            self._on_unused(self.conversation_id)

    # ---- joining ---------------------------------------------------------------------------------------

    async def join(self, caller: HubConnectionContext) -> JoinResult:
        """Bring a connection in; return the snapshot its live events continue."""
        snapshot, later = await self._read_live(self._snapshot, lambda found: found.record.seq)
        self._enter(caller)
        return self._join_result(snapshot, later)

    async def resume(self, caller: HubConnectionContext, epoch: str, seq: int) -> ResumeResult:
        """Bring a connection back in; return all it missed, or a snapshot where that is too much."""

        async def read() -> list[LogEvent] | Snapshot:
            events = await self._store.events_after(
                self.conversation_id,
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
        self._enter(caller)
        if isinstance(found, Snapshot):
            return ResumeResult(recovered=False, join=self._join_result(found, later))
        events = found + later
        return ResumeResult(
            recovered=True,
            seq=events[-1].seq if events else seq,
            events=events,
            streams=self._streams(self.conversation_id),
            participants=self._presence.participants(),
        )

    async def _read_live(
        self, read: Callable[[], Awaitable[T]], position: Callable[[T], int]
    ) -> tuple[T, list[LogEvent]]:
        """Read something up to a position; return it with the events after it.

        Everything returned has been sent to the group. The caller enters it before it awaits again.
        """
        buffer: list[LogEvent] = []
        self._buffers[id(buffer)] = buffer
        try:
            found = await read()
            seq = position(found)
            await self._sent_up_to(seq)
        finally:
            del self._buffers[id(buffer)]
        return found, [event for event in buffer if event.seq > seq]

    async def _sent_up_to(self, seq: int) -> None:
        """Wait until the events up to ``seq``, committed already, have been sent."""
        if self._sent_seq < seq:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append((seq, waiter))
            await waiter

    async def _snapshot(self) -> Snapshot:
        snapshot = await self._store.snapshot(
            self.conversation_id,
            limit=self._settings.snapshot_messages,
            max_bytes=self._settings.reply_bytes,
        )
        if snapshot is None:
            raise LookupError("A live conversation is not in the store.")
        return snapshot

    def _join_result(self, snapshot: Snapshot, later: list[LogEvent]) -> JoinResult:
        messages = {message["id"]: message for message in snapshot.messages}
        for event in later:
            message = event.arguments[0]
            if event.target == ChatEvent.RECEIVE_MESSAGE or message["id"] in messages:
                messages[message["id"]] = message
        return JoinResult(
            conversation_id=self.conversation_id,
            epoch=self._epoch,
            seq=later[-1].seq if later else snapshot.record.seq,
            participants=self._presence.participants(),
            messages=list(messages.values()),
            streams=self._streams(self.conversation_id),
            limits=ConversationLimits(
                max_message_bytes=MAX_CONTENT_BYTES,
                max_history_page=self._settings.max_history_page,
                invocations_per_second=self._settings.invocations_per_second,
            ),
            has_more=snapshot.has_more,
        )

    def _enter(self, caller: HubConnectionContext) -> None:
        author = Author(user_id=caller.user.user_id, user_name=caller.user.user_name)
        if self._presence.join(caller.connection_id, author):
            self._volatile(ChatEvent.USER_JOINED, author.user_id, author.user_name)
            self._presence_changed()
        self._hub.groups.add(caller.connection_id, self._group)

    def has(self, connection_id: str) -> bool:
        """Whether the connection has joined."""
        return self._presence.user_of(connection_id) is not None

    def leave(self, connection_id: str) -> None:
        """Take a connection out; its user stays listed for the grace (harmless when not in)."""
        self._hub.groups.remove(connection_id, self._group)
        self.fan_out.forget(connection_id)
        user_id = self._presence.user_of(connection_id)
        if user_id is None:
            return
        if self._presence.leave(connection_id, self._now()):
            self._typing_changed(user_id, is_typing=False)
        self._schedule()

    async def set_role(self, user_id: str, role: MemberRole | None) -> None:
        """Change a user's role; who loses it is out of the conversation at once."""
        await self._store.set_role(self.conversation_id, user_id, role)
        self.access.forget(user_id)
        if await self.access.role(user_id) is None:
            for connection_id in self._presence.remove(user_id):
                self._hub.groups.remove(connection_id, self._group)
                self.fan_out.forget(connection_id)
            self._volatile(ChatEvent.USER_LEFT, user_id)
            self._presence_changed()

    # ---- messages --------------------------------------------------------------------------------------

    async def append(
        self,
        author: Author,
        message: ChatMessage,
        answer: ChatMessage | None,
        on_commit: Callable[[Commit], None],
    ) -> SendReceipt:
        """Commit a message and its answer's placeholder, then send both to the group.

        ``on_commit`` runs right after they were sent, for a first append and for a repeated one.
        """

        def committed(commit: Commit) -> None:
            self.stop_typing(author.user_id)
            self._committed(commit)
            on_commit(commit)

        write = self._store.append(
            self.conversation_id, author.user_id, message, answer=answer, on_commit=committed
        )
        return (await self._write(write)).receipt

    async def finish_answer(self, message: ChatMessage, on_commit: Callable[[], None]) -> None:
        """Commit an answer's final version, end its stream, send it to the group."""

        def committed(commit: Commit) -> None:
            on_commit()
            self._committed(commit)

        await self._write(
            self._store.update(self.conversation_id, message, close_stream=True, on_commit=committed)
        )

    async def checkpoint(self, stream: StoredStream) -> None:
        """Keep the text so far of an answer being written."""
        await self._store.checkpoint(stream)

    async def history_until(self, seq: int) -> list[dict[str, Any]]:
        """Return the newest messages up to and including ``seq``, oldest first."""
        page = await self._store.history(
            self.conversation_id,
            before_seq=seq + 1,
            limit=self._settings.max_history_page,
            max_bytes=self._settings.reply_bytes,
        )
        return page.messages

    async def _write(self, write: Coroutine[Any, Any, T]) -> T:
        """Run a write to its end, whatever becomes of the caller; the conversation stays live until then."""
        task = asyncio.create_task(self.pinned(write))
        task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return await asyncio.shield(task)

    def _committed(self, commit: Commit) -> None:
        for event in commit.events:
            self._sent_seq = event.seq
            for buffer in self._buffers.values():
                buffer.append(event)
            self._hub.clients.group(self._group).send(event.target, *event.arguments)
        still_waiting = []
        for seq, waiter in self._waiting:
            if seq > self._sent_seq:
                still_waiting.append((seq, waiter))
            elif not waiter.done():
                waiter.set_result(None)
        self._waiting = still_waiting

    def stream(self, text: str, metadata: StreamMetadata) -> None:
        """Send a delta of an answer, already part of its text, to those who do not hold it."""
        self.fan_out.send(text, metadata)

    def _volatile(self, target: str, *arguments: Any) -> None:
        """Send what a slow reader may miss."""
        self.fan_out.send_volatile(target, *arguments)

    def _newest_presence(self) -> list[Event]:
        return [
            (ChatEvent.PRESENCE_UPDATE, (self.conversation_id, self._presence.participants())),
            (ChatEvent.TYPING_UPDATE, (self.conversation_id, self._presence.typing())),
        ]

    # ---- presence and typing ---------------------------------------------------------------------------

    def start_typing(self, caller: HubConnectionContext) -> None:
        """Note that the caller types; expires by itself."""
        if self._presence.start_typing(caller.user.user_id, self._now()):
            self._typing_changed(caller.user.user_id, is_typing=True)
        self._schedule()

    def stop_typing(self, user_id: str) -> None:
        """Note that a user stopped typing."""
        if self._presence.stop_typing(user_id):
            self._typing_changed(user_id, is_typing=False)

    def _typing_changed(self, user_id: str, *, is_typing: bool) -> None:
        own = self._presence.connections_of(user_id)
        self.fan_out.send_volatile(ChatEvent.USER_TYPING, user_id, is_typing, excluded=own)
        self._volatile(ChatEvent.TYPING_UPDATE, self.conversation_id, self._presence.typing())

    def _presence_changed(self) -> None:
        """Have the list sent soon: joins in a burst share one ``PresenceUpdate``."""
        if self._presence_due is None:
            self._presence_due = self._now() + self._settings.presence_interval
            self._schedule()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _schedule(self) -> None:
        """Set the conversation's one timer to its next deadline."""
        deadlines = [at for at in (self._presence_due, self._presence.next_deadline()) if at is not None]
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if deadlines:
            self._timer = asyncio.get_running_loop().call_at(min(deadlines), self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._now()
        left, stopped = self._presence.expire(now)
        for user_id in stopped:
            self._typing_changed(user_id, is_typing=False)
        for user_id in left:
            self._volatile(ChatEvent.USER_LEFT, user_id)
        if left or (self._presence_due is not None and self._presence_due <= now):
            self._presence_due = None
            people = self._presence.participants()
            self._volatile(ChatEvent.PRESENCE_UPDATE, self.conversation_id, people)
        self._schedule()
        if self.is_unused:
            self._on_unused(self.conversation_id)
