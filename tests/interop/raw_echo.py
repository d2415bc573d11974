"""A raw connection on our transports without the hub protocol: every message comes back as it came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from conduit_widget.hub.auth.local_authority import Authenticator
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.connections.endpoint import ConnectionEndpoint
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.registry import ConnectionRegistry, OpenConnection
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.door.admission import Admission
from conduit_widget.hub.door.negotiation import NEGOTIATE, Negotiation
from conduit_widget.hub.door.origins import LOOPBACK_ORIGINS
from conduit_widget.hub.door.pending_connections import PendingConnections
from conduit_widget.hub.http import (
    LOOPBACK_HOSTS,
    HttpRequest,
    HttpResponse,
    Receive,
    Scope,
    Send,
    read_request,
    send_response,
)
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.hub.transports.http_transports import HttpTransports
from conduit_widget.hub.transports.websocket_opening import WebSocketOpening
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.transports.server.server_connection import ServerConnection


class EchoReceiver:
    """Answers each message with itself."""

    def __init__(self, connection: ServerConnection, user: Principal) -> None:
        self.user = user
        self._connection = connection
        self._frame = connection.framer(binary=False)

    def data_received(self, data: bytes) -> None:
        self._connection.write(self._frame(data))

    def frame_received(self) -> None:
        return

    def message_too_large(self, limit_bytes: int) -> bytes:
        return b""

    def connection_lost(self, error: Exception | None) -> None:
        return

    def pause_writing(self) -> None:
        return

    def resume_writing(self) -> None:
        return

    def shutdown(self) -> None:
        self._connection.close(1001)


class EchoRegistry(ConnectionRegistry):
    """Puts an echo on each connection instead of a hub."""

    def open(
        self,
        connection: ServerConnection,
        mount: MountedHub,
        *,
        connection_id: str,
        user: Principal,
        token: str | None = None,
        protocols: Mapping[str, HubProtocol] | None = None,
        stateful: bool = False,
        elsewhere: int = 0,
    ) -> ConnectionEndpoint:
        connection.attach(receiver := EchoReceiver(connection, user))
        endpoint = cast(ConnectionEndpoint, receiver)
        if token is not None:
            self._by_token[token] = OpenConnection(mount.path, endpoint, connection)
        return endpoint


class RawEcho:
    """The echo at one path, over every transport."""

    def __init__(self, path: str, authenticator: Authenticator, limits: HubLimits) -> None:
        pending = PendingConnections(ttl=limits.handshake_timeout, limit=1000)
        registry = EchoRegistry(limits)
        self._path = path
        self._admission = Admission(authenticator, LOOPBACK_ORIGINS, LOOPBACK_HOSTS)
        self._negotiation = Negotiation(registry, pending)
        self._http = HttpTransports(self._admission, registry, pending)
        self._websockets = WebSocketOpening(self._admission, registry, pending)
        self._mount = MountedHub.mount(
            path,
            Hub(),
            protocols={protocol.name: protocol for protocol in (JsonHubProtocol(), MessagePackHubProtocol())},
            limits=limits,
            metrics=HubMetrics(),
            wheel=TimerWheel(),
            authenticator=authenticator,
        )

    def serves(self, scope: Scope) -> bool:
        """Whether a request belongs to the echo."""
        return scope["type"] != "lifespan" and scope["path"] in (self._path, self._path + NEGOTIATE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        head = read_request(scope, receive)
        if scope["type"] == "websocket":
            await self._websockets.serve(scope, receive, send, self._mount)
        elif head.path.endswith(NEGOTIATE):
            await send_response(send, await self._negotiate(head), head)
        else:
            await self._http.serve(scope, head, send, self._mount)

    async def _negotiate(self, head: HttpRequest) -> HttpResponse:
        user = await self._admission.authenticate(head, self._mount.path, self._mount.meter)
        if isinstance(user, HttpResponse):
            return user
        return await self._negotiation.respond(head, self._mount, user)
