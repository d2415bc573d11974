"""One client's connection, as hub methods see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from conduit_widget.contract import CloseCode
from conduit_widget.hub.outbox import EncodedRecord, Outbox
from conduit_widget.hub.payload import to_wire
from conduit_widget.hub.principal import Principal
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import HubMessage, Invocation


class Closer(Protocol):
    """Whoever can end the connection."""

    def close(self, code: CloseCode, text: str | None = None) -> None:
        """End the connection for the reason ``code``; ``text`` replaces the table's text."""


class HubConnectionContext:
    """Identity, state and outgoing side of one connection.

    ``items`` is the hub's own place for what belongs to the connection. ``connection_id`` is public; the
    secret that opens a connection is never here.
    """

    __slots__ = (
        "_closer",
        "_on_sent",
        "closed",
        "connection_id",
        "hub",
        "items",
        "outbox",
        "protocol",
        "user",
    )

    def __init__(
        self,
        connection_id: str,
        user: Principal,
        *,
        hub: str,
        protocol: HubProtocol,
        outbox: Outbox,
        closer: Closer,
        on_sent: Callable[[str, int], None],
    ) -> None:
        self.connection_id = connection_id
        self.user = user
        self.hub = hub
        self.protocol = protocol
        self.outbox = outbox
        self.items: dict[str, Any] = {}
        self.closed = False
        self._closer = closer
        self._on_sent = on_sent

    @property
    def lagging(self) -> bool:
        """Whether the client reads slower than we send (over the soft limit)."""
        return self.outbox.lagging

    def send(self, target: str, *args: Any) -> None:
        """Queue an event for this client; never awaits it. Nothing happens once it is closed.

        Raises:
            LocalProtocolError: an argument cannot be encoded.

        """
        if self.closed:
            return
        self.send_message(Invocation(target=target, arguments=[to_wire(arg) for arg in args]))
        self._on_sent(target, 1)

    def send_message(self, message: HubMessage) -> None:
        """Queue any hub message (completions, stream items, pings)."""
        self.send_record(EncodedRecord(self.protocol.encode(message)))

    def send_record(self, record: EncodedRecord) -> None:
        """Queue bytes already encoded for this connection's hub protocol."""
        if not self.closed:
            self.outbox.put(record)

    def close(self, code: CloseCode = CloseCode.NORMAL, text: str | None = None) -> None:
        """Send a Close message with the reason's text and reconnect verdict, then end the connection."""
        self._closer.close(code, text)
