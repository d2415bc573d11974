"""The live conversations of a hub: each loaded once, created where joining may, dropped when unused."""

from __future__ import annotations

import asyncio
import logging

from conduit_widget.hub.hub import Hub

from .conversation import Conversation
from .generation_queue import GenerationQueue
from .history_store import HistoryStore
from .settings import ChatSettings

__all__ = ["Conversations"]

_log = logging.getLogger(__name__)


class Conversations:
    """Conversations by id; never two objects for one of them, so that its events have one order.

    ``hub`` is where their connections are.
    """

    def __init__(
        self, hub: Hub, store: HistoryStore, generations: GenerationQueue, settings: ChatSettings
    ) -> None:
        self._hub = hub
        self._store = store
        self._generations = generations
        self._settings = settings
        self._live: dict[str, Conversation] = {}
        self._loading: dict[str, asyncio.Task[None]] = {}
        generations.on_idle = self._drop_if_unused

    def __len__(self) -> int:
        return len(self._live)

    def live(self, conversation_id: str) -> Conversation | None:
        """Return the conversation if somebody is there."""
        return self._live.get(conversation_id)

    async def open(self, conversation_id: str, user_id: str) -> Conversation | None:
        """Return the conversation, loaded or, where joining may create it, new and owned by the user.

        Use what this returns (:meth:`Conversation.pinned`) before awaiting anything else.
        """
        while True:
            live = self._live.get(conversation_id)
            if live is not None:
                return live
            loading = self._loading.get(conversation_id)
            if loading is None:
                loading = asyncio.create_task(self._load(conversation_id, user_id))
                self._loading[conversation_id] = loading
                loading.add_done_callback(lambda _: self._loading.pop(conversation_id, None))
            await asyncio.shield(loading)
            if conversation_id not in self._live and await self._store.find(conversation_id) is None:
                return None

    def close(self) -> None:
        """Forget every conversation, stopping its timer."""
        for conversation in self._live.values():
            conversation.close()
        self._live.clear()

    async def _load(self, conversation_id: str, user_id: str) -> None:
        record = await self._store.find(conversation_id)
        if record is None and self._settings.create_on_join:
            record = await self._store.create(
                conversation_id,
                owner_id=user_id,
                visibility=self._settings.visibility,
                assistant=self._settings.assistant,
            )
        if record is not None:
            self._live[conversation_id] = Conversation(
                record,
                hub=self._hub,
                store=self._store,
                settings=self._settings,
                streams=self._generations.open_streams,
                on_unused=self._drop_if_unused,
            )

    def _drop_if_unused(self, conversation_id: str) -> None:
        conversation = self._live.get(conversation_id)
        if conversation is None or not conversation.is_unused or self._generations.is_busy(conversation_id):
            return
        conversation.close()
        del self._live[conversation_id]
