"""The seam of the conversation log: where order, durability and idempotency come from.

A conversation is a log of events (``ReceiveMessage``, ``MessageUpdated``). The store's transaction gives
each event its ``seq`` (1, 2, 3, … without a gap); a random ``epoch`` marks the log's life. Beside the log
stand the latest version of every message, the members, and the text so far of answers being written.

The store fills in what only it knows, in ``metadata``: ``conversationId``, ``seq`` (the message's place,
which never changes), ``timestamp``; an update adds ``eventSeq`` (the update's log position) and
``updatedAt``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from conduit_widget.types import (
    AssistantSetting,
    ChatMessage,
    HistoryPage,
    LogEvent,
    MemberRole,
    SendReceipt,
)

from .settings import Visibility

__all__ = [
    "Commit",
    "ConversationRecord",
    "HistoryStore",
    "NotInHistoryError",
    "OnCommit",
    "Snapshot",
    "StoredStream",
]


class NotInHistoryError(LookupError):
    """The conversation or message is not stored."""


class ConversationRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One conversation as stored; ``seq`` is the position of its newest event (0: none yet)."""

    id: str
    epoch: str
    seq: int
    visibility: Visibility
    assistant: AssistantSetting


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """What a durable append did. ``duplicate``: nothing new, the first append's receipt again."""

    receipt: SendReceipt
    events: tuple[LogEvent, ...] = ()
    duplicate: bool = False


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """The newest messages (wire form, oldest first), all read at ``record.seq``."""

    record: ConversationRecord
    messages: list[dict[str, Any]]
    has_more: bool


class StoredStream(msgspec.Struct, frozen=True, kw_only=True):
    """The checkpoint of an answer still being written; ``seq`` is that of its ``ReceiveMessage``."""

    conversation_id: str
    message_id: str
    seq: int
    text: str = ""
    index: int = 0
    model: str = ""
    provider: str = ""


OnCommit = Callable[[Commit], None]
"""Called on the event loop after the commit, in commit order, also when the awaiting caller has gone."""


class HistoryStore(Protocol):
    """A durable log per conversation. Every method may be called concurrently from one event loop.

    Writes return after they are durable. The queue of pending writes is bounded; its overflow policy is
    *wait*: a caller waits its turn, in order.
    """

    async def start(self) -> None:
        """Open the store, creating what is missing.

        Raises:
            RuntimeError: the stored data were written by a newer version.

        """
        ...

    async def aclose(self) -> None:
        """Finish pending writes and release everything (idempotent)."""
        ...

    async def create(
        self, conversation_id: str, *, owner_id: str, visibility: Visibility, assistant: AssistantSetting
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
        """Make the user an owner, member or reader; None removes them."""
        ...

    async def append(
        self,
        conversation_id: str,
        author_id: str,
        message: ChatMessage,
        *,
        answer: ChatMessage | None = None,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        """Append a message, and the placeholder of its answer, in one transaction.

        The placeholder opens a stream unless it already carries an error. ``message.id`` is the idempotency
        key: a second append of the same id by the same author changes nothing and has the first receipt.

        Raises:
            ValidationError: another author used the id.
            NotInHistoryError: no such conversation.

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

        Raises:
            NotInHistoryError: no such message.

        """
        ...

    async def checkpoint(self, stream: StoredStream) -> None:
        """Keep an open stream's text so far; a stream that is no longer open is left alone."""
        ...

    async def open_streams(self) -> list[StoredStream]:
        """Return every answer that has no end yet."""
        ...

    async def message(self, conversation_id: str, message_id: str) -> dict[str, Any] | None:
        """Return the latest version of a message in wire form, or None."""
        ...

    async def snapshot(self, conversation_id: str, *, limit: int, max_bytes: int) -> Snapshot | None:
        """Return the newest messages: at most ``limit``, at most ``max_bytes`` but at least one."""
        ...

    async def history(
        self, conversation_id: str, *, before_seq: int, limit: int, max_bytes: int
    ) -> HistoryPage:
        """Return the messages just before a position, bounded like a snapshot."""
        ...

    async def events_after(
        self, conversation_id: str, epoch: str, seq: int, *, limit: int, max_bytes: int
    ) -> list[LogEvent] | None:
        """Return *all* events after ``seq`` of that epoch, or None where that cannot be had.

        None means: another epoch, a ``seq`` beyond the log, more than ``limit`` events or ``max_bytes``.
        """
        ...
