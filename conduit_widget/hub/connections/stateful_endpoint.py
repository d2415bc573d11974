"""The hub's end of a connection that may come back: one endpoint, several transports one after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from conduit_widget.contract import CloseCode
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.connections.endpoint import ConnectionEndpoint
from conduit_widget.hub.connections.endpoint_state import EndpointState
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.stateful import Leg, StatefulConnection, StatefulOutbox
from conduit_widget.hub.delivery.outbox import Outbox
from conduit_widget.protocol.hub_protocol import HubProtocol, TransferFormat
from conduit_widget.protocol.messages import HubMessage
from conduit_widget.transports.server.server_connection import ServerConnection


class StatefulEndpoint(ConnectionEndpoint):
    """An endpoint whose client negotiated stateful reconnect; an ordinary one with handshake version 1."""

    __slots__ = ("_leg", "_stateful")

    def __init__(
        self,
        connection: ServerConnection,
        mount: MountedHub,
        *,
        connection_id: str,
        user: Principal,
        on_gone: Callable[[ConnectionEndpoint], None],
        refusal: str | None = None,
        protocols: Mapping[str, HubProtocol] | None = None,
    ) -> None:
        super().__init__(
            connection,
            mount,
            connection_id=connection_id,
            user=user,
            on_gone=on_gone,
            refusal=refusal,
            protocols=protocols,
        )
        self._leg: Leg | None = None
        self._stateful: StatefulConnection | None = None

    @property
    def resumable(self) -> bool:
        """Whether the client may come back over another transport."""
        return self._stateful is not None and not self._state.is_over

    def attach_to(self, connection: ServerConnection) -> None:
        """Receive the events of ``connection`` until it is lost or left."""
        self._connection = connection
        self._leg = Leg(connection, self, self._leg_lost)
        connection.attach(self._leg)

    def reconnect(self, connection: ServerConnection, user: Principal) -> None:
        """Go on over a new transport; one that nobody has missed yet is cut. Only when :attr:`resumable`."""
        stateful, leg = self._stateful, self._leg
        assert stateful is not None
        assert leg is not None
        if self._state is not EndpointState.AWAY:
            self._cut(stateful)
            leg.leave()
        self.attach_to(connection)
        self._liveness.received()
        if self._intake.held:
            connection.pause_reading()
        binary = stateful.protocol.transfer_format is TransferFormat.BINARY
        self._state = self._state.enter(EndpointState.OPEN)
        stateful.reconnect(connection, binary=binary)
        self.renew(user)

    def window_over(self) -> None:
        """Give up a client that did not come back in time."""
        self.connection_lost(ConnectionResetError("The client did not come back."))

    def close(self, code: CloseCode, text: str | None = None) -> None:
        """Close; a client that is away is not waited for any more."""
        if self._state is not EndpointState.AWAY:
            super().close(code, text)
        else:
            self._end(code)
            asyncio.get_running_loop().call_soon(self.connection_lost, None)

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection for good."""
        super().connection_lost(error)
        if self._stateful is not None:
            self._stateful.stop()

    @property
    def silence_allowed(self) -> bool:
        """Whether the client is not read at present, or away for a while."""
        return self._state is EndpointState.AWAY or super().silence_allowed

    def _leg_lost(self, error: Exception | None) -> None:
        if self.resumable and self._stateful is not None and error is not None:
            self._cut(self._stateful)
        else:
            self.connection_lost(error)

    def _cut(self, stateful: StatefulConnection) -> None:
        self._liveness.resume()
        self._intake.drop()  # what was not acted on is not acknowledged either: it comes again
        self._session.resume()
        stateful.cut()
        self._state = self._state.enter(EndpointState.AWAY)

    def _new_outbox(self, *, binary: bool) -> Outbox:
        if self._session.version < 2:
            return super()._new_outbox(binary=binary)
        limits = self._mount.limits
        outbox = StatefulOutbox(
            self._connection,
            self._mount.flush_round,
            binary=binary,
            soft_bytes=limits.outbox_soft_bytes,
            hard_bytes=limits.outbox_hard_bytes,
            on_overflow=self._overflowed,
        )
        self._stateful = StatefulConnection(
            self,
            outbox,
            self._session.protocol,
            window=limits.stateful_window,
            limit_bytes=limits.stateful_buffer_bytes,
        )
        return outbox

    def _accept(self, message: HubMessage) -> bool:
        return self._stateful is None or self._stateful.accept(message)

    @property
    def _may_skip(self) -> bool:
        # Every message is counted. The session refuses what is too large.
        return self._stateful is None
