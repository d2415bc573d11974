"""The title of a notebook's own conversation: the notebook's name, unless somebody gives it another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import filelock

from conduit_widget.access.notebooks import due_title, title_given
from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.conversation.tasks import Tasks
from conduit_widget.chat_client.state.changes import Change, ConnectionChange
from conduit_widget.errors import ConduitError
from conduit_widget.types import ConversationPatch

_logger = logging.getLogger(__name__)


class NotebookTitle:
    """Gives an open conversation the name of its notebook whenever it is live; on the loop thread.

    Only an owner does. A hub that refuses, or knows no titles, leaves the conversation as it is.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._one_by_one = asyncio.Lock()
        self._tasks = Tasks(lambda _: None)  # the chat lives without it
        self._unsubscribe = conversation.subscribe(self._changed)

    def _changed(self, changes: Sequence[Change]) -> None:
        if any(isinstance(each, ConnectionChange) and each.connection.state == "live" for each in changes):
            self.look()

    def look(self) -> None:
        """Look whether the title is the notebook's name: it may be elsewhere now."""
        self._tasks.spawn(self._look())

    async def _look(self) -> None:
        async with self._one_by_one:
            settings = self._conversation.transcript.shared.settings
            if settings is None or settings.role != "owner":
                return
            id_ = self._conversation.conversation_id
            try:
                title = await asyncio.to_thread(due_title, id_, settings.title)
                now = self._conversation.transcript.shared.settings
                if title is not None and now is not None and now.title == settings.title:
                    await self._conversation.requests.update(ConversationPatch(title=title))
                    await asyncio.to_thread(title_given, id_, title)
            except (ConduitError, OSError, filelock.Timeout) as error:
                _logger.debug("A notebook's conversation keeps its title: %s", type(error).__name__)

    async def close(self) -> None:
        """Let it be."""
        self._unsubscribe()
        await self._tasks.end()
