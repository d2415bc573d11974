"""The opening of a WebSocket: checks, the negotiated id, then an endpoint on the server's connection."""

from __future__ import annotations

from typing import Final

from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.registry import ConnectionRegistry
from conduit_widget.hub.connections.stateful_endpoint import StatefulEndpoint
from conduit_widget.hub.door.admission import Admission, refuse_websocket
from conduit_widget.hub.door.negotiation import restarting
from conduit_widget.hub.door.pending_connections import PendingConnections, new_connection_id
from conduit_widget.hub.http import (
    HttpResponse,
    Receive,
    Scope,
    Send,
    error_response,
    has_two_lengths,
    read_request,
)
from conduit_widget.hub.transports.asgi_websocket import AsgiWebSocketConnection
from conduit_widget.protocol.transport_kinds import TransportKind
from conduit_widget.transports.server.server_connection import ServerConnection

CONNECTION_EXTENSION: Final = "conduit.connection"


class WebSocketOpening:
    """Lets WebSockets in, or refuses them."""

    def __init__(
        self, admission: Admission, registry: ConnectionRegistry, pending: PendingConnections
    ) -> None:
        self._admission = admission
        self._registry = registry
        self._pending = pending

    async def serve(self, scope: Scope, receive: Receive, send: Send, mount: MountedHub | None) -> None:
        """Serve a ``websocket`` scope whose path belongs to ``mount``."""
        await receive()  # websocket.connect
        request = read_request(scope)
        extensions = scope.get("extensions") or {}
        refusal = self._admission.refusal(request)
        if has_two_lengths(request):
            refusal = error_response(400, "A request that becomes a WebSocket has no body.")
        if mount is None:
            await refuse_websocket(extensions, send, refusal or error_response(404, "There is no hub here."))
            return
        if refusal is not None:
            mount.meter.refused("origin")
        elif self._registry.draining:
            mount.meter.refused("draining")
            refusal = restarting()
        if TransportKind.WEBSOCKETS not in mount.hub.transports:
            refusal = refusal or error_response(404, "WebSockets is not offered here.")
        if "id" not in request.query:  # what negotiates is counted there
            refusal = refusal or self._admission.too_many(request, mount.meter)
        user = refusal or await self._admission.authenticate(request, mount.path, mount.meter)
        if isinstance(user, HttpResponse):
            await refuse_websocket(extensions, send, user)
            return
        # The server's own connection where it has one, else a task of this application.
        own = extensions.get(CONNECTION_EXTENSION)
        if own is not None:
            own.welcome()
        token = request.query.get("id")
        # Both before the look-ups: those must still hold below.
        elsewhere = await self._registry.elsewhere(user)
        if token is not None:
            await self._pending.learn(token)
        found = None if token is None else self._registry.find(token, mount, user)
        pending = None if token is None else self._pending.redeem_anywhere(token, mount.path, user.user_id)
        away = None if found is None else found.endpoint
        resumes = isinstance(away, StatefulEndpoint) and away.resumable
        if token is not None and pending is None and not resumes:
            mount.meter.refused("unknown_id")
            refusal = error_response(404, "There is no connection with that id.")
            await refuse_websocket(extensions, send, refusal)
            return
        adapter = AsgiWebSocketConnection(receive, send)
        connection: ServerConnection = adapter if own is None else own
        if isinstance(away, StatefulEndpoint):
            away.reconnect(connection, user)
            mount.meter.resumed()
            self._registry.close_if_revoked(away)
        else:
            stateful = pending is not None and pending.stateful
            self._registry.open(
                connection,
                mount,
                connection_id=new_connection_id() if pending is None else pending.connection_id,
                user=user,
                token=token if stateful else None,
                stateful=stateful,
                elsewhere=elsewhere,
            )
        if own is None:
            await adapter.run()
