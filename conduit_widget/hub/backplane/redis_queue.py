"""A node's outgoing messages and entries, packed for the engine's script."""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from conduit_widget.hub.backplane.backplane import MAX_PAYLOAD_BYTES, MAX_WINDOW_PAYLOAD_BYTES
from conduit_widget.hub.backplane.redis_engine import RedisEngine

MAX_QUEUE_BYTES: Final = 8 << 20
MAX_UNSENT_ENTRIES: Final = 50_000
BATCH_BYTES: Final = 1 << 20
BATCH_ENTRIES: Final = 500
MESSAGE_OVERHEAD_BYTES: Final = 64

Argument = str | bytes | int
Place = tuple[str, str]

_encode = msgspec.msgpack.Encoder().encode

_logger = logging.getLogger(__name__)


class _Waiting:
    """Messages of one channel; ``kept`` are positions and members of its hot window by turns.

    ``forgotten``: the hot window loses what it has up to that position.
    """

    __slots__ = ("forgotten", "kept", "payloads", "size_bytes")

    def __init__(self) -> None:
        self.payloads: list[bytes] = []
        self.kept: list[Argument] = []
        self.size_bytes = 0
        self.forgotten: int | None = None


class OutgoingQueue:
    """At most ``MAX_QUEUE_BYTES`` of messages wait, and the newest value of each entry.

    Overflow policy: a message that does not fit is refused. Of entries removed while the engine is away the
    ``MAX_UNSENT_ENTRIES`` newest are remembered; older ones fade with their hash.
    """

    def __init__(self, engine: RedisEngine, node_id: str) -> None:
        self.queued_bytes = 0
        self._engine = engine
        self._node_id = node_id
        self._messages: dict[str, _Waiting] = {}
        self._entries: dict[Place, bytes] = {}
        self._unsent: dict[Place, None] = {}

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._messages and not self._unsent

    @property
    def entries_wait(self) -> bool:
        """Whether some entry has not been written yet."""
        return bool(self._unsent)

    def add(self, channel: str, payload: bytes, position: int | None) -> bool:
        """Take a message, with a position for the hot window too; ``False`` when it does not fit."""
        size = len(payload) + MESSAGE_OVERHEAD_BYTES
        if len(payload) > MAX_PAYLOAD_BYTES:
            _logger.warning(
                "A backplane message of %d bytes was dropped (limit %d).", len(payload), MAX_PAYLOAD_BYTES
            )
            return False
        if self.queued_bytes + size > MAX_QUEUE_BYTES:
            return False
        waiting = self._messages.get(channel)
        if waiting is None:
            waiting = self._messages[channel] = _Waiting()
        waiting.payloads.append(payload)
        waiting.size_bytes += size
        self.queued_bytes += size
        if position is not None and len(payload) <= MAX_WINDOW_PAYLOAD_BYTES:
            # The position makes equal payloads two members.
            waiting.kept += (position, b"%d:%b" % (position, payload))
        return True

    def forget(self, channel: str, position: int) -> None:
        """Drop a channel's hot window up to a position, with what waits to go into it."""
        waiting = self._messages.get(channel)
        if waiting is None:
            waiting = self._messages[channel] = _Waiting()
        waiting.forgotten = max(position, waiting.forgotten or 0)

    def put(self, table: str, key: str, value: bytes | None) -> None:
        """Set or remove an entry."""
        place = (table, key)
        if value is not None:
            self._entries[place] = value
        elif self._entries.pop(place, None) is None:
            return
        self._unsent[place] = None
        if len(self._unsent) > MAX_UNSENT_ENTRIES + len(self._entries):
            del self._unsent[next(iter(self._unsent))]

    def write_again(self, places: list[Place] | None = None) -> None:
        """Schedule some entries, or all of them, to be written again."""
        self._unsent.update(dict.fromkeys(self._entries if places is None else places))

    def remove_entries(self) -> None:
        """Take every entry back."""
        self._unsent.update(dict.fromkeys(self._entries))
        self._entries.clear()

    def drop_messages(self) -> bool:
        """Forget the messages that wait; tell whether there were any."""
        dropped = bool(self._messages)
        self._messages.clear()
        self.queued_bytes = 0
        return dropped

    def pop_batch(self) -> tuple[list[Argument], list[Place]]:
        """Take the next batch: the script's arguments, and the entries among them.

        Entries go first, so that they are there for whoever hears the messages.
        """
        arguments: list[Argument] = []
        places = self._take_entries(arguments)
        size = 0
        while self._messages and not self._unsent and size < BATCH_BYTES:
            channel = next(iter(self._messages))
            waiting = self._messages.pop(channel)
            size += waiting.size_bytes
            if waiting.kept:
                key = self._engine.window_key(channel)
                arguments += ("w", key, len(waiting.kept) // 2, *waiting.kept)
            if waiting.forgotten is not None:
                arguments += ("x", self._engine.window_key(channel), waiting.forgotten)
            if not waiting.payloads:
                continue
            data = envelope(self._node_id, waiting.payloads)
            arguments += ("m", self._engine.channel_key(channel), data)
        self.queued_bytes -= size
        return arguments, places

    def _take_entries(self, arguments: list[Argument]) -> list[Place]:
        places: list[Place] = []
        size = 0
        for place in self._unsent:
            if len(places) >= BATCH_ENTRIES or size > BATCH_BYTES:
                break
            places.append(place)
            value = self._entries.get(place)
            key = self._engine.entry_key(*place)
            if value is None:
                arguments += ("d", key, self._node_id)
            else:
                arguments += ("e", key, self._node_id, value)
                size += len(value)
        for place in places:
            del self._unsent[place]
        return places


def envelope(node_id: str, payloads: list[bytes]) -> bytes:
    """Return what goes over the wire: the sender's name (16 characters), then its messages."""
    return node_id.encode() + _encode(payloads)
