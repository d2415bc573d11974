"""Keeps the store in order: sends this node's heartbeat, ends the answers of dead nodes, prunes the log.

An answer whose writer is gone becomes ``interrupted``, with the text of its last checkpoint and what its
writer has told this node since. A node that heard nothing of it lets the nodes go first that may have.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from conduit_widget.chat.history.store import HistoryStore, StoredStream
from conduit_widget.chat.live.conversations import Conversations
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import NotInHistoryError, StoreUnavailableError, trace_of
from conduit_widget.types import ChatMessage

_logger = logging.getLogger(__name__)

FIRST_PRUNE: Final = 60.0


class Reaper:
    """The background tasks of the store; :meth:`start` and :meth:`aclose` them.

    A node that was frozen itself, or cut off from the store, knows nothing of the others: it ends no answers
    until its own heartbeats have been unbroken for ``dead_after`` seconds.
    """

    def __init__(
        self,
        store: HistoryStore,
        conversations: Conversations,
        settings: ChatSettings,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._conversations = conversations
        self._settings = settings
        self._clock = clock
        self._unbroken_since = float("inf")
        self._heard_at = float("-inf")
        self._store_is_away = False
        self._left: set[tuple[str, str]] = set()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the tasks (harmless when they run)."""
        if not self._tasks:
            settings = self._settings
            self._tasks = [
                asyncio.create_task(self._every(settings.heartbeat_interval, self.beat), name="heartbeat"),
                asyncio.create_task(self._every(settings.reap_interval, self.reap_dead), name="reaper"),
                asyncio.create_task(
                    self._every(settings.prune_interval, self.prune, first=FIRST_PRUNE), name="prune"
                ),
            ]

    async def aclose(self) -> None:
        """End the tasks (idempotent)."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def beat(self) -> None:
        """Tell the store that this node lives."""
        try:
            await self._store.heartbeat()
        except StoreUnavailableError:
            self._away(True)
            raise
        self._away(False)
        now = self._clock()
        if self._was_silent(now):
            self._unbroken_since = now
        self._heard_at = now

    async def reap_dead(self) -> None:
        """End the answers that dead nodes left, if this node can tell which nodes are dead.

        An answer of which this node heard nothing is ended at the second look only. All nodes have looked by
        then, so that people keep what they have read of it beyond the checkpoint.
        """
        now = self._clock()
        if self._was_silent(now) or now - self._unbroken_since < self._settings.dead_after:
            return
        left, self._left = self._left, set()
        for stream in await self._store.abandoned_streams():
            key = (stream.conversation_id, stream.message_id)
            if key in left or self._heard(stream) is not None:
                await self._interrupt(stream)
            else:
                self._left.add(key)

    async def reap(self) -> None:
        """End every answer whose writer is gone, at once."""
        for stream in await self._store.abandoned_streams():
            await self._interrupt(stream)

    async def prune(self) -> None:
        """Delete the log events that recovery does not need."""
        settings = self._settings
        await self._store.prune(keep_events=settings.recovery_events, older_than=settings.recovery_seconds)

    def _was_silent(self, now: float) -> bool:
        """Whether a heartbeat was missed: then the others may have missed theirs, too, without being dead."""
        return now - self._heard_at > self._settings.dead_after / 2

    async def _interrupt(self, stream: StoredStream) -> None:
        record = await self._store.find(stream.conversation_id)
        wire = await self._store.message(stream.conversation_id, stream.message_id)
        if record is None or wire is None:
            return
        try:
            await self._store.update(
                stream.conversation_id,
                _interrupted(ChatMessage.from_wire(wire), self._as_heard(stream)),
                close_stream=True,
                on_commit=lambda commit: self._conversations.committed(record, commit),
            )
        except NotInHistoryError:
            return  # it is gone, and its stream with it

    def _as_heard(self, stream: StoredStream) -> StoredStream:
        """Return the stream with what its writer told after the checkpoint, which people here have read."""
        text = self._heard(stream) or ""
        return msgspec.structs.replace(stream, text=text) if text.startswith(stream.text) else stream

    def _heard(self, stream: StoredStream) -> str | None:
        """Return the text this node has of an answer; None if it heard nothing of it, as others may have."""
        conversation = self._conversations.live(stream.conversation_id)
        return None if conversation is None else conversation.nodes.text_heard(stream.message_id)

    async def _every(
        self, interval: float, work: Callable[[], Awaitable[None]], *, first: float = 0.0
    ) -> None:
        await asyncio.sleep(first)
        while True:
            try:
                await work()
            except StoreUnavailableError:
                _logger.debug("The store is away; it is tried again.")
            except Exception as error:  # noqa: BLE001 - this task must go on
                _logger.error("The store could not be kept in order: %s", trace_of(error))  # noqa: TRY400
            await asyncio.sleep(interval)

    def _away(self, away: bool) -> None:
        if away != self._store_is_away:
            self._store_is_away = away
            if away:
                _logger.warning("The history store cannot be reached; it is tried again.")
            else:
                _logger.info("The history store is back.")


def _interrupted(placeholder: ChatMessage, stream: StoredStream) -> ChatMessage:
    known = {"model": stream.model, "provider": stream.provider}
    return ChatMessage(
        id=placeholder.id,
        role=placeholder.role,
        content=stream.text,
        parent_id=placeholder.parent_id,
        metadata={
            **placeholder.metadata,
            **{key: value for key, value in known.items() if value},
            "status": "interrupted",
            "finishReason": "interrupted",
        },
    )
