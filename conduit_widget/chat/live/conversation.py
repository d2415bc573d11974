"""A conversation while somebody is there: committing, fan-out in order, people, and the other nodes.

Order. The store commits an event and gives it its ``seq``; :class:`EventFeed` sends events to the group in
that order, whichever node committed them. :class:`Joining` brings newcomers in without a gap.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, Final, TypeVar

from conduit_widget.chat.history.feed import EventFeed
from conduit_widget.chat.history.store import Commit, ConversationRecord, HistoryStore, StoredStream
from conduit_widget.chat.live.access import Access
from conduit_widget.chat.live.conversation_work import RETRY, ConversationWork
from conduit_widget.chat.live.snapshot import Joining
from conduit_widget.chat.live.stream_fan_out import Event, StreamFanOut
from conduit_widget.chat.nodes.other_nodes import OtherNodes, events_from
from conduit_widget.chat.nodes.remote_streams import Relay
from conduit_widget.chat.nodes.turns import wait_for_turn
from conduit_widget.chat.people.conversation_presence import ConversationPresence
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ChatEvent, CloseCode
from conduit_widget.errors import ConduitError, StoreUnavailableError, trace_of
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import (
    Author,
    ChatMessage,
    JoinResult,
    LogEvent,
    MemberRole,
    OpenStream,
    ResumeResult,
    SendReceipt,
    StreamMetadata,
)

__all__ = ["Conversation"]

T = TypeVar("T")

_log = logging.getLogger(__name__)

SETTLE_DELAY: Final = 1.0
"""Seconds in which the news of a commit usually comes, also when nobody waits for it any more."""
FETCH_PATIENCE: Final = 5.0
"""Seconds to wait for an event that is known to be in the store."""


class Conversation:
    """One live conversation.

    ``streams`` returns the answers this node writes; ``on_unused`` is called when nobody is left, ``on_lost``
    when its log cannot be continued. ``other_nodes`` makes what deals with other nodes, where there are any.
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
        on_lost: Callable[[str], None] = lambda _id: None,
        other_nodes: Callable[[Conversation], OtherNodes] | None = None,
    ) -> None:
        self.conversation_id = record.id
        self.assistant = record.assistant
        self._epoch = record.epoch
        self.access = Access(record, store, ttl=settings.access_ttl)
        self._hub = hub
        self._store = store
        self._settings = settings
        self._streams_here = streams
        self._on_unused = on_unused
        self._on_lost = on_lost
        self._group = f"conversation:{record.id}"
        self._clients = hub.clients.group(self._group)
        self.fan_out = StreamFanOut(
            hub,
            record.id,
            self._group,
            streams=lambda _id: self.streams(),
            newest=self._newest_presence,
        )
        self._work = ConversationWork(self._unused)
        self.nodes = None if other_nodes is None else other_nodes(self)
        self.feed = EventFeed(
            record.seq,
            self._deliver,
            refill=self._read_on if self.nodes is None else self.nodes.refill,
            gap_delay=settings.gap_delay,
            on_lost=self._lost,
        )
        self.presence = ConversationPresence(
            record.id,
            settings,
            send=self._volatile,
            on_empty=self._unused,
            tell=None if self.nodes is None else self.nodes.tell_people,
        )
        self._joining = Joining(
            record,
            store,
            settings,
            self.feed,
            streams=self.streams,
            participants=self.presence.participants,
        )

    # ---- lifetime --------------------------------------------------------------------------------------

    @property
    def is_unused(self) -> bool:
        """Whether nobody is there, nobody is coming, and nothing is being written."""
        return self.presence.is_empty and not self._work.pending

    def close(self, *, node_ends: bool = False) -> None:
        """Stop everything; the conversation is not used again."""
        self.presence.close(tell=not node_ends)
        self.feed.close()
        if self.nodes is not None:
            self.nodes.close(node_ends=node_ends)
        self._work.close()

    async def pinned(self, work: Awaitable[T]) -> T:
        """Await ``work`` while this object stays the conversation's only one."""
        return await self._work.pinned(work)

    def _unused(self) -> None:
        if self.is_unused:
            self._on_unused(self.conversation_id)

    def _lost(self) -> None:
        """Have everybody join anew: the log they follow cannot be continued."""
        self._on_lost(self.conversation_id)
        for connection in self._hub.groups.members(self._group):
            connection.close(CloseCode.SHUTDOWN)

    # ---- joining ---------------------------------------------------------------------------------------

    async def join(self, caller: HubConnectionContext) -> JoinResult:
        """Bring a connection in; return the snapshot its live events continue."""
        return await self._joining.join(lambda: self._enter(caller))

    async def resume(self, caller: HubConnectionContext, epoch: str, seq: int) -> ResumeResult:
        """Bring a connection back in; return all it missed, or a snapshot where that is too much."""
        return await self._joining.resume(lambda: self._enter(caller), epoch, seq)

    def _enter(self, caller: HubConnectionContext) -> None:
        author = Author(user_id=caller.user.user_id, user_name=caller.user.user_name)
        self.presence.join(caller.connection_id, author)
        self._hub.groups.add(caller.connection_id, self._group)

    def has(self, connection_id: str) -> bool:
        """Whether the connection has joined."""
        return self.presence.has(connection_id)

    def leave(self, connection_id: str, *, goodbye: bool = False) -> None:
        """Take a connection out (harmless when not in); without a goodbye its user stays for the grace."""
        self._hub.groups.remove(connection_id, self._group)
        self.fan_out.forget(connection_id)
        self.presence.leave(connection_id, goodbye=goodbye)

    # ---- roles -----------------------------------------------------------------------------------------

    async def set_role(self, user_id: str, role: MemberRole | None) -> None:
        """Change a user's role; who loses it is out of the conversation at once, on every node."""
        await self._store.set_role(self.conversation_id, user_id, role)
        if self.nodes is not None:
            self.nodes.tell_role(user_id)
        await self.recheck_role(user_id)

    def role_changed(self, user_id: str) -> None:
        """A user's role was changed elsewhere."""
        self.access.forget(user_id)
        self._work.persistently(lambda: self.recheck_role(user_id))

    async def recheck_role(self, user_id: str) -> None:
        """Take a user out who may not read any more, and tell their connections so."""
        self.access.forget(user_id)
        if await self.access.role(user_id) is None:
            for connection_id in self.presence.remove(user_id):
                self._hub.groups.remove(connection_id, self._group)
                self.fan_out.forget(connection_id)
                connection = self._hub.clients.client(connection_id)
                connection.send(ChatEvent.REMOVED_FROM_CONVERSATION, self.conversation_id)

    async def recheck_members(self) -> None:
        """Take out who lost their membership while nobody could tell."""
        if self.access.is_open or self.presence.is_empty:
            return
        members = dict(await self._store.members(self.conversation_id))
        for user_id in self.presence.user_ids():
            self.access.forget(user_id)
            if user_id not in members:
                await self.recheck_role(user_id)

    # ---- messages --------------------------------------------------------------------------------------

    async def append(
        self,
        author: Author,
        message: ChatMessage,
        answer: ChatMessage | None,
        on_commit: Callable[[Commit], None],
    ) -> SendReceipt:
        """Commit a message and its answer's placeholder, then send both to the group.

        ``on_commit`` runs right after the commit, for a first append and for a repeated one.
        """

        done: asyncio.Future[Commit] = asyncio.get_running_loop().create_future()

        def committed(commit: Commit) -> None:
            if _has_result(done):
                return  # found out before the news came
            # Each of them runs, whatever becomes of the others.
            try:
                self._own(None if commit.duplicate else answer)
                self.presence.stop_typing(author.user_id)
            finally:
                try:
                    self.committed_here(commit)
                finally:
                    try:
                        on_commit(commit)
                    finally:
                        if not done.done():
                            done.set_result(commit)

        self._own(answer)
        write = self._store.append(
            self.conversation_id, author.user_id, message, answer=answer, on_commit=committed
        )
        try:
            commit = await self._work.to_the_end(write, done)
        except (StoreUnavailableError, asyncio.CancelledError):
            if answer is not None:
                self._work.persistently(lambda: self._settle(message, answer, committed, done))
            raise
        except ConduitError:
            self._disown(answer)
            raise
        if commit.duplicate:
            self._disown(answer)
            self.feed.expect(commit.receipt.seq)
        return commit.receipt

    def _own(self, answer: ChatMessage | None) -> None:
        if self.nodes is not None and answer is not None:
            self.nodes.own(answer.id)

    def _disown(self, answer: ChatMessage | None) -> None:
        if self.nodes is not None and answer is not None:
            self.nodes.disown(answer.id)

    async def _settle(
        self,
        message: ChatMessage,
        answer: ChatMessage,
        committed: Callable[[Commit], None],
        done: asyncio.Future[Commit],
    ) -> None:
        """See what became of an append that failed, or whose caller is gone; its answer must be written."""
        await asyncio.wait({done}, timeout=SETTLE_DELAY)
        if _has_result(done):
            return
        wires = [await self._store.message(self.conversation_id, id_) for id_ in (message.id, answer.id)]
        events = tuple(
            LogEvent(seq=wire["metadata"]["seq"], target=ChatEvent.RECEIVE_MESSAGE, arguments=[wire])
            for wire in wires
            if wire is not None
        )
        if len(events) < 2:
            self._disown(answer)
            return
        metadata = events[0].arguments[0]["metadata"]
        receipt = SendReceipt(
            id=message.id, seq=events[0].seq, timestamp=metadata["timestamp"], answer_id=answer.id
        )
        committed(Commit(receipt=receipt, events=events))

    async def finish_answer(self, message: ChatMessage, on_commit: Callable[[], None]) -> None:
        """Commit an answer's final version, end its stream, send it to the group.

        One that another node has ended stays as that node left it; ``on_commit`` is not called then. While
        the store is away the commit is tried again, after ``finish_patience`` seconds with nobody waiting.

        Raises:
            StoreUnavailableError: the store was away for longer.

        """

        def ended_here() -> None:
            with contextlib.ExitStack() as last_first:
                last_first.callback(self._disown, message)
                last_first.callback(self.fan_out.end, message.id)
                on_commit()

        def committed(commit: Commit) -> None:
            if not commit.duplicate:
                with contextlib.ExitStack() as last_first:
                    last_first.callback(self.committed_here, commit)
                    ended_here()

        async def finish() -> None:
            commit = await self._work.to_the_end(
                self._store.update(self.conversation_id, message, close_stream=True, on_commit=committed)
            )
            if commit.duplicate:
                await self._was_ended(message, ended_here)

        deadline = asyncio.get_running_loop().time() + self._settings.finish_patience
        while True:
            try:
                return await finish()
            except StoreUnavailableError:
                if asyncio.get_running_loop().time() >= deadline:
                    self._work.persistently(finish)
                    raise
            await asyncio.sleep(RETRY)

    async def _was_ended(self, message: ChatMessage, ended_here: Callable[[], None]) -> None:
        """Find out who has ended an answer: an earlier try of this node, or another one; have it sent."""
        stored = await self._store.message(self.conversation_id, message.id)
        if stored is not None and _is_same_end(stored, message):
            ended_here()
        seqs = await self._store.newest_seqs([self.conversation_id])
        with contextlib.suppress(TimeoutError, StoreUnavailableError):
            async with asyncio.timeout(FETCH_PATIENCE):
                await self.feed.passed(seqs.get(self.conversation_id, 0))

    @property
    def is_on_several_nodes(self) -> bool:
        """Whether other nodes may write answers here, too."""
        return self.nodes is not None

    def turn(self, answer_seq: int) -> Coroutine[Any, Any, bool] | None:
        """Return what waits until an answer may be written (False: another node has ended it); None: now."""
        if self.nodes is None:
            return None
        return wait_for_turn(self.conversation_id, answer_seq, self._store, self.feed)

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

    def streams(self) -> list[OpenStream]:
        """Return the answers being written, on whatever node, with the text the connections here have."""
        here = self._streams_here(self.conversation_id)
        return here if self.nodes is None else here + self.nodes.streams(here)

    async def _read_on(self, position: int) -> list[LogEvent] | None:
        return await events_from(self._store, self.conversation_id, self._epoch, position)

    # ---- fan-out ---------------------------------------------------------------------------------------

    def committed_here(self, commit: Commit) -> None:
        """Take what this node committed: tell the other nodes, and send it when its turn has come."""
        try:
            if self.nodes is not None:
                self.nodes.committed(commit.events)
        finally:
            self.feed.take(commit.events)

    def _deliver(self, event: LogEvent) -> None:
        """Send a committed event, its turn having come."""
        if self.nodes is None:
            self._clients.send(event.target, *event.arguments)
            return
        with contextlib.ExitStack() as last_first:
            last_first.callback(self.nodes.after, event)
            last_first.callback(self._clients.send, event.target, *event.arguments)
            self.nodes.before(event)

    def stream(self, text: str, metadata: StreamMetadata) -> None:
        """Send a delta of an answer written here, already part of its text, on every node."""
        if self.nodes is None or self.nodes.tell_token(text, metadata):
            self.fan_out.send(text, metadata)

    def relay(self, relay: Relay) -> None:
        """Send a delta of an answer another node writes."""
        self.fan_out.send(relay.text, relay.metadata)

    def _volatile(self, target: str, *arguments: Any, excluded: Collection[str] = ()) -> None:
        """Send what a slow reader may miss; what cannot be sent is logged, the state goes on."""
        try:
            self.fan_out.send_volatile(target, *arguments, excluded=excluded)
        except Exception as error:  # noqa: BLE001 - the next list of people makes up for it
            _log.error("%s could not be sent: %s", target, trace_of(error))

    def _newest_presence(self) -> list[Event]:
        return [
            (ChatEvent.PRESENCE_UPDATE, (self.conversation_id, self.presence.participants())),
            (ChatEvent.TYPING_UPDATE, (self.conversation_id, self.presence.typing())),
        ]


def _has_result(done: asyncio.Future[Any]) -> bool:
    return done.done() and not done.cancelled()


def _is_same_end(stored: dict[str, Any], message: ChatMessage) -> bool:
    reason = stored.get("metadata", {}).get("finishReason")
    return (stored["content"], reason) == (message.content, message.metadata.get("finishReason"))
