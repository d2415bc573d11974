"""The backplane of one process: a node alone (the default, which costs nothing), or several on one bus."""

from __future__ import annotations

import asyncio
import bisect
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Final

from conduit_widget.errors import BackplaneUnavailableError
from conduit_widget.hub.backplane.backplane import MAX_PAYLOAD_BYTES, MAX_WINDOW_PAYLOAD_BYTES, Receive
from conduit_widget.hub.backplane.kept_values import KeptValues
from conduit_widget.hub.backplane.listeners import Listeners, check_entry

WINDOW_MESSAGES: Final = 512
WINDOW_CHANNELS: Final = 1024

_logger = logging.getLogger(__name__)


class MemoryBus:
    """The bus that nodes of one process and one loop share; each :class:`MemoryBackplane` is a node on it.

    Overflow policy of the hot windows: the lowest positions go first, then the channels silent for longest.
    """

    def __init__(self) -> None:
        self.nodes: dict[str, MemoryBackplane] = {}
        self._windows: OrderedDict[str, list[tuple[int, bytes]]] = OrderedDict()
        self._entries: dict[tuple[str, str], dict[str, bytes]] = {}
        self.kept_values = KeptValues()

    def reaches(self, node_id: str) -> bool:
        """Whether a node takes part at present."""
        return node_id in self.nodes

    def join(self, node: MemoryBackplane) -> None:
        """Let a node take part."""
        self.nodes[node.node_id] = node
        self.tell_nodes()

    def leave(self, node_id: str) -> None:
        """Forget a node and what it said of itself. Idempotent."""
        if self.nodes.pop(node_id, None) is not None:
            for table, key in [place for place, values in self._entries.items() if node_id in values]:
                self.put(node_id, table, key, None)
            self.tell_nodes()

    def publish(self, node_id: str, channel: str, payload: bytes) -> None:
        """Hand a message to every other node that subscribes to its channel."""
        for node in self.nodes.values():
            if node.node_id != node_id and channel in node.listeners.channels:
                self.deliver(node, node_id, channel, payload)

    def deliver(self, node: MemoryBackplane, sender: str, channel: str, payload: bytes) -> None:
        """Hand one message to one node, soon."""
        asyncio.get_running_loop().call_soon(node.listeners.received, sender, channel, (payload,))

    def keep(self, channel: str, position: int, payload: bytes) -> None:
        """Put a message into its channel's hot window."""
        window = self._windows.setdefault(channel, [])
        self._windows.move_to_end(channel)
        bisect.insort(window, (position, payload))
        if len(window) > WINDOW_MESSAGES:
            del window[0]
        if len(self._windows) > WINDOW_CHANNELS:
            self._windows.popitem(last=False)

    def unkeep(self, channel: str, position: int) -> None:
        """Drop a channel's kept messages up to a position."""
        if channel in self._windows:
            self._windows[channel] = self.window(channel, position)

    def window(self, channel: str, after: int) -> list[tuple[int, bytes]]:
        """Return a channel's kept messages after a position."""
        return [item for item in self._windows.get(channel, ()) if item[0] > after]

    def put(self, node_id: str, table: str, key: str, value: bytes | None) -> None:
        """Set or remove a node's entry."""
        values = self._entries.setdefault((table, key), {})
        if value is not None:
            values[node_id] = value
        else:
            values.pop(node_id, None)
        if not values:
            del self._entries[table, key]

    def entries(self, node_id: str, table: str, key: str) -> dict[str, bytes]:
        """Return the entries of the other living nodes."""
        others = self.others(node_id)
        values = self._entries.get((table, key), {})
        return {node: value for node, value in values.items() if node in others}

    def others(self, node_id: str) -> frozenset[str]:
        """Return the living nodes but one."""
        return frozenset(node for node in self.nodes if node != node_id and self.reaches(node))

    def tell_nodes(self) -> None:
        """Tell every node that can be reached who else lives, soon."""
        for node in self.nodes.values():
            asyncio.get_running_loop().call_soon(node.nodes_changed)


class MemoryBackplane:
    """A :class:`Backplane` on ``bus``; without one the node is alone: nothing is sent, and no event kept.

    ``kept_values`` are those of a node alone; it finds them whether or not it was started.
    """

    def __init__(self, bus: MemoryBus | None = None, *, kept_values: KeptValues | None = None) -> None:
        self._kept_values = (kept_values or KeptValues()) if bus is None else bus.kept_values
        self.listeners = Listeners()
        self._node_id = secrets.token_hex(8)
        self._bus = bus
        self._started = False

    def __repr__(self) -> str:
        return f"MemoryBackplane({self._node_id!r}, alone={self._bus is None})"

    @property
    def node_id(self) -> str:
        return self._node_id

    @property
    def connected(self) -> bool:
        return self._started and (self._bus is None or self._bus.reaches(self._node_id))

    async def start(self) -> None:
        if not self._started:
            self._started = True
            if self._bus is not None:
                self._bus.join(self)

    async def aclose(self) -> None:
        self._started = False
        if self._bus is not None:
            self._bus.leave(self._node_id)

    def publish(self, channel: str, payload: bytes) -> None:
        self._send(channel, payload)

    def append(self, channel: str, position: int, payload: bytes) -> None:
        bus = self._send(channel, payload)
        if bus is not None and len(payload) <= MAX_WINDOW_PAYLOAD_BYTES:
            bus.keep(channel, position, payload)

    def forget(self, channel: str, position: int) -> None:
        if self._bus is not None:
            self._bus.unkeep(channel, position)

    async def window(self, channel: str, after: int) -> list[tuple[int, bytes]]:
        self._check_connected()
        return [] if self._bus is None else self._bus.window(channel, after)

    def subscribe(self, channel: str, receive: Receive) -> Callable[[], None]:
        return self.listeners.subscribe(channel, receive, lambda: None)

    async def subscribed(self, channel: str) -> bool:
        return self.connected and channel in self.listeners.channels

    def on_interruption(self, callback: Callable[[], None]) -> Callable[[], None]:
        return self.listeners.on_interruption(callback)

    def put(self, table: str, key: str, value: bytes | None) -> None:
        check_entry(table, value)
        if self._bus is not None:
            self._bus.put(self._node_id, table, key, value)

    async def entries(self, table: str, key: str) -> Mapping[str, bytes]:
        self._check_connected()
        return {} if self._bus is None else self._bus.entries(self._node_id, table, key)

    async def keep(self, table: str, key: str, value: bytes, seconds: float) -> None:
        check_entry(table, value)
        if self._bus is not None:
            self._check_connected()
        self._kept_values.keep(table, key, value, seconds)

    async def kept(self, table: str, key: str, *, take: bool = False) -> bytes | None:
        if self._bus is not None:
            self._check_connected()
        return self._kept_values.kept(table, key, take=take)

    def on_nodes_change(self, callback: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        return self.listeners.on_nodes_change(callback)

    def nodes_changed(self) -> None:
        """Tell the listeners who else lives; called by the bus."""
        if self._bus is not None and self.connected:
            self.listeners.nodes(self._bus.others(self._node_id))

    def _check_connected(self) -> None:
        if not self.connected:
            raise BackplaneUnavailableError("The backplane cannot be reached.")

    def _send(self, channel: str, payload: bytes) -> MemoryBus | None:
        """Publish; return the bus that took the message."""
        if self._bus is None or not self.connected:
            return None
        if len(payload) > MAX_PAYLOAD_BYTES:
            _logger.warning(
                "A backplane message of %d bytes was dropped (limit %d).", len(payload), MAX_PAYLOAD_BYTES
            )
            for node in self._bus.nodes.values():
                asyncio.get_running_loop().call_soon(node.listeners.interrupted)
            return None
        self._bus.publish(self._node_id, channel, payload)
        return self._bus
