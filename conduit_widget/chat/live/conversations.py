"""The live conversations of a hub: each is loaded once, created if joining may do so, dropped when unused."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from conduit_widget.chat.answers.generation_queue import GenerationQueue
from conduit_widget.chat.history.store import Commit, ConversationRecord, HistoryStore
from conduit_widget.chat.live.conversation import Conversation
from conduit_widget.chat.nodes.alone import Alone
from conduit_widget.chat.nodes.channel import Deleted, NodeChannel, publish_event
from conduit_widget.chat.nodes.other_nodes import Nodes, OtherNodes
from conduit_widget.chat.settings import ChatSettings
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.calls.hub import Hub

LISTEN_PATIENCE: Final = 2.0
"""Seconds to wait for the bus; then a conversation is loaded without it."""
EVERYTHING: Final = 2**53 - 1
"""A position after every other."""


class Conversations:
    """Conversations by id; there are never two objects for one of them, so that its events have one order.

    ``hub`` has their connections; ``backplane`` leads to the other nodes on which they may be live.
    """

    def __init__(
        self,
        hub: Hub,
        store: HistoryStore,
        generations: GenerationQueue,
        settings: ChatSettings,
        backplane: Backplane | None = None,
    ) -> None:
        self._hub = hub
        self._store = store
        self._generations = generations
        self._settings = settings
        self._backplane = backplane
        self._live: dict[str, Conversation] = {}
        self._loading: dict[str, asyncio.Task[None]] = {}
        generations.on_idle = self._drop_if_unused

    def __len__(self) -> int:
        return len(self._live)

    def live(self, conversation_id: str) -> Conversation | None:
        """Return the conversation if it is live here."""
        return self._live.get(conversation_id)

    def all(self) -> list[Conversation]:
        """Return the conversations with at least one connection."""
        return list(self._live.values())

    async def open(self, conversation_id: str, user_id: str | None) -> Conversation | None:
        """Return the conversation, loaded if needed; joining may create it, then the user owns it.

        Without a ``user_id`` nothing is created.

        Use the result (:meth:`Conversation.pinned`) before awaiting anything else.
        """
        while True:
            live = self._live.get(conversation_id)
            if live is not None:
                return live
            loading = self._loading.get(conversation_id)
            is_ours = loading is None or user_id is None  # another's may not create where this one may
            if loading is None:
                loading = asyncio.create_task(self._load(conversation_id, user_id))
                self._loading[conversation_id] = loading
                loading.add_done_callback(lambda _: self._loading.pop(conversation_id, None))
            await asyncio.shield(loading)
            if (
                is_ours
                and conversation_id not in self._live
                and await self._store.find(conversation_id) is None
            ):
                return None

    def close(self) -> None:
        """Forget every conversation: this node ends, and its people are about to come back on others."""
        for loading in self._loading.values():
            loading.cancel()
        for conversation in self._live.values():
            conversation.close(node_ends=True)
        self._live.clear()

    def committed(self, record: ConversationRecord, commit: Commit) -> None:
        """Send what this node committed to everybody there, on every node, whether or not it is live here."""
        live = self._live.get(record.id)
        if live is not None:
            live.committed(commit)
        elif self._backplane is not None:
            for event in commit.events:
                publish_event(self._backplane, record.id, record.epoch, event)

    # ---- loading and dropping --------------------------------------------------------------------------

    async def _load(self, conversation_id: str, user_id: str | None) -> None:
        if self._backplane is None:
            record = await self._record(conversation_id, user_id)
            if record is not None:
                self._live[conversation_id] = self._conversation(record, Alone(record, self._store))
            return
        channel = NodeChannel(self._backplane, conversation_id)
        try:
            await self._load_with(channel, conversation_id, user_id)
        finally:
            if conversation_id not in self._live:
                channel.close()

    async def _load_with(self, channel: NodeChannel, conversation_id: str, user_id: str | None) -> None:
        """Subscribe first, then read: what is committed or said from here on is heard, or asked for later."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(channel.ready(), LISTEN_PATIENCE)
        record = await self._record(conversation_id, user_id)
        if record is None:
            return
        streams = await self._store.open_streams(conversation_id)
        people, calls = await asyncio.gather(channel.people(), channel.call())
        nodes = OtherNodes(record, channel, self._store, self._generations)
        conversation = self._conversation(record, nodes)
        nodes.begin(
            conversation.feed,
            conversation.presence,
            conversation.call,
            streams=streams,
            people=people,
            calls=calls,
            send_delta=conversation.fan_out.send,
            on_ended=conversation.fan_out.end,
            on_role_changed=conversation.role_changed,
            on_news=conversation.shared.told,
        )
        self._live[conversation_id] = conversation

    async def _record(self, conversation_id: str, user_id: str | None) -> ConversationRecord | None:
        record = await self._store.find(conversation_id)
        if record is None and user_id is not None and self._settings.create_on_join:
            record = await self._store.create(
                conversation_id,
                owner_id=user_id,
                visibility=self._settings.visibility,
                assistant=self._settings.assistant,
            )
        return record

    def _conversation(self, record: ConversationRecord, nodes: Nodes) -> Conversation:
        return Conversation(
            record,
            hub=self._hub,
            store=self._store,
            settings=self._settings,
            streams=self._generations.open_streams,
            on_unused=self._drop_if_unused,
            on_lost=self._forget_lost,
            nodes=nodes,
        )

    def _drop_if_unused(self, conversation_id: str) -> None:
        conversation = self._live.get(conversation_id)
        if conversation is None or not conversation.is_unused or self._generations.is_busy(conversation_id):
            return
        conversation.close()
        del self._live[conversation_id]

    def _forget_lost(self, conversation_id: str) -> None:
        """Drop the conversation, so that the next join loads it again."""
        conversation = self._live.pop(conversation_id, None)
        if conversation is not None:
            conversation.close()

    async def deleted(self, conversation: Conversation) -> None:
        """Take everybody out of a conversation that has been deleted, on every node."""
        conversation.nodes.forget(EVERYTHING)
        conversation.nodes.tell(Deleted())
        self._generations.abandon(conversation.conversation_id)
        conversation.gone()
