"""A person's processes, each with a conversation and the queue they share on disk, at a scripted hub."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from conduit_widget.chat_client.conversation.conversation import Conversation
from conduit_widget.chat_client.offline.entries import Place
from conduit_widget.chat_client.offline.outbox import Outbox
from conduit_widget.chat_client.pool import ConnectionPool
from conduit_widget.chat_client.state.changes import Change, QueueChange
from conduit_widget.errors import HubException
from conduit_widget.types import ChatMessage, SendReceipt
from tests.support.kernel.queue_keeping import Keeper
from tests.support.signalr.scripted_connection import ScriptedConnection, joining
from tests.support.waiting import eventually


class Hub:
    """What a scripted hub has stored, whoever sent it."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.changes: list[tuple[Any, ...]] = []
        self.refusal: str | None = None
        self.gate = asyncio.Event()
        """While it is set, what is sent is acknowledged."""
        self.gate.set()

    @property
    def ids(self) -> list[str]:
        return [id_ for id_, _ in self.log]

    def join(self, _conversation: str) -> dict[str, Any]:
        log = [self.wire(seq) for seq in range(1, len(self.log) + 1)]
        return joining(*log, rate=1000.0)

    def wire(self, seq: int) -> dict[str, Any]:
        id_, text = self.log[seq - 1]
        return {"id": id_, "role": "user", "content": text, "metadata": {"conversationId": "c", "seq": seq}}

    async def send(self, _conversation: str, message: dict[str, Any]) -> dict[str, Any]:
        if message["id"] not in self.ids and self.refusal is None:
            self.log.append((message["id"], message["content"]))
        await self.gate.wait()
        if self.refusal is not None:
            raise HubException(self.refusal)
        return {"id": message["id"], "seq": self.ids.index(message["id"]) + 1, "timestamp": ""}

    def history(self, _conversation: str, before: int, _limit: int) -> dict[str, Any]:
        return {"messages": [self.wire(before - 1)], "hasMore": before > 2}

    def change(self, name: str) -> Callable[..., Any]:
        def note(*arguments: Any) -> Any:
            self.changes.append((name, *arguments))
            return {"id": arguments[0], "seq": 1, "timestamp": ""} if name == "edit" else None

        return note


class Process:
    """One process of a person: its connection and its conversation."""

    def __init__(self, hub: Hub, directory: Path, user: str | None) -> None:
        self.connection = ScriptedConnection(
            JoinConversation=hub.join,
            ResumeConversation=lambda *_: {"recovered": False, "seq": 0, "events": [], "join": hub.join("c")},
            SendMessage=hub.send,
            GetHistory=hub.history,
            EditMessage=hub.change("edit"),
            DeleteMessage=hub.change("delete"),
            AddReaction=hub.change("add"),
            RemoveReaction=hub.change("remove"),
            MarkRead=hub.change("read"),
        )
        self.keeper = Keeper(directory, user)
        lease = ConnectionPool().acquire("key", self.connection.as_connection)
        self.conversation = Conversation(lease, "c", "ann", resync_delay=0.01, keeper=self.keeper)
        self.counts: list[int] = []
        self.conversation.subscribe(self._heard)
        self.tasks: list[asyncio.Task[SendReceipt]] = []

    def _heard(self, changes: list[Change]) -> None:
        for each in changes:
            if isinstance(each, QueueChange) and self.counts[-1:] != [each.queue.count]:
                self.counts.append(each.queue.count)

    @property
    def outbox(self) -> Outbox:
        assert self.conversation.sender.outbox is not None
        return self.conversation.sender.outbox

    @property
    def place(self) -> Place:
        """Whose queue it is."""
        return Place(hub="scripted", user=self.keeper.user or "", conversation="c")

    def say(self, id_: str, text: str = "hello") -> asyncio.Task[SendReceipt]:
        """Send as a view does: it waits for as long as it takes."""
        message = ChatMessage(id=id_, role="user", content=text)
        task = asyncio.ensure_future(self.conversation.send(message, keep=True))
        self.tasks.append(task)
        return task

    async def queued(self, *ids: str) -> None:
        """Wait until exactly these wait."""
        await eventually(lambda: [each.id for each in self.outbox.shown] == list(ids), what=f"queued {ids}")

    async def live(self) -> None:
        await asyncio.wait_for(self.conversation.connectivity.wait_live(), 30)
        await eventually(lambda: not self.conversation.sender.has_queue, what="the queue is read")

    async def away(self) -> None:
        """Live, then without a hub."""
        await self.live()
        self.connection.lose()

    async def end(self) -> None:
        """End as a killed process does: without a word to anybody."""
        for task in self.tasks:
            task.cancel()
        await self.conversation._tasks.end()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        self.keeper.store.database.close()
        await self.conversation.close()
