"""Everything that was said in a conversation, page by page."""

from __future__ import annotations

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.conversation.requests import LARGEST_PAGE
from conduit_widget.chat_client.state.messages import read_messages, seq_of
from conduit_widget.types import ChatMessage


class HistoryPages:
    """The pages of one conversation's history, on its loop."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    async def newest(self) -> int:
        """Return how far the conversation goes now, once it is live."""
        await self._conversation.connectivity.wait_live()
        return self._conversation.transcript.seq

    async def page(self, seq: int, newest: int) -> list[ChatMessage]:
        """Return the messages of the next positions after ``seq``, up to ``newest``."""
        page = await self._conversation.requests.page_after(seq)
        return [each for each in read_messages(page.messages) if (seq_of(each) or 0) <= newest]

    async def whole(self) -> list[ChatMessage]:
        """Return all messages, oldest first."""
        messages: list[ChatMessage] = []
        newest = await self.newest()
        for seq in range(0, newest, LARGEST_PAGE):
            messages += await self.page(seq, newest)
        return messages
