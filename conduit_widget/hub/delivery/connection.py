"""One client's connection, as hub methods see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from conduit_widget.contract import CloseCode
from conduit_widget.errors import ConnectionLostError
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.delivery.client_results import ClientResults
from conduit_widget.hub.delivery.event_writer import EventWriter
from conduit_widget.hub.delivery.outbox import EncodedRecord, Outbox
from conduit_widget.hub.delivery.payload import to_wire
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import HubMessage, Invocation


class Closer(Protocol):
    """Whoever can end the connection, or prolong it."""

    def close(self, code: CloseCode, text: str | None = None) -> None:
        """End the connection for the reason ``code``; ``text`` replaces the table's text."""

    async def refresh(self, token: str) -> Principal:
        """Go on with a newer token of the same subject."""
        ...


class HubConnectionContext:
    """Identity, state and outgoing side of one connection.

    ``items`` is the hub's own place for what belongs to the connection. ``connection_id`` is public; the
    secret that opens a connection is never here.
    """

    __slots__ = (
        "_closer",
        "closed",
        "connection_id",
        "events",
        "hub",
        "items",
        "outbox",
        "protocol",
        "results",
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
        events: EventWriter,
    ) -> None:
        self.connection_id = connection_id
        self.user = user
        self.hub = hub
        self.events = events
        self.protocol = protocol
        self.outbox = outbox
        self.items: dict[str, Any] = {}
        self.closed = False
        self.results: ClientResults | None = None
        self._closer = closer

    @property
    def lagging(self) -> bool:
        """Whether the client reads slower than we send: over the soft limit, and not drained since."""
        return self.outbox.lagging

    def on_drained(self, callback: Callable[[HubConnectionContext], None]) -> None:
        """Call ``callback`` with this connection once, when it has stopped lagging.

        Never if it ends before; not at once, even when it is not lagging.
        """
        self.outbox.on_drained(lambda: callback(self))

    def send(self, target: str, *args: Any) -> None:
        """Queue an event for this client; never awaits it. Nothing happens once it is closed.

        An event that its hub protocol cannot write is left out, and logged.
        """
        if self.closed:
            return
        record = self.events.encode(self.protocol, target, args)
        if record is not None:
            self.outbox.put(record)
            self.events.sent(target, 1)

    async def invoke(self, target: str, *args: Any, timeout: float | None = None) -> Any:
        """Call a method of this client and return its result; several calls may be under way.

        Raises:
            HubException: the client answered with an error, or owes too many results.
            ConnectionLostError: the connection is over, or ends before the answer.
            InvocationTimeoutError: no answer within ``timeout`` seconds (``None``: as long as it lives).
            LocalProtocolError: an argument cannot be encoded.

        """
        if self.closed:
            raise ConnectionLostError("The client is gone.")
        if self.results is None:
            self.results = ClientResults()
        invocation_id, future = self.results.expect()
        try:
            arguments = [to_wire(arg) for arg in args]
            self.send_message(Invocation(target=target, arguments=arguments, invocation_id=invocation_id))
            self.events.sent(target, 1)
        except BaseException:
            self.results.forget(invocation_id)
            raise
        return await self.results.wait(target, invocation_id, future, timeout)

    async def refresh(self, token: str) -> Principal:
        """Go on with a newer token of the same subject; return who it speaks for, and until when.

        Raises:
            HubException: the token is not accepted, or it is somebody else's.

        """
        return await self._closer.refresh(token)

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
