"""A chat's own methods on a real store, and connections whose events are judged as they come.

No network: what the hub puts out for a connection goes to its view at once, in the same step of the loop, so
that a test decides what happens between any two steps.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from conduit_widget.chat import Chat, ChatSettings, SqliteHistoryStore, build_chat
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.delivery.connection import Closer, HubConnectionContext
from conduit_widget.hub.delivery.event_writer import EventWriter
from conduit_widget.hub.delivery.outbox import EncodedRecord, Outbox
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messages import Invocation
from conduit_widget.types import ChatMessage
from tests.support.hub.server import authority
from tests.support.judging.history_checker import HistoryChecker, Sighting
from tests.support.providers.scripted_provider import ScriptedDirectory, ScriptedProvider
from tests.support.signalr.wire_observer import WireView

CONVERSATION: Final = "c"
EVERYTHING: Final = 2**40
MAX_RECORD: Final = 1 << 20
_JSON: Final = JsonHubProtocol()


class _BusyStore(SqliteHistoryStore):
    """Reads wait a turn before they begin, as they do when every reader is busy."""

    async def role(self, *arguments: Any) -> Any:
        """Wait, then read."""
        await asyncio.sleep(0)
        return await super().role(*arguments)

    async def snapshot(self, *arguments: Any, **options: Any) -> Any:
        """Wait, then read."""
        await asyncio.sleep(0)
        return await super().snapshot(*arguments, **options)

    async def events_after(self, *arguments: Any, **options: Any) -> Any:
        """Wait, then read."""
        await asyncio.sleep(0)
        return await super().events_after(*arguments, **options)


class _Outbox:
    """Hands each record to the view as it is put."""

    lagging = paused = False
    queued_bytes = 0

    def __init__(self, view: WireView) -> None:
        self._view = view
        self._decoder = _JSON.decoder(MAX_RECORD)

    def put(self, record: EncodedRecord) -> None:
        """Take a record."""
        for message in self._decoder.feed(record.payload):
            if isinstance(message, Invocation):
                self._view.event(message.target, list(message.arguments))

    def on_drained(self, _callback: object) -> None:
        """It never lags."""


class Seat:
    """One connection of a user, and what it sees."""

    def __init__(self, room: Room, connection_id: str, user_id: str, view: WireView) -> None:
        self.view = view
        self.user_id = user_id
        self.gone = False
        self._room = room
        self.context = HubConnectionContext(
            connection_id,
            Principal(user_id, user_id.title()),
            hub=CHAT_HUB_PATH,
            protocol=_JSON,
            outbox=cast("Outbox", _Outbox(view)),
            closer=cast("Closer", None),
            events=EventWriter(lambda _target, _count: None, lambda _kind: None),
        )

    async def join(self) -> None:
        """Join."""
        self.view.hold()
        result = await self._room.hub.join_conversation(self.context, CONVERSATION)
        self.view.joined(msgspec.to_builtins(result))

    async def resume(self, epoch: str, seq: int) -> dict[str, Any]:
        """Resume; return the result."""
        self.view.hold()
        result: dict[str, Any] = msgspec.to_builtins(
            await self._room.hub.resume_conversation(self.context, CONVERSATION, epoch, seq)
        )
        self.view.resumed(result)
        return result

    async def come_back(self) -> None:
        """Resume after what was seen."""
        await self.resume(self.view.epoch, self.view.observer.last)

    async def leave(self) -> None:
        """Leave."""
        await self._room.hub.leave_conversation(self.context, CONVERSATION)

    async def send(self, message_id: str, *, respond: bool = False) -> None:
        """Send a message; its receipt is noted."""
        checker = self._room.checker
        checker.send(message_id)
        message = {
            "id": message_id,
            "role": "user",
            "content": f"message {message_id}",
            "metadata": {"respond": respond},
        }
        receipt = await self._room.hub.send_message(self.context, CONVERSATION, message)
        checker.acknowledge(receipt.id, receipt.seq, receipt.answer_id)

    async def fill(self) -> None:
        """Load the history a snapshot left out."""
        while (before := self.view.wanted_before) is not None:
            page = await self._room.hub.get_history(self.context, CONVERSATION, before, 100)
            self.view.history(page.messages, has_more=page.has_more)

    def drop(self) -> None:
        """The connection ends, as the hub first notices it."""
        self.gone = True
        self.context.closed = True
        self._room.mounted.lifetime.remove(self.context)
        self._room.mounted.groups.remove_all(self.context.connection_id)

    async def dropped(self) -> None:
        """The last invocation of the ended connection is over."""
        await self._room.hub.on_disconnected(self.context, None)


class Room:
    """A chat on a store, over any number of lives of the process."""

    def __init__(self, path: Path, settings: ChatSettings, provider: ScriptedProvider | None = None) -> None:
        self.checker = HistoryChecker()
        self._path = path
        self._settings = settings
        self._provider = provider
        self._ids = itertools.count(1)
        self.chat: Chat
        self.mounted: MountedHub

    @property
    def hub(self) -> Any:
        """The chat hub's methods."""
        return self.chat.chat_hub

    async def start(self) -> None:
        """Begin a life."""
        store = _BusyStore(self._path)
        self.chat = build_chat(store, ScriptedDirectory(self._provider), self._settings)
        self.mounted = MountedHub.mount(
            CHAT_HUB_PATH,
            self.chat.chat_hub,
            protocols={"json": _JSON},
            limits=HubLimits(),
            metrics=HubMetrics(),
            wheel=TimerWheel(),
            authenticator=authority(),
        )
        await self.chat.start()

    async def crash(self) -> None:
        """End a life without a farewell: nothing is drained, nobody is told."""
        self.hub.conversations.close()
        await self.chat.store.aclose()

    def seat(self, user_id: str, view: WireView | None = None) -> Seat:
        """Connect a user; ``view`` continues what an earlier connection saw."""
        connection_id = f"{user_id}-{next(self._ids)}"
        if view is None:
            view = WireView(self.checker.observer(connection_id, strict=True))
        seat = Seat(self, connection_id, user_id, view)
        self.mounted.lifetime.add(seat.context)
        return seat

    def inside(self) -> set[str]:
        """The users whose connections get the conversation's events."""
        members = self.mounted.groups.members(f"conversation:{CONVERSATION}")
        return {member.user.user_id for member in members}

    async def log(self) -> list[Sighting]:
        """Read the whole log."""
        store = self.chat.store
        record = await store.find(CONVERSATION)
        if record is None:
            return []
        events = await store.events_after(
            CONVERSATION, record.epoch, 0, limit=EVERYTHING, max_bytes=EVERYTHING
        )
        assert events is not None
        return [Sighting.of(ChatMessage.from_wire(event.arguments[0])) for event in events]


@contextlib.asynccontextmanager
async def chat_room(
    path: Path, settings: ChatSettings, provider: ScriptedProvider | None = None
) -> AsyncIterator[Room]:
    """Open a room on a file."""
    room = Room(path, settings, provider)
    await room.start()
    try:
        yield room
    finally:
        await room.chat.aclose()
