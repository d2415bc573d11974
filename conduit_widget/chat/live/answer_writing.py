"""What an answer that is being written needs of its conversation: a turn, the history, a place to go."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, Final

from conduit_widget.chat.history.store import Commit, StoredStream
from conduit_widget.chat.live.conversation_log import ConversationLog
from conduit_widget.chat.live.conversation_work import RETRY
from conduit_widget.chat.live.stream_fan_out import StreamFanOut
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.types import ChatMessage, HistoryPage

FETCH_PATIENCE: Final = 5.0
"""Seconds to wait for an event that is known to be in the store."""


class AnswerWriting:
    """One conversation as its answers need it (``AnsweredConversation``).

    ``stream(text, metadata)`` sends a delta, which the answer's open stream already has, to the connections
    on every node.
    """

    def __init__(
        self,
        log: ConversationLog,
        settings: ChatSettings,
        fan_out: StreamFanOut,
        system_prompt: Callable[[], str | None],
    ) -> None:
        self._system_prompt = system_prompt
        self.conversation_id = log.conversation_id
        self.is_on_several_nodes = log.nodes.are_there
        self.turn: Callable[[int], Coroutine[Any, Any, bool] | None] = log.nodes.turn
        self.stream = log.nodes.telling(fan_out.send)
        self.checkpoint: Callable[[StoredStream], Coroutine[Any, Any, None]] = log.store.checkpoint
        self._log = log
        self._settings = settings
        self._fan_out = fan_out

    @property
    def system_prompt(self) -> str | None:
        """What its owner has set for every answer; None for the hub's default."""
        return self._system_prompt()

    async def ancestors(self, message_id: str, limit: int) -> HistoryPage:
        """Return the messages that lead to a message, up to ``limit`` of them, oldest first."""
        return await self._log.store.ancestors(
            self.conversation_id, message_id, limit=limit, max_bytes=self._settings.reply_bytes
        )

    async def finish_answer(self, message: ChatMessage, on_commit: Callable[[], None]) -> None:
        """Commit an answer's final version, end its stream, send it to the group.

        An answer that another node has ended stays as that node left it; ``on_commit`` is not called then.
        While the store is away the commit is tried again; after ``finish_patience`` s in the background.

        Raises:
            StoreUnavailableError: the store was away for longer.

        """

        def ended_here() -> None:
            with contextlib.ExitStack() as last_first:
                last_first.callback(self._log.nodes.disown, message.id)
                last_first.callback(self._fan_out.end, message.id)
                on_commit()

        def committed(commit: Commit) -> None:
            if not commit.duplicate:
                try:
                    ended_here()
                finally:
                    self._log.announce(commit)

        async def finish() -> None:
            commit = await self._log.store.update(
                self.conversation_id, message, close_stream=True, on_commit=committed
            )
            if commit.duplicate:
                await self._was_ended(message, ended_here)

        deadline = asyncio.get_running_loop().time() + self._settings.finish_patience
        while True:
            try:
                return await self._log.work.pinned(finish())
            except StoreUnavailableError:
                if asyncio.get_running_loop().time() >= deadline:
                    self._log.work.persistently(finish)
                    raise
            await asyncio.sleep(RETRY)

    async def _was_ended(self, message: ChatMessage, ended_here: Callable[[], None]) -> None:
        """Find out who has ended an answer, an earlier try here or another node, and have the end sent."""
        stored = await self._log.store.message(self.conversation_id, message.id)
        if stored is not None and _is_same_end(stored, message):
            ended_here()
        seqs = await self._log.store.newest_seqs([self.conversation_id])
        with contextlib.suppress(TimeoutError, StoreUnavailableError):
            async with asyncio.timeout(FETCH_PATIENCE):
                await self._log.feed.passed(seqs.get(self.conversation_id, 0))


def _is_same_end(stored: dict[str, Any], message: ChatMessage) -> bool:
    reason = stored.get("metadata", {}).get("finishReason")
    return (stored["content"], reason) == (message.content, message.metadata.get("finishReason"))
