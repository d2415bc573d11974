"""The seam of the conversation log: where order, durability and idempotency come from.

A conversation is a log of events (``ReceiveMessage``, ``MessageUpdated``). The store's transaction gives
each event its ``seq`` (1, 2, 3, … without a gap); a random ``epoch`` marks the log's life. Beside the log
stand the latest version of every message, the members, and the text so far of answers being written.

The messages form a tree: each continues an older one of its conversation, its parent, or begins a branch.

The store fills in what only it knows, in ``metadata``: ``conversationId``, ``seq`` (the message's place,
which never changes), ``timestamp``; an update adds ``eventSeq`` (the update's log position) and
``updatedAt``.

Where several nodes (hub processes) share a store, an open stream belongs to the node that opened it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final, NamedTuple, Protocol, Self

import msgspec

from conduit_widget.chat.history.bodies import read_messages
from conduit_widget.chat.history.file_records import FileRecords
from conduit_widget.chat.history.search import Search
from conduit_widget.contract import RECOVERY_SECONDS
from conduit_widget.errors import ConduitError
from conduit_widget.types import (
    AssistantSetting,
    ChatMessage,
    Content,
    ConversationPatch,
    HistoryPage,
    LogEvent,
    MemberRole,
    SearchResult,
    SendReceipt,
    Visibility,
)

LAST_OWNER: Final = "is the last owner; make somebody else an owner first"


class ConversationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation as stored; ``seq`` is the position of its newest event (0: none yet)."""

    id: str
    epoch: str
    seq: int
    visibility: Visibility
    assistant: AssistantSetting
    title: str | None = None
    system_prompt: str | None = None
    pinned: bool = False

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Self:
        """Return the conversation of a row that has the fields' values in their order."""
        values = dict(zip(cls.__struct_fields__, row, strict=True))
        return cls(**{**values, "pinned": bool(values["pinned"])})


class Overview(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation in the list of a user; ``last`` is its newest whole message in wire form."""

    record: ConversationRecord
    role: MemberRole
    last_read_seq: int
    unread: int
    last: dict[str, Any] | None

    @classmethod
    def of_row(cls, row: Sequence[Any]) -> Self:
        """Return what a row says: a conversation's values, role, read mark, unread, and the newest body."""
        *record, role, last_read_seq, unread, body = row
        last = read_messages([] if body is None else [body])
        return cls(
            record=ConversationRecord.of_row(record),
            role=role,
            last_read_seq=last_read_seq,
            unread=unread,
            last=last[0] if last else None,
        )


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """What a durable append did.

    ``duplicate``: nothing new; the first append's receipt again, or a stream that had ended already.
    """

    receipt: SendReceipt
    events: tuple[LogEvent, ...] = ()
    duplicate: bool = False


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The newest messages (wire form, oldest first), all read at ``record.seq``."""

    record: ConversationRecord
    messages: list[dict[str, Any]]
    has_more: bool


class StoredStream(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint of an answer still being written.

    ``seq`` is that of its ``ReceiveMessage``; ``node_id`` names the node that writes it (the store sets it).
    """

    conversation_id: str
    message_id: str
    seq: int
    text: str = ""
    index: int = 0
    model: str = ""
    provider: str = ""
    node_id: str = ""


class Reaction(NamedTuple):
    """A user's emoji at a message, set or taken away."""

    user_id: str
    emoji: str
    is_on: bool


class Reacted(NamedTuple):
    """What several reactions did; ``refusals`` has, for each, why it was refused, or None."""

    commit: Commit
    refusals: tuple[ConduitError | None, ...]


OnCommit = Callable[[Commit], None]
"""Called on the event loop after the commit, in commit order, also when the awaiting caller has gone."""


class HistoryStore(Protocol):
    """A durable log per conversation. Every method may be called concurrently from one event loop.

    Writes return after they are durable. The queue of pending writes is bounded; its overflow policy is
    *wait*: a caller waits its turn, in order.

    While the database behind a store cannot be used, every method but ``aclose`` that needs it raises
    ``StoreUnavailableError`` (``StoreFullError`` when its disk is full); the store recovers by itself. A
    write that raised it may have been done all the same: do it again (an append with the same id, an update
    with ``close_stream``).
    """

    @property
    def files(self) -> FileRecords:
        """The records of the conversations' files."""
        ...

    async def start(self) -> None:
        """Open the store, creating what is missing.

        Raises:
            RuntimeError: the stored data were written by a newer version.

        """
        ...

    async def aclose(self) -> None:
        """Finish pending writes and release everything (idempotent)."""
        ...

    async def check(self) -> None:
        """Find out whether the store can be used; where the last write failed, try one that changes nothing.

        Raises:
            StoreUnavailableError: it cannot be read, or not written.

        """
        ...

    async def create(
        self,
        conversation_id: str,
        *,
        owner_id: str,
        visibility: Visibility,
        assistant: AssistantSetting,
        title: str | None = None,
    ) -> ConversationRecord:
        """Create a conversation owned by ``owner_id``; an existing one is returned unchanged."""
        ...

    async def find(self, conversation_id: str) -> ConversationRecord | None:
        """Return the conversation, or None."""
        ...

    async def role(self, conversation_id: str, user_id: str) -> MemberRole | None:
        """Return the user's role, or None for a stranger."""
        ...

    async def set_role(self, conversation_id: str, user_id: str, role: MemberRole | None) -> None:
        """Make the user an owner, member or reader; None removes them.

        Raises:
            ValidationError: they are the last owner and would not be one any more.
            NotInHistoryError: no such conversation.

        """
        ...

    async def members(self, conversation_id: str) -> list[tuple[str, MemberRole]]:
        """Return every user with a role, by user id."""
        ...

    async def conversations_of(
        self, user_id: str, *, limit: int
    ) -> list[tuple[ConversationRecord, MemberRole]]:
        """Return the user's conversations and their role in each; the newest event's first.

        Theirs are those that give them a role, and the open ones in which they have read or written.
        """
        ...

    async def overviews(self, user_id: str, *, limit: int) -> list[Overview]:
        """Return the same conversations as a list shows them; the newest event's first."""
        ...

    async def configure(self, conversation_id: str, patch: ConversationPatch) -> ConversationRecord | None:
        """Change what an owner sets; return the conversation as it is then, None for an unknown one."""
        ...

    async def delete_conversation(self, conversation_id: str) -> bool:
        """Delete a conversation and everything in it, for good; return False for an unknown one."""
        ...

    async def mark_read(self, conversation_id: str, user_id: str, seq: int) -> int:
        """Note that the user has read up to ``seq``; a lower one than before changes nothing.

        Returns:
            The mark as it is now, never beyond the newest event.

        Raises:
            NotInHistoryError: no such conversation.

        """
        ...

    async def read_marks(self, conversation_id: str) -> dict[str, int]:
        """Return how far each user who may read has read: of the thousand who have read furthest."""
        ...

    async def pinned(self, conversation_id: str) -> list[dict[str, Any]]:
        """Return the pinned messages in wire form, the oldest first."""
        ...

    async def search(self, search: Search) -> SearchResult:
        """Return the newest messages that have all that is looked for; text of unfinished answers has not."""
        ...

    async def append(
        self,
        conversation_id: str,
        author_id: str,
        message: ChatMessage,
        *,
        answer: ChatMessage | None = None,
        is_root: bool = False,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        """Append a message, and the placeholder of its answer, in one transaction.

        The placeholder opens a stream unless it already carries an error; where the conversation has an open
        stream already, a ``metadata.status`` of "streaming" becomes "queued". ``message.id`` is the
        idempotency key: a second append of the same id by the same author changes nothing and has the first
        receipt.

        The message continues the one that ``message.parent_id`` names; without one, the newest message at its
        commit, or with ``is_root`` none. The placeholder continues the message.

        Raises:
            ValidationError: another author used the id, or no message of the conversation is the parent, or
                the one that ``metadata.replyTo`` names.
            NotInHistoryError: no such conversation.

        """
        ...

    async def append_answer(
        self, conversation_id: str, answer: ChatMessage, *, on_commit: OnCommit | None = None
    ) -> Commit:
        """Append the placeholder of another answer to the message that ``answer.parent_id`` names.

        It is like that of :meth:`append`, and its id is the idempotency key. The receipt is the answer's.

        Raises:
            ValidationError: a message of somebody has the id.
            NotInHistoryError: no such message.

        """
        ...

    async def update(
        self,
        conversation_id: str,
        message: ChatMessage,
        *,
        close_stream: bool = False,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        """Append a new version of a message; ``close_stream`` also ends its stream.

        A stream can be ended once: where it is not open (any more), nothing changes and the commit is a
        duplicate without events.

        Raises:
            NotInHistoryError: no such message.

        """
        ...

    async def delete(
        self, conversation_id: str, message_id: str, user_id: str, *, on_commit: OnCommit | None = None
    ) -> Commit:
        """Put a tombstone in a message's place, by ``user_id``, and end its stream if it is open.

        Its text, files and versions are gone from the store then, also from the log's earlier events. A
        second deletion changes nothing.

        Raises:
            NotInHistoryError: no such message.

        """
        ...

    async def revise(
        self,
        conversation_id: str,
        message_id: str,
        content: Content,
        *,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        """Give a message that was never answered a new text in its place; the old one is gone as if deleted.

        Raises:
            AnsweredError: it has been answered.
            ValidationError: it was deleted.
            NotInHistoryError: no such message.

        """
        ...

    async def react(
        self,
        conversation_id: str,
        message_id: str,
        reactions: Sequence[Reaction],
        *,
        on_commit: Callable[[Reacted], None] | None = None,
    ) -> Reacted:
        """Set and take away people's reactions to a message, in one new version of it.

        Raises:
            NotInHistoryError: no such message.

        """
        ...

    async def pin(
        self,
        conversation_id: str,
        message_id: str,
        user_id: str,
        *,
        is_on: bool = True,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        """Pin a message for everybody, by ``user_id``, or take its pin away; what is so already stays.

        Raises:
            ValidationError: it was deleted, or as many are pinned as may be.
            NotInHistoryError: no such message.

        """
        ...

    async def begin_import(
        self,
        conversation_id: str,
        *,
        owner_id: str,
        assistant: AssistantSetting,
        title: str | None = None,
    ) -> bool:
        """Make a conversation to bring messages into; until :meth:`finish_import` nobody has a role in it.

        The same again changes nothing. One that nothing was added to for an hour is deleted by :meth:`prune`.

        Returns:
            Whether messages can be added; False where the conversation is there and finished.

        """
        ...

    async def append_imported(
        self, conversation_id: str, author_id: str, messages: Sequence[ChatMessage]
    ) -> int:
        """Append messages that were written elsewhere, all or none; those that are there already stay.

        Each continues the one that its ``parent_id`` names, which stands before it, or none. Its
        ``metadata.timestamp`` stays. ``author_id`` is who brings in what people wrote.

        Returns:
            How many the conversation has now.

        Raises:
            ValidationError: no message is the parent, or the one of ``metadata.replyTo``, or there are
                too many.
            NotInHistoryError: the conversation is not being brought in.

        """
        ...

    async def finish_import(self, conversation_id: str, owner_id: str) -> bool:
        """Hand a conversation that was brought in to its owner; return False where they have none."""
        ...

    async def checkpoint(self, stream: StoredStream) -> None:
        """Keep an open stream's text so far; a stream that is no longer open is left alone."""
        ...

    async def open_streams(self, conversation_id: str | None = None) -> list[StoredStream]:
        """Return every answer that has no end yet, of one conversation or all, in the order of their seq."""
        ...

    async def abandoned_streams(self) -> list[StoredStream]:
        """Return the open answers whose writer is gone: a node that does not live, or an earlier process."""
        ...

    async def heartbeat(self) -> None:
        """Say that this node lives. Call it every 3 s: one that is silent for 10 s is taken for dead."""
        ...

    async def message(self, conversation_id: str, message_id: str) -> dict[str, Any] | None:
        """Return the latest version of a message in wire form, or None."""
        ...

    async def locate(
        self, conversation_ids: Collection[str], message_id: str
    ) -> list[tuple[str, dict[str, Any]]]:
        """Return the messages of that id in the conversations, each with its conversation's id.

        Message ids are chosen by clients: more than one conversation may have the same. One that cannot be
        read has an empty role.
        """
        ...

    async def snapshot(self, conversation_id: str, *, limit: int, max_bytes: int) -> Snapshot | None:
        """Return the newest messages: at most ``limit``, at most ``max_bytes`` but at least one."""
        ...

    async def history(
        self, conversation_id: str, *, before_seq: int, limit: int, max_bytes: int
    ) -> HistoryPage:
        """Return the messages just before a position, bounded like a snapshot."""
        ...

    async def ancestors(
        self, conversation_id: str, message_id: str, *, limit: int, max_bytes: int
    ) -> HistoryPage:
        """Return the messages that lead to a message, up to the one it continues, oldest first.

        Those nearest to the message come first into the page, which is bounded like a snapshot. The page
        before it is that of its first message's ancestors. An unknown message has none.
        """
        ...

    async def children(self, conversation_id: str, parent_id: str | None) -> list[str]:
        """Return the ids of the messages that continue a message, oldest first; with None, of the roots."""
        ...

    async def events_after(
        self,
        conversation_id: str,
        epoch: str,
        seq: int,
        *,
        limit: int,
        max_bytes: int,
        recent: float = RECOVERY_SECONDS,
    ) -> list[LogEvent] | None:
        """Return *all* events after ``seq`` of that epoch, or None where that cannot be had.

        None means: another epoch, a ``seq`` beyond the log, events that were pruned, more than ``max_bytes``,
        or more than ``limit`` events of which the oldest is older than ``recent`` seconds.
        """
        ...

    async def newest_seqs(self, conversation_ids: Collection[str]) -> dict[str, int]:
        """Return the position of the newest event of each conversation; unknown ones are left out."""
        ...

    async def prune(self, *, keep_events: int, older_than: float) -> int:
        """Forget log events that recovery does not need; messages are never forgotten.

        Dropped are those beyond the newest ``keep_events`` of their conversation that are also older than
        ``older_than`` seconds. Call it every few minutes from any node (several at once do no harm).

        Returns:
            How many events were dropped.

        """
        ...
