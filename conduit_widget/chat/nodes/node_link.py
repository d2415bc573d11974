"""What the nodes say to each other on a conversation's channel, and this node's end of that channel.

One message is encoded once for all nodes. Unknown kinds (a newer node's) are ignored.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import msgspec

from conduit_widget.chat.people.remote_presence import NodePeople, PeopleChange
from conduit_widget.errors import UNREADABLE
from conduit_widget.hub.backplane.backplane import Backplane, BackplaneUnavailableError
from conduit_widget.types import LogEvent, OpenStream, StreamMetadata

__all__ = [
    "Logged",
    "NodeLink",
    "NodeMessage",
    "RoleChanged",
    "Stop",
    "TextWanted",
    "Token",
    "WholeText",
    "publish_event",
]

_log = logging.getLogger(__name__)

PEOPLE_TABLE: Final = "presence"
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
    """Whoever writes these answers (all of them if none is named): tell their whole text so far."""

    message_ids: list[str] = []


class WholeText(msgspec.Struct, frozen=True, tag="text", array_like=True):
    """The whole text so far of an answer the sender writes."""

    stream: OpenStream


class Stop(msgspec.Struct, frozen=True, tag="stop", array_like=True):
    """Somebody who may do so cancels an answer."""

    message_id: str


class RoleChanged(msgspec.Struct, frozen=True, tag="role", array_like=True):
    """A user's role in the conversation is another one now."""

    user_id: str


NodeMessage = Logged | Token | TextWanted | WholeText | Stop | RoleChanged | PeopleChange

Receive = Callable[[str, NodeMessage], None]
"""``receive(node_id, message)``."""

_encoder: Final = msgspec.msgpack.Encoder()
_decoder: Final = msgspec.msgpack.Decoder(NodeMessage)
_people_decoder: Final = msgspec.msgpack.Decoder(NodePeople)


class NodeLink:
    """One live conversation's channel.

    Messages that come before :meth:`attach` are kept for it; overflow policy: the newest are dropped, which
    is harmless, since the conversation is read from the store after the subscription holds.
    """

    def __init__(self, backplane: Backplane, conversation_id: str) -> None:
        self._backplane = backplane
        self._conversation_id = conversation_id
        self._channel = _channel_of(conversation_id)
        self._receive: Receive | None = None
        self._early: list[tuple[str, NodeMessage]] = []
        self._unsubscribe = backplane.subscribe(self._channel, self._received)

    @property
    def connected(self) -> bool:
        """Whether the other nodes can be reached at present."""
        return self._backplane.connected

    async def ready(self) -> bool:
        """Wait until the subscription holds; False while the bus is away."""
        return await self._backplane.subscribed(self._channel)

    def attach(self, receive: Receive) -> None:
        """Hand messages to ``receive`` from now on, those kept first."""
        self._receive = receive
        early, self._early = self._early, []
        for node_id, message in early:
            receive(node_id, message)

    def close(self) -> None:
        """Hear nothing more, and say that nobody is here."""
        self.abandon()
        self._backplane.put(PEOPLE_TABLE, self._conversation_id, None)

    def abandon(self) -> None:
        """Hear nothing more; what this node said of its people stands as long as the node lives."""
        self._receive = None
        self._early.clear()
        self._unsubscribe()

    def publish(self, message: NodeMessage) -> None:
        """Tell the other nodes."""
        self._backplane.publish(self._channel, _encoder.encode(message))

    def log(self, epoch: str, event: LogEvent) -> None:
        """Tell the other nodes of a committed event, and keep it in the hot window."""
        publish_event(self._backplane, self._conversation_id, epoch, event)

    async def window(self, epoch: str, after: int) -> list[LogEvent]:
        """Return what the hot window has after a position; nothing while the bus is away, or slow."""
        try:
            async with asyncio.timeout(WINDOW_PATIENCE):
                kept = await self._backplane.window(self._channel, after)
        except (BackplaneUnavailableError, TimeoutError):
            return []
        messages = [message for _, payload in kept if isinstance(message := _decode(payload), Logged)]
        return [message.event for message in messages if message.epoch == epoch]

    def put_people(self, people: NodePeople) -> None:
        """Say who is at this node, for those nodes that come to listen later."""
        value = _encoder.encode(people) if people.people else None
        try:
            self._backplane.put(PEOPLE_TABLE, self._conversation_id, value)
        except ValueError:
            _log.warning("Too many people are in one conversation to list them for nodes that come later.")

    async def people(self) -> dict[str, NodePeople] | None:
        """Return who is at each other node; None while the bus is away, or very slow."""
        try:
            async with asyncio.timeout(PEOPLE_PATIENCE):
                entries = await self._backplane.entries(PEOPLE_TABLE, self._conversation_id)
        except (BackplaneUnavailableError, TimeoutError):
            return None
        found = {}
        for node_id, entry in entries.items():
            try:
                found[node_id] = _people_decoder.decode(entry)
            except UNREADABLE:
                _log.debug("A node's list of people was not understood.")
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
    """Tell the other nodes of an event committed here, in a conversation that need not be live here."""
    backplane.append(_channel_of(conversation_id), event.seq, _encoder.encode(Logged(epoch, event)))


def _channel_of(conversation_id: str) -> str:
    return f"conversation:{conversation_id}"


def _decode(payload: bytes) -> NodeMessage | None:
    try:
        message: NodeMessage = _decoder.decode(payload)
    except UNREADABLE:
        _log.debug("A message from another node was not understood.")
        return None
    return message
