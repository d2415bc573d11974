"""A memory bus that can be slow, lossy or away, node by node."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from conduit_widget.hub.backplane.memory import MemoryBackplane, MemoryBus

Drop = Callable[[str, str, bytes], bool]
"""``drop(channel, receiver, payload)``: whether the bus loses the message."""


class FaultyMemoryBus(MemoryBus):
    """A message arrives after ``delay`` seconds, in order; ``drop`` decides which get lost, silently."""

    def __init__(self) -> None:
        super().__init__()
        self.delay = 0.0
        self.drop: Drop | None = None
        self._away: set[str] = set()
        self._on_their_way: dict[str, deque[Callable[[], None]]] = {}

    def reaches(self, node_id: str) -> bool:
        return super().reaches(node_id) and node_id not in self._away

    def deliver(self, node: MemoryBackplane, sender: str, channel: str, payload: bytes) -> None:
        if not self.reaches(node.node_id) or (
            self.drop is not None and self.drop(channel, node.node_id, payload)
        ):
            return
        waiting = self._on_their_way.setdefault(node.node_id, deque())
        waiting.append(lambda: node.listeners.received(sender, channel, (payload,)))
        # Each timer lets the oldest through, so that equal or shrinking delays keep the order.
        asyncio.get_running_loop().call_later(self.delay, lambda: waiting.popleft()() if waiting else None)

    def cut(self, *nodes: MemoryBackplane) -> None:
        """Take nodes off the bus (all of them unless named): the engine is away for them, they live on."""
        for node in nodes or tuple(self.nodes.values()):
            self._away.add(node.node_id)
            self._on_their_way.pop(node.node_id, deque()).clear()
        self.tell_nodes()

    def heal(self) -> None:
        """Bring everybody back; every node hears that it may have missed something."""
        self._away.clear()
        self.tell_nodes()
        self.interrupt()

    def interrupt(self) -> None:
        """Tell every node that it may have missed something."""
        for node in self.nodes.values():
            asyncio.get_running_loop().call_soon(node.listeners.interrupted)

    def forget(self) -> None:
        """Lose the hot windows, as an engine does that is started anew."""
        self._windows.clear()

    def crash(self, node: MemoryBackplane) -> None:
        """Let a node die without a goodbye."""
        self.leave(node.node_id)
