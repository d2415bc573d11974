"""Looks for what the bus did not bring from the other nodes.

Every few seconds the logs are compared with the store. After an interruption, and when nodes come or go, the
rest is read again: who is there, what is being written, who is still a member.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection
from typing import Final

from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.live.conversations import Conversations
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.errors import StoreUnavailableError, trace_of
from conduit_widget.hub.backplane.backplane import Backplane

_logger = logging.getLogger(__name__)

CALM: Final = 3.0
"""The number of ``poll_interval``s between two looks while the bus works."""

MEMBERS_INTERVAL: Final = 2.0
"""Seconds between two looks at who is still a member while the bus is away."""


class NodeWatch:
    """One background task; :meth:`start` and :meth:`aclose` it. It does not own the backplane."""

    def __init__(
        self, conversations: Conversations, store: HistoryStore, backplane: Backplane, settings: ChatSettings
    ) -> None:
        self._conversations = conversations
        self._store = store
        self._backplane = backplane
        self._settings = settings
        self._wake = asyncio.Event()
        self._people_stale = self._rest_stale = self._members_stale = False
        self._members_at = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self._stop_listening: list[Callable[[], None]] = []

    def start(self) -> None:
        """Start the task (harmless when it runs)."""
        if self._task is None:
            self._stop_listening = [
                self._backplane.on_interruption(self._interrupted),
                self._backplane.on_nodes_change(self._nodes_changed),
            ]
            self._task = asyncio.create_task(self._run(), name="chat-node")

    async def aclose(self) -> None:
        """End the task (idempotent)."""
        for stop in self._stop_listening:
            stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _interrupted(self) -> None:
        self._rest_stale = self._members_stale = True
        self._wake.set()

    def _nodes_changed(self, others: Collection[str]) -> None:
        for conversation in self._conversations.all():
            conversation.presence.keep_nodes(others)
            conversation.call.keep_nodes(others)
        self._people_stale = True
        self._wake.set()

    async def _run(self) -> None:
        while True:
            wait = self._settings.poll_interval * (CALM if self._backplane.connected else 1.0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)
            self._wake.clear()
            for step in (self._poll, self._read_again, self._recheck_members):
                await self._safely(step)

    async def _safely(self, step: Callable[[], Awaitable[None]]) -> None:
        """Await a step; one that fails is taken again in the next round."""
        try:
            await step()
        except StoreUnavailableError:
            _logger.debug("The store is away; this node looks again.")
        except Exception as error:  # noqa: BLE001 - this task must go on
            _logger.error("A look at the other nodes failed: %s", trace_of(error))  # noqa: TRY400

    async def _poll(self) -> None:
        """Compare every log with the store."""
        known = {found.conversation_id: found.feed.position for found in self._conversations.all()}
        if not known:
            return
        seqs = await self._store.newest_seqs(known)
        for conversation in self._conversations.all():
            position = known.get(conversation.conversation_id)
            if position is not None:
                await _compare(conversation, position, seqs.get(conversation.conversation_id, -1))

    async def _read_again(self) -> None:
        """Read what may have been missed besides the log."""
        everything, self._rest_stale = self._rest_stale, False
        people, self._people_stale = self._people_stale, False
        for conversation in self._conversations.all():
            if everything:
                await conversation.nodes.catch_up()
                await conversation.pinned(conversation.shared.read_again())
            elif people:
                await conversation.nodes.read_people()

    async def _recheck_members(self) -> None:
        """Remove everybody who lost their membership, if this node may not have been told."""
        now = asyncio.get_running_loop().time()
        unheard = not self._backplane.connected and now >= self._members_at + MEMBERS_INTERVAL
        if self._members_stale or unheard:
            for conversation in self._conversations.all():
                await conversation.pinned(conversation.recheck_members())
            self._members_stale, self._members_at = False, now


async def _compare(conversation: Conversation, position: int, stored: int) -> None:
    if stored >= position:
        conversation.feed.expect(stored)
    else:  # a log never gets shorter: it is another one
        await conversation.nodes.check_epoch()
