"""A conversation while somebody is there: committing, fan-out in order, people, and the other nodes.

Order. The store commits an event and gives it its ``seq``; :class:`EventFeed` sends events to the group in
that order, whichever node committed them. :class:`Joining` brings newcomers in without a gap.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Any, TypeVar

import msgspec

from conduit_widget.chat.calls.conversation_call import ConversationCall
from conduit_widget.chat.history.feed import EventFeed
from conduit_widget.chat.history.store import Commit, ConversationRecord, HistoryStore
from conduit_widget.chat.live.access import WRITERS, Access
from conduit_widget.chat.live.answer_writing import AnswerWriting
from conduit_widget.chat.live.conversation_log import ConversationLog
from conduit_widget.chat.live.conversation_work import ConversationWork
from conduit_widget.chat.live.joining import Joining
from conduit_widget.chat.live.posting import Posting
from conduit_widget.chat.live.revising import Revising
from conduit_widget.chat.live.shared_state import SharedState
from conduit_widget.chat.live.stream_fan_out import Event, StreamFanOut
from conduit_widget.chat.nodes.alone import Alone
from conduit_widget.chat.nodes.other_nodes import Nodes
from conduit_widget.chat.people.appearance import look_of
from conduit_widget.chat.people.conversation_presence import ConversationPresence
from conduit_widget.chat.people.read_marks import ReadMarks
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ChatEvent, CloseCode
from conduit_widget.errors import trace_of
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.types import Author, JoinResult, LogEvent, MemberRole, OpenStream, ResumeResult

T = TypeVar("T")

_logger = logging.getLogger(__name__)


class Conversation:
    """One live conversation: ``messages``, ``revisions`` and ``answers`` write its log, ``fan_out`` and
    ``feed`` send. Its people are in ``presence``, those who talk to each other in ``call``.

    ``streams`` returns the answers this node writes; ``on_unused`` is called when nobody is left, ``on_lost``
    when its log cannot be continued. ``nodes`` are the other nodes; by default there are none.
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
        nodes: Nodes | None = None,
    ) -> None:
        self.conversation_id = record.id
        self.access = Access(record, store, ttl=settings.access_ttl)
        self.nodes = nodes = nodes or Alone(record, store)
        self._hub = hub
        self._store = store
        self._streams_here = streams
        self._on_unused = on_unused
        self._on_lost = on_lost
        self._group = f"conversation:{record.id}"
        self._work = ConversationWork(self._unused)
        self.fan_out = StreamFanOut(
            hub,
            record.id,
            self._group,
            streams=lambda _id: self.streams(),
            newest=self._newest_presence,
        )
        self.feed = EventFeed(
            record.seq,
            self._deliver,
            refill=nodes.refill,
            gap_delay=settings.gap_delay,
            on_lost=self._lost,
        )
        reads = ReadMarks(record.id, send=self._volatile)
        self.presence = ConversationPresence(
            record.id,
            settings,
            send=self._volatile,
            on_empty=self._unused,
            tell=nodes.tell_people,
            last_read=reads.of,
        )
        self.call = ConversationCall(
            record.id,
            settings.calls,
            grace=settings.presence_grace,
            node_grace=min(settings.node_grace, settings.presence_grace),
            send=self._volatile,
            send_to=lambda connection_id, *event: hub.clients.client(connection_id).send(*event),
            tell=nodes.tell_call,
            tell_signal=nodes.tell_signal,
        )
        self.shared = SharedState(
            record,
            store,
            self._work,
            nodes,
            reads,
            send=self._volatile,
            have_read=self.presence.forget_list,
            gone=self.gone,
        )
        log = ConversationLog(record.id, store, self._work, nodes, self.feed, self.committed)
        self.messages = Posting(log, self.presence)
        self.revisions = Revising(log)
        self.answers = AnswerWriting(log, settings, self.fan_out, lambda: self.shared.system_prompt)
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
        """Whether nobody is here, nobody is coming, and nothing is being written."""
        return self.presence.is_empty and not self._work.pending

    def close(self, *, node_ends: bool = False) -> None:
        """Stop everything; the conversation is not used again."""
        self.presence.close(tell=not node_ends)
        self.call.close()
        self.shared.reads.close()
        self.feed.close()
        self.nodes.close(node_ends=node_ends)
        self._work.close()

    async def pinned(self, work: Awaitable[T]) -> T:
        """Await ``work``; the conversation is not dropped meanwhile, so there is no second object for it."""
        return await self._work.pinned(work)

    async def whole(self, work: Coroutine[Any, Any, T]) -> T:
        """Await ``work`` as :meth:`pinned` does; it comes to its end whatever becomes of the caller."""
        return await self._work.whole(work)

    def _unused(self) -> None:
        if self.is_unused:
            self._on_unused(self.conversation_id)

    def _lost(self) -> None:
        """Close every connection, so that it joins again: the log it follows cannot be continued."""
        self._on_lost(self.conversation_id)
        for connection in self._hub.groups.members(self._group):
            connection.close(CloseCode.SHUTDOWN)

    # ---- joining ---------------------------------------------------------------------------------------

    async def join(self, caller: HubConnectionContext) -> JoinResult:
        """Add a connection; return the snapshot that its live events continue."""
        role = await self._coming(caller)
        result = self.shared.added_to(await self._joining.join(lambda: self._enter(caller)), role)
        return msgspec.structs.replace(result, call=self.call.now())

    async def resume(self, caller: HubConnectionContext, epoch: str, seq: int) -> ResumeResult:
        """Add a connection that was here before; return all it missed, or a snapshot if that is too much."""
        role = await self._coming(caller)
        result = await self._joining.resume(lambda: self._enter(caller), epoch, seq)
        call = self.call.now()
        if result.join is None:
            return msgspec.structs.replace(self.shared.added_to(result, role), call=call)
        join = msgspec.structs.replace(self.shared.added_to(result.join, role), call=call)
        return msgspec.structs.replace(result, join=join)

    async def _coming(self, caller: HubConnectionContext) -> MemberRole:
        """Get ready for somebody who may read; return their role."""
        await self.shared.load()
        return await self.access.require_reader(caller.user.user_id)

    def _enter(self, caller: HubConnectionContext) -> None:
        author = Author(user_id=caller.user.user_id, user_name=caller.user.user_name)
        self.presence.join(caller.connection_id, author, look_of(caller.user.claims))
        self._hub.groups.add(caller.connection_id, self._group)

    def has(self, connection_id: str) -> bool:
        """Whether the connection has joined."""
        return self.presence.has(connection_id)

    def leave(self, connection_id: str, *, goodbye: bool = False) -> None:
        """Remove a connection (harmless when not in); without a ``goodbye`` its user stays for the grace."""
        self._hub.groups.remove(connection_id, self._group)
        self.fan_out.forget(connection_id)
        self.call.disconnected(connection_id, goodbye=goodbye)
        self.presence.leave(connection_id, goodbye=goodbye)

    # ---- roles -----------------------------------------------------------------------------------------

    async def set_role(self, user_id: str, role: MemberRole | None) -> None:
        """Change a user's role; a user who loses it is out of the conversation at once, on every node."""
        await self._store.set_role(self.conversation_id, user_id, role)
        self.nodes.tell_role(user_id)
        await self.recheck_role(user_id)

    def role_changed(self, user_id: str) -> None:
        """Check a user's role, which was changed on another node."""
        self.access.forget(user_id)
        self._work.persistently(lambda: self.recheck_role(user_id))

    async def recheck_role(self, user_id: str) -> None:
        """Take a user out who may no longer read, and tell their connections."""
        self.access.forget(user_id)
        role = await self.access.role(user_id)
        if role not in WRITERS:
            self.call.remove(user_id)
        if role is None:
            self._take_out(user_id)
            self.shared.reads.drop(user_id)
            return
        for connection_id in self.presence.connections_of(user_id):
            connection = self._hub.clients.client(connection_id)
            connection.send(ChatEvent.CONVERSATION_UPDATED, self.shared.settings(role))

    def gone(self) -> None:
        """Take everybody out: the conversation has been deleted."""
        for user_id in self.presence.user_ids():
            self._take_out(user_id)
        self._on_lost(self.conversation_id)

    def _take_out(self, user_id: str) -> None:
        self.call.remove(user_id)
        for connection_id in self.presence.remove(user_id):
            self._hub.groups.remove(connection_id, self._group)
            self.fan_out.forget(connection_id)
            connection = self._hub.clients.client(connection_id)
            connection.send(ChatEvent.REMOVED_FROM_CONVERSATION, self.conversation_id)

    async def recheck_members(self) -> None:
        """Take out everybody who lost their membership unnoticed, while the bus was away."""
        if self.access.is_open or self.presence.is_empty:
            return
        members = dict(await self._store.members(self.conversation_id))
        for user_id in self.presence.user_ids():
            self.access.forget(user_id)
            if user_id not in members:
                await self.recheck_role(user_id)

    # ---- fan-out ---------------------------------------------------------------------------------------

    def streams(self) -> list[OpenStream]:
        """Return the answers being written, on whatever node, with the text the connections here have."""
        return self.nodes.streams(self._streams_here(self.conversation_id))

    def committed(self, commit: Commit) -> None:
        """Tell the other nodes what this node committed, and send it when its turn has come."""
        try:
            self.nodes.committed(commit.events)
        finally:
            self.feed.accept(commit.events)

    def _deliver(self, event: LogEvent) -> None:
        """Send a committed event, whose turn has come."""
        try:
            self.nodes.on_delivering(event)
        finally:
            try:
                self.fan_out.everybody.send(event.target, *event.arguments)
                self._deliver_reactions(event)
            finally:
                self.nodes.on_delivered(event)

    def _deliver_reactions(self, event: LogEvent) -> None:
        """Send a message's reactions by themselves too, for peers that look at nothing else."""
        if event.target == ChatEvent.MESSAGE_UPDATED:
            message = event.arguments[0]
            reactions = message.get("metadata", {}).get("reactions")
            if reactions is not None:
                everybody = self.fan_out.everybody
                everybody.send(ChatEvent.REACTIONS_UPDATED, self.conversation_id, message["id"], reactions)

    def _volatile(self, target: str, *arguments: Any, excluded: Collection[str] = ()) -> None:
        """Send an event that a slow reader may miss; a failure is logged, and the state kept."""
        try:
            self.fan_out.send_volatile(target, *arguments, excluded=excluded)
        except Exception as error:  # noqa: BLE001 - the next list of people makes up for it
            _logger.error("%s could not be sent: %s", target, trace_of(error))  # noqa: TRY400

    def _newest_presence(self) -> list[Event]:
        return [
            (ChatEvent.PRESENCE_UPDATE, (self.conversation_id, self.presence.participants())),
            (ChatEvent.TYPING_UPDATE, (self.conversation_id, self.presence.typing())),
            (ChatEvent.CALL_UPDATED, (self.conversation_id, self.call.now())),
            *self.shared.events(),
        ]
