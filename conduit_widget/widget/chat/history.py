"""Everything that was said in a conversation, to iterate over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any, TypeVar

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.conversation.history_pages import HistoryPages
from conduit_widget.chat_client.conversation.requests import LARGEST_PAGE
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.types import ChatMessage
from conduit_widget.widget.answers.pending_result import PendingResult

_T = TypeVar("_T")


class ChatHistory:
    """All messages of a conversation, oldest first: ``for`` in a plain cell, ``async for`` in an async one.

    They are read from the hub a page at a time, as far as the conversation goes when the reading begins.
    """

    def __init__(self, thread: LoopThread, conversation: Conversation) -> None:
        self._thread = thread
        self._pages = HistoryPages(conversation)

    def __repr__(self) -> str:
        """Return how to read it."""
        return "<history: read it with `for` or `async for`>"

    def __iter__(self) -> Iterator[ChatMessage]:
        """Yield every message; waits for each page."""
        newest = self._pending(self._pages.newest()).result()
        for seq in range(0, newest, LARGEST_PAGE):
            yield from self._pending(self._pages.page(seq, newest)).result()

    async def __aiter__(self) -> AsyncIterator[ChatMessage]:
        """Yield every message; awaits each page."""
        newest = await self._pending(self._pages.newest())
        for seq in range(0, newest, LARGEST_PAGE):
            for message in await self._pending(self._pages.page(seq, newest)):
                yield message

    def _pending(self, work: Coroutine[Any, Any, _T]) -> PendingResult[_T]:
        return PendingResult("history", self._thread.submit(work))
