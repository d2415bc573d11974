"""The seam between the nodes of one hub: what one hub process tells the others.

A backplane only carries. The store is the truth: whoever listens must be able to do without any message, and
reads the truth again when :meth:`Backplane.on_interruption` says that some may be missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

MAX_PAYLOAD_BYTES: Final = 1 << 20
MAX_WINDOW_PAYLOAD_BYTES: Final = 16 << 10
MAX_ENTRY_BYTES: Final = 1 << 20

Receive = Callable[[str, bytes], None]
"""``receive(node_id, payload)``, on the event loop; one node's messages on a channel come in their order."""


class Backplane(Protocol):
    """Channels, a hot window of recent events, and tables of what each living node says of itself.

    ``node_id`` is this process's name: new at each start. Nothing here is awaited by a sender. Callbacks run
    on the event loop, never from inside a call of this class; one that fails is logged and stops nobody else.
    """

    @property
    def node_id(self) -> str:
        """This node's name."""
        ...

    @property
    def connected(self) -> bool:
        """Whether the other nodes can be reached at present."""
        ...

    async def start(self) -> None:
        """Connect; an engine that is down is waited for in the background, not here."""

    async def aclose(self) -> None:
        """Take this node's entries back and disconnect (idempotent)."""

    def publish(self, channel: str, payload: bytes) -> None:
        """Tell the other nodes that subscribe to ``channel``; this node does not hear itself.

        The queue of what waits to be sent is bounded; overflow policy *drop and say so*: what does not fit
        (a payload over ``MAX_PAYLOAD_BYTES`` never does), or cannot be sent, is dropped, and
        :meth:`on_interruption` fires on every node once it goes on.
        """

    def append(self, channel: str, position: int, payload: bytes) -> None:
        """Like :meth:`publish`, and keep the message in the channel's hot window at ``position`` (rising).

        Nodes may append a little out of order. Payloads over ``MAX_WINDOW_PAYLOAD_BYTES`` are told, not kept.
        """

    def forget(self, channel: str, position: int) -> None:
        """Drop what the channel's hot window has up to ``position``; what was told cannot be taken back.

        While the engine is away nothing is dropped; the window then fades within minutes.
        """

    async def window(self, channel: str, after: int) -> list[tuple[int, bytes]]:
        """Return what the hot window holds after a position, in order; it may hold gaps or nothing.

        Raises:
            BackplaneUnavailableError: the engine cannot be reached.

        """
        ...

    def subscribe(self, channel: str, receive: Receive) -> Callable[[], None]:
        """Subscribe to a channel's messages from other nodes. Returns a function that unsubscribes.

        Messages published after the subscription took hold are heard; :meth:`subscribed` tells when.
        """
        ...

    async def subscribed(self, channel: str) -> bool:
        """Wait until a subscription has taken hold; False when the engine cannot be reached at present."""
        ...

    def on_interruption(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call ``callback`` after messages may have been missed (engine away, queue overflow)."""
        ...

    def put(self, table: str, key: str, value: bytes | None) -> None:
        """Set this node's entry, ``None`` to remove it; it outlives engine restarts, not the node.

        What is put before a message is published is there for whoever hears the message.

        Raises:
            ValueError: the value is over ``MAX_ENTRY_BYTES``.

        """

    async def entries(self, table: str, key: str) -> Mapping[str, bytes]:
        """Return the other living nodes' entries, by node.

        Raises:
            BackplaneUnavailableError: the engine cannot be reached.

        """
        ...

    async def keep(self, table: str, key: str, value: bytes, seconds: float) -> None:
        """Keep a value that is no node's own for a while; on return every node finds it.

        It does not outlive the engine. ``value`` is never empty.

        Raises:
            BackplaneUnavailableError: the engine cannot be reached; the value may be kept all the same.
            ValueError: the value is over ``MAX_ENTRY_BYTES``.

        """

    async def kept(self, table: str, key: str, *, take: bool = False) -> bytes | None:
        """Return a kept value; with ``take`` it is gone, and of those who take it at once one gets it.

        Raises:
            BackplaneUnavailableError: the engine cannot be reached; the value may be gone all the same.

        """
        ...

    def on_nodes_change(self, callback: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        """Call ``callback`` with the ids of the other live nodes each time the set changes (within 10 s)."""
        ...
