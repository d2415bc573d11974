"""The writes of the seam as changes, the same for every store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from conduit_widget.chat.history.batch import Append, Change, Checkpoint, Update
from conduit_widget.chat.history.store import Commit, OnCommit, StoredStream
from conduit_widget.types import ChatMessage

T = TypeVar("T")


class ChangeMethods:
    """``append``, ``update`` and ``checkpoint`` of a ``HistoryStore`` that can ``write`` a change."""

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
        on_commit: OnCommit | None = None,
    ) -> Commit:
        return await self.write(Append(conversation_id, author_id, message, answer), on_commit)

    async def update(
        self,
        conversation_id: str,
        message: ChatMessage,
        *,
        close_stream: bool = False,
        on_commit: OnCommit | None = None,
    ) -> Commit:
        return await self.write(Update(conversation_id, message, close_stream=close_stream), on_commit)

    async def checkpoint(self, stream: StoredStream) -> None:
        await self.write(Checkpoint(stream))
