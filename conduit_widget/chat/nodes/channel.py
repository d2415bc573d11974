"""The messages that nodes exchange about a conversation, and this node's end of its channel on the bus.

A message is encoded once for all nodes. A kind that this node does not know, from a newer one, is ignored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from conduit_widget.chat.calls.peers import NodeCall, PeerSignal
from conduit_widget.chat.people.remote_presence import NodePeople, PeopleChange
from conduit_widget.errors import UNREADABLE, BackplaneUnavailableError
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.types import LogEvent, OpenStream, StreamMetadata

_logger = logging.getLogger(__name__)

_Entry = TypeVar("_Entry", NodePeople, NodeCall)

PEOPLE_TABLE: Final = "presence"
CALL_TABLE: Final = "call"
MAX_EARLY_MESSAGES: Final = 1024
WINDOW_PATIENCE: Final = 0.25
"""Seconds until a hole in the log is filled from the store instead."""
PEOPLE_PATIENCE: Final = 2.0


class Logged(msgspec.Struct, frozen=True, tag="event", array_like=True):
    """An event was committed to the log of that epoch."""

    epoch: str
    event: LogEvent


class Token(msgspec.Struct, frozen=True, tag="token", array_like=True):
    """A delta of an answer the sender writes."""

    text: str
    metadata: StreamMetadata


class TextWanted(msgspec.Struct, frozen=True, tag="text?", array_like=True):
    """A request to the writers of these answers (of all if none is named) to send the whole text so far."""

    message_ids: list[str] = []


class WholeText(msgspec.Struct, frozen=True, tag="text", array_like=True):
    """The whole text so far of an answer the sender writes."""

    stream: OpenStream


class Stop(msgspec.Struct, frozen=True, tag="stop", array_like=True):
    """A user cancels an answer; the sender has checked that they may."""

    message_id: str


class RoleChanged(msgspec.Struct, frozen=True, tag="role", array_like=True):
    """A user's role in the conversation has changed."""

    user_id: str


class HaveRead(msgspec.Struct, frozen=True, tag="read", array_like=True):
    """Users have read up to these positions."""

    marks: dict[str, int]


class Configured(msgspec.Struct, frozen=True, tag="settings", array_like=True):
    """An owner has changed the conversation's settings."""


class Deleted(msgspec.Struct, frozen=True, tag="deleted", array_like=True):
    """An owner has deleted the conversation."""


News = HaveRead | Configured | Deleted
"""What a conversation is told that stands neither in the log nor in the list of people."""

NodeMessage = (
    Logged | Token | TextWanted | WholeText | Stop | RoleChanged | PeopleChange | NodeCall | PeerSignal | News
)

Receive = Callable[[str, NodeMessage], None]
"""``receive(node_id, message)``."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(NodeMessage)
_people_decoder: Final = msgspec.msgpack.Decoder(NodePeople)
_call_decoder: Final = msgspec.msgpack.Decoder(NodeCall)


class NodeChannel:
    """The channel of one live conversation.

    Messages that come before :meth:`attach` are kept for it; overflow policy: the newest are dropped. That is
    harmless, because the conversation is read from the store after the subscription holds.
    """

    def __init__(self, backplane: Backplane, conversation_id: str) -> None:
        self._backplane = backplane
        self._conversation_id = conversation_id
        self._name = _name_of(conversation_id)
        self._receive: Receive | None = None
        self._early: list[tuple[str, NodeMessage]] = []
        self._unsubscribe = backplane.subscribe(self._name, self._received)

    @property
    def connected(self) -> bool:
        """Whether the other nodes can be reached now."""
        return self._backplane.connected

    async def ready(self) -> bool:
        """Wait until the subscription holds; return False while the bus is away."""
        return await self._backplane.subscribed(self._name)

    def attach(self, receive: Receive) -> None:
        """Call ``receive`` with each message from now on, beginning with those kept."""
        self._receive = receive
        early, self._early = self._early, []
        for node_id, message in early:
            receive(node_id, message)

    def close(self) -> None:
        """Unsubscribe, and tell the other nodes that nobody is here."""
        self.abandon()
        self._backplane.put(PEOPLE_TABLE, self._conversation_id, None)
        self._backplane.put(CALL_TABLE, self._conversation_id, None)

    def abandon(self) -> None:
        """Unsubscribe; the list of this node's people stays on the bus as long as the node lives."""
        self._receive = None
        self._early.clear()
        self._unsubscribe()

    def publish(self, message: NodeMessage) -> None:
        """Send a message to the other nodes."""
        self._backplane.publish(self._name, _encoder.encode(message))

    def log(self, epoch: str, event: LogEvent) -> None:
        """Send a committed event to the other nodes, and keep it in the hot window."""
        publish_event(self._backplane, self._conversation_id, epoch, event)

    def forget(self, position: int) -> None:
        """Drop the events up to a position from the hot window: one of them holds what nobody may read."""
        self._backplane.forget(self._name, position)

    async def window(self, epoch: str, after: int) -> list[LogEvent]:
        """Return the events after a position that the hot window has; none while the bus is away or slow."""
        try:
            async with asyncio.timeout(WINDOW_PATIENCE):
                kept = await self._backplane.window(self._name, after)
        except (BackplaneUnavailableError, TimeoutError):
            return []
        messages = [message for _, payload in kept if isinstance(message := _decode(payload), Logged)]
        return [message.event for message in messages if message.epoch == epoch]

    def put_people(self, people: NodePeople) -> None:
        """Keep the list of this node's people on the bus, for nodes that subscribe later."""
        value = _encoder.encode(people) if people.people else None
        try:
            self._backplane.put(PEOPLE_TABLE, self._conversation_id, value)
        except ValueError:
            _logger.warning("Too many people are in one conversation to list them for nodes that come later.")

    async def people(self) -> dict[str, NodePeople] | None:
        """Return the people at each other node, by node id; None while the bus is away or very slow."""
        return await self._entries(PEOPLE_TABLE, _people_decoder)

    def put_call(self, part: NodeCall) -> None:
        """Keep this node's part of the call on the bus, for nodes that subscribe later."""
        value = _encoder.encode(part) if part.peers else None
        self._backplane.put(CALL_TABLE, self._conversation_id, value)

    async def call(self) -> dict[str, NodeCall] | None:
        """Return the other nodes' parts of the call, by node id; None while the bus is away or very slow."""
        return await self._entries(CALL_TABLE, _call_decoder)

    async def _entries(
        self, table: str, decoder: msgspec.msgpack.Decoder[_Entry]
    ) -> dict[str, _Entry] | None:
        try:
            async with asyncio.timeout(PEOPLE_PATIENCE):
                entries = await self._backplane.entries(table, self._conversation_id)
        except (BackplaneUnavailableError, TimeoutError):
            return None
        found = {}
        for node_id, entry in entries.items():
            try:
                found[node_id] = decoder.decode(entry)
            except UNREADABLE:
                _logger.debug("What a node says of itself was not understood.")
        return found

    def _received(self, node_id: str, payload: bytes) -> None:
        message = _decode(payload)
        if message is None:
            return
        if self._receive is not None:
            self._receive(node_id, message)
        elif len(self._early) < MAX_EARLY_MESSAGES:
            self._early.append((node_id, message))


def publish_event(backplane: Backplane, conversation_id: str, epoch: str, event: LogEvent) -> None:
    """Send an event committed here to the other nodes; its conversation need not be live here."""
    backplane.append(_name_of(conversation_id), event.seq, _encoder.encode(Logged(epoch, event)))


def _name_of(conversation_id: str) -> str:
    return f"conversation:{conversation_id}"


def _decode(payload: bytes) -> NodeMessage | None:
    try:
        message: NodeMessage = _decoder.decode(payload)
    except UNREADABLE:
        _logger.debug("A message from another node was not understood.")
        return None
    return message
