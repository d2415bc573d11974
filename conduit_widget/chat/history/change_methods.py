"""The writes of the seam as changes, the same for every store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from conduit_widget.chat.history.batch import Append, Change, Checkpoint, Update
from conduit_widget.chat.history.imports import AppendImported
from conduit_widget.chat.history.pins import Pin
from conduit_widget.chat.history.read_marks import MarkRead
from conduit_widget.chat.history.revisions import AppendAnswer, Delete, React, Revise
from conduit_widget.chat.history.store import Commit, OnCommit, Reacted, Reaction, StoredStream
from conduit_widget.types import ChatMessage, Content

T = TypeVar("T")


class ChangeMethods:
    """``append``, ``update``, ``delete`` and the like of a ``HistoryStore`` that can ``write`` a change."""

    async def write(self, change: Change[T], on_commit: Callable[[T], None] | None = None) -> T:
        """Do a change in a transaction and return its result after the commit."""
        raise NotImplementedError

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
        change = Append(conversation_id, author_id, message, answer, is_root=is_root)
        return await self.write(change, on_commit)

    async def append_answer(
        self, conversation_id: str, answer: ChatMessage, *, on_commit: OnCommit | None = None
    ) -> Commit:
        return await self.write(AppendAnswer(conversation_id, answer), on_commit)

    async def update(
        self,
        conversation_id: str,
        message: ChatMessage,
        *,
        close_stream: bool = False,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        return await self.write(Update(conversation_id, message, close_stream=close_stream), on_commit)

    async def delete(
        self, conversation_id: str, message_id: str, user_id: str, *, on_commit: OnCommit | None = None
    ) -> Commit:
        return await self.write(Delete(conversation_id, message_id, user_id), on_commit)

    async def revise(
        self,
        conversation_id: str,
        message_id: str,
        content: Content,
        *,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        return await self.write(Revise(conversation_id, message_id, content), on_commit)

    async def react(
        self,
        conversation_id: str,
        message_id: str,
        reactions: Sequence[Reaction],
        *,
        on_commit: Callable[[Reacted], None] | None = None,
    ) -> Reacted:
        return await self.write(React(conversation_id, message_id, reactions), on_commit)

    async def pin(
        self,
        conversation_id: str,
        message_id: str,
        user_id: str,
        *,
        is_on: bool = True,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        return await self.write(Pin(conversation_id, message_id, user_id, is_on=is_on), on_commit)

    async def append_imported(
        self, conversation_id: str, author_id: str, messages: Sequence[ChatMessage]
    ) -> int:
        return await self.write(AppendImported(conversation_id, author_id, messages))

    async def checkpoint(self, stream: StoredStream) -> None:
        await self.write(Checkpoint(stream))

    async def mark_read(self, conversation_id: str, user_id: str, seq: int) -> int:
        await self.write(MarkRead(conversation_id, user_id, seq))
        return await self.read_mark(conversation_id, user_id)

    async def read_mark(self, conversation_id: str, user_id: str) -> int:
        """Return how far a user has read."""
        raise NotImplementedError
