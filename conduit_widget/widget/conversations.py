"""The open conversations of a loop thread: chats of one conversation, hub and identity share one.

Lives on the loop thread. A cell that is run twenty times makes twenty chats; they cost one transcript.
"""

from __future__ import annotations

from collections.abc import Hashable

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.chat_client.conversation import Conversation
from conduit_widget.chat_client.pool import ConnectionFactory, ConnectionPool

__all__ = ["Conversations"]


class Conversations:
    """Conversations by hub, identity and id; opened by the first user, closed by the last."""

    def __init__(self) -> None:
        self._pool = ConnectionPool()
        self._open: dict[Hashable, Conversation] = {}
        self._users: dict[Conversation, int] = {}

    def acquire(self, access: HubAccess, conversation_id: str, connect: ConnectionFactory) -> Conversation:
        """Return the open conversation, connecting with ``connect`` where nothing is open yet."""
        key = (access.key, conversation_id)
        conversation = self._open.get(key)
        if conversation is None:
            lease = self._pool.acquire(access.key, connect)
            conversation = Conversation(lease, conversation_id, access.identity.user_id)
            self._open[key] = conversation
            self._users[conversation] = 0
            conversation.open()
        self._users[conversation] += 1
        return conversation

    async def release(self, conversation: Conversation) -> None:
        """Give a conversation back; the last user leaves it."""
        self._users[conversation] -= 1
        if self._users[conversation] == 0:
            del self._users[conversation]
            self._open = {key: each for key, each in self._open.items() if each is not conversation}
            await conversation.close()
