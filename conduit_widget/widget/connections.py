"""The hub connections and open conversations of a loop thread, shared by all its widgets.

Widgets of one hub and identity share a connection, and chats of one conversation share the conversation: a
cell that is run twenty times makes twenty chats that cost one transcript. Everything here runs on the loop
thread.
"""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Hashable
from typing import Final, Protocol

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.access.notebooks import may_be_notebooks
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.pool import ConnectionPool, Lease
from conduit_widget.chat_client.token_refresh import keep_token_fresh
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.errors import trace_of
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.widget.notebook_title import NotebookTitle
from conduit_widget.widget.queue_keeper import QueueKeeper

_logger = logging.getLogger(__name__)

MAX_SNAPSHOT_BYTES: Final = 16 * 1024 * 1024  # a join's newest 50 messages may be long ones
_TURNS: Final = 8


class Guest(Protocol):
    """Something that uses connections and has to leave them before the loop ends."""

    async def flush(self, seconds: float) -> str | None:
        """Wait up to ``seconds`` for what is on its way; return a line for what was not sent."""

    async def close(self) -> None:
        """Release everything."""


class Connections:
    """Connections by hub and identity, conversations by connection and id; the last user closes either."""

    def __init__(self) -> None:
        self.guests: set[Guest] = set()
        self._pool = ConnectionPool()
        self._open: dict[tuple[Hashable, str], Conversation] = {}
        self._users: dict[Conversation, int] = {}
        self._titles: dict[Conversation, NotebookTitle] = {}
        self._speakers: dict[Hashable, HubAccess] = {}

    def lease(self, access: HubAccess) -> Lease:
        """Lease the connection of a hub and identity; it is opened by :meth:`Lease.started`."""
        access = self._speaker(access)
        return self._pool.acquire(access.key, lambda: connect(access))

    def _speaker(self, access: HubAccess) -> HubAccess:
        """Return the one of equal accesses that makes the connections: it knows whom they speak for."""
        return self._speakers.setdefault(access.key, access)

    def acquire(self, access: HubAccess, conversation_id: str) -> Conversation:
        """Return the open conversation, and open it where it is not; give it back to :meth:`release`."""
        key = (access.key, conversation_id)
        conversation = self._open.get(key)
        if conversation is None:
            keeper = QueueKeeper(self._speaker(access))
            conversation = Conversation(
                self.lease(access),
                conversation_id,
                access.identity.user_id,
                keeper=keeper,
                is_read_only=access.is_read_only,
            )
            self._open[key] = conversation
            self._users[conversation] = 0
            if may_be_notebooks(conversation_id) and not access.is_read_only:
                self._titles[conversation] = NotebookTitle(conversation)
            conversation.open()
        self._users[conversation] += 1
        return conversation

    async def release(self, conversation: Conversation) -> None:
        """Give a conversation back; the last user leaves it."""
        self._users[conversation] -= 1
        if self._users[conversation] == 0:
            del self._users[conversation]
            self._open = {key: each for key, each in self._open.items() if each is not conversation}
            title = self._titles.pop(conversation, None)
            if title is not None:
                await title.close()
            await conversation.close()

    def look_at_titles(self) -> None:
        """Look whether the notebooks of open conversations have another name now."""
        for title in self._titles.values():
            title.look()

    def unsent(self, access: HubAccess) -> int:
        """Return how many messages wait for this hub, over all conversations with this identity."""
        return sum(each.sender.unsent for (key, _), each in self._open.items() if key == access.key)

    async def leave_all(self, seconds: float) -> list[str]:
        """Send what waits, for ``seconds`` at most, and leave; return a line for each thing not sent."""
        # What was interrupted just now may still want an answer stopped: let it run first.
        for _ in range(_TURNS):
            await asyncio.sleep(0)
        guests = list(self.guests)
        flushed = await asyncio.gather(*(guest.flush(seconds) for guest in guests))
        closed = await asyncio.gather(*(guest.close() for guest in guests), return_exceptions=True)
        for error in filter(None, closed):
            _logger.error("A widget could not leave its hub: %s", trace_of(error))
        return [line for line in flushed if line]


def connect(access: HubAccess) -> HubConnection:
    """Return a new connection that keeps its token fresh; it is not started."""
    connection = HubConnection(
        access.url, access_token=access.token_to_connect, max_message_bytes=MAX_SNAPSHOT_BYTES
    )
    keep_token_fresh(connection, access.token)
    return connection


_by_thread: weakref.WeakKeyDictionary[LoopThread, Connections] = weakref.WeakKeyDictionary()


def connections_of(thread: LoopThread) -> Connections:
    """Return the connections of a loop thread; they are left in good order before it stops."""
    connections = _by_thread.get(thread)
    if connections is None:
        connections = _by_thread[thread] = Connections()
        thread.before_stop(connections.leave_all)
    return connections


def notebooks_moved() -> None:
    """Let the open conversations of notebooks follow to their new names. Any thread may call this."""
    for thread, connections in list(_by_thread.items()):
        thread.call(connections.look_at_titles)
