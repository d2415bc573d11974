"""The hub as a pure ASGI application: negotiate, WebSockets, health, metrics, routes, lifespan, drain."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Final

from conduit_widget.contract import HEALTH_PATH, METRICS_PATH, READY_PATH, ErrorText
from conduit_widget.errors import AuthenticationError
from conduit_widget.hub.asgi_websocket import AsgiWebSocketConnection
from conduit_widget.hub.auth import Authenticator, read_credential
from conduit_widget.hub.endpoint import ConnectionEndpoint
from conduit_widget.hub.http import (
    BodyTooLargeError,
    ClientGoneError,
    HttpHandler,
    HttpRequest,
    HttpResponse,
    Receive,
    Scope,
    Send,
    error_response,
    json_response,
    read_body,
    read_head,
    send_response,
)
from conduit_widget.hub.hub import Hub
from conduit_widget.hub.limits import HubLimits
from conduit_widget.hub.metrics import CONTENT_TYPE, HubMetrics
from conduit_widget.hub.mount import MountedHub
from conduit_widget.hub.origins import LOOPBACK_HOSTS, LOOPBACK_ORIGINS, OriginPolicy
from conduit_widget.hub.pending import PendingConnections, new_connection_id
from conduit_widget.hub.principal import Principal
from conduit_widget.hub.timer_wheel import TimerWheel
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.negotiate import AvailableTransport, NegotiateResponse, encode_negotiate
from conduit_widget.transports.server_connection import ServerConnection

logger = logging.getLogger(__name__)

CONNECTION_EXTENSION: Final = "conduit.connection"
_NEGOTIATE: Final = "/negotiate"
_UNCHECKED_HOSTS: Final = frozenset({HEALTH_PATH, READY_PATH})
_RETRY_AFTER: Final = {"retry-after": "1"}

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class HubApp:
    """Serves ``hubs`` (path → hub). Loopback origins and hosts are let in unless others are named.

    ``lifespan`` wraps the server's life; ``protocols`` are the hub protocols spoken (JSON unless given).
    ``on_drain`` runs once a drain begins, while everybody is still connected: the place for last words.
    """

    def __init__(
        self,
        hubs: Mapping[str, Hub],
        *,
        authenticator: Authenticator,
        limits: HubLimits | None = None,
        allowed_origins: Sequence[str] = LOOPBACK_ORIGINS,
        allowed_hosts: Sequence[str] = LOOPBACK_HOSTS,
        metrics: HubMetrics | None = None,
        routes: Mapping[str, HttpHandler] | None = None,
        protocols: Sequence[HubProtocol] = (),
        lifespan: Lifespan | None = None,
        wheel: TimerWheel | None = None,
        on_drain: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.limits = limits or HubLimits()
        self.metrics = metrics or HubMetrics()
        self.last_active = time.monotonic()
        self._authenticator = authenticator
        self._policy = OriginPolicy(allowed_origins, allowed_hosts)
        self._wheel = wheel or TimerWheel()
        self._lifespan = lifespan or nullcontext
        self._on_drain = on_drain
        self._draining = False
        self._endpoints: set[ConnectionEndpoint] = set()
        self._leaving: set[ConnectionEndpoint] = set()
        self._per_user: Counter[str] = Counter()
        self._pending = PendingConnections(
            ttl=self.limits.handshake_timeout, limit=self.limits.connections_per_process
        )
        spoken = {protocol.name: protocol for protocol in protocols or (JsonHubProtocol(),)}
        self._formats = sorted({item.transfer_format.value for item in spoken.values()}, reverse=True)
        self._mounts = {
            path: MountedHub.mount(
                path,
                hub,
                protocols=spoken,
                limits=self.limits,
                metrics=self.metrics,
                wheel=self._wheel,
            )
            for path, hub in hubs.items()
        }
        self._routes: dict[str, HttpHandler] = {
            HEALTH_PATH: self._health,
            READY_PATH: self._ready,
            METRICS_PATH: self._metrics_page,
            **(routes or {}),
        }

    @property
    def connections_active(self) -> int:
        """Connections open now, those still in their handshake included."""
        return len(self._endpoints)

    @property
    def draining(self) -> bool:
        """Whether the hub is about to end and lets nobody in."""
        return self._draining

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)

    async def drain(self, timeout: float = 5.0) -> None:
        """Let nobody in, send everybody Close with allowReconnect, and wait until all are gone.

        What is still there after ``timeout`` seconds is left to the server to cut.
        """
        first, self._draining = not self._draining, True
        deadline = time.monotonic() + timeout
        if first and self._on_drain is not None:
            await self._on_drain()
        for endpoint in list(self._endpoints):
            endpoint.shutdown()
        while (self._endpoints or self._leaving) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            self._leaving = {endpoint for endpoint in self._leaving if not endpoint.finished}

    # HTTP

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = read_head(scope)
        origin = head.headers.get("origin")
        refusal = self._check_request(head)
        if refusal is not None:
            await send_response(send, refusal)
            return
        if origin is not None and head.method == "OPTIONS":
            headers = self._policy.preflight_headers(origin)
            await send_response(send, HttpResponse(204, headers=headers))
            return
        try:
            request = await read_body(head, receive, self.limits.max_body_bytes)
            response = await self._respond(request)
        except BodyTooLargeError:
            text = f"The request body exceeds the limit of {self.limits.max_body_bytes} bytes."
            response = error_response(413, text, {"connection": "close"})
        except ClientGoneError:
            return
        cors = self._policy.headers(origin)
        await send_response(
            send,
            HttpResponse(response.status, response.body, response.content_type, {**response.headers, **cors}),
        )

    async def _respond(self, request: HttpRequest) -> HttpResponse:
        handler = self._routes.get(request.path)
        if handler is not None:
            return await handler(request)
        if request.path.endswith(_NEGOTIATE):
            mount = self._mounts.get(request.path[: -len(_NEGOTIATE)])
            if mount is not None:
                return await self._negotiate(request, mount)
        if request.path in self._mounts:
            return error_response(405, "Use negotiate and a WebSocket.", {"allow": "POST"})
        return error_response(404, "There is nothing here.")

    async def _negotiate(self, request: HttpRequest, mount: MountedHub) -> HttpResponse:
        if request.method != "POST":
            return error_response(405, "Use POST.", {"allow": "POST"})
        if self._draining:
            return error_response(503, "The hub is restarting.", _RETRY_AFTER)
        self.last_active = time.monotonic()
        try:
            user = await self._authenticator.authenticate(read_credential(request))
        except AuthenticationError as error:
            mount.meter.refused("unauthorized")
            return _unauthorized(error)
        refusal = self._connection_limit(user)
        if refusal is not None:
            mount.meter.refused("limit")
            return HttpResponse(200, encode_negotiate(NegotiateResponse(error=refusal)))
        version = 1 if request.query.get("negotiateVersion", "0") >= "1" else 0
        token, pending = self._pending.create(mount.path, user.user_id, public=version > 0)
        response = NegotiateResponse(
            negotiate_version=version,
            connection_id=pending.connection_id,
            connection_token=token if version > 0 else None,
            available_transports=[AvailableTransport("WebSockets", self._formats)],
        )
        return HttpResponse(200, encode_negotiate(response), headers={"cache-control": "no-store"})

    async def _health(self, request: HttpRequest) -> HttpResponse:
        return _get_only(request) or json_response(200, {"status": "ok"})

    async def _ready(self, request: HttpRequest) -> HttpResponse:
        ready = not self._draining
        status = {"status": "ready" if ready else "draining", "connections": self.connections_active}
        return _get_only(request) or json_response(200 if ready else 503, status)

    async def _metrics_page(self, request: HttpRequest) -> HttpResponse:
        return _get_only(request) or HttpResponse(200, self.metrics.render(), CONTENT_TYPE)

    # WebSockets

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        request = read_head(scope)
        mount = self._mounts.get(request.path)
        refusal = self._check_request(request)
        if mount is None:
            refusal = refusal or error_response(404, "There is no hub here.")
        elif self._draining:
            refusal = refusal or error_response(503, "The hub is restarting.", _RETRY_AFTER)
        if refusal is not None or mount is None:
            await _refuse(scope, send, refusal or error_response(404, "There is no hub here."))
            return
        try:
            user = await self._authenticator.authenticate(read_credential(request))
        except AuthenticationError as error:
            mount.meter.refused("unauthorized")
            await _refuse(scope, send, _unauthorized(error))
            return
        token = request.query.get("id")
        if token is None:
            connection_id = new_connection_id()
        else:
            pending = self._pending.take(token, mount.path, user.user_id)
            if pending is None:
                mount.meter.refused("unknown_id")
                await _refuse(scope, send, error_response(404, "There is no connection with that id."))
                return
            connection_id = pending.connection_id
        await self._open(scope, receive, send, mount=mount, connection_id=connection_id, user=user)

    async def _open(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        *,
        mount: MountedHub,
        connection_id: str,
        user: Principal,
    ) -> None:
        """Attach an endpoint: to the server's own connection where it has one, else to a task of this app."""
        own = (scope.get("extensions") or {}).get(CONNECTION_EXTENSION)
        adapter = AsgiWebSocketConnection(receive, send)
        connection: ServerConnection = adapter if own is None else own
        endpoint = ConnectionEndpoint(
            connection,
            mount,
            connection_id=connection_id,
            user=user,
            on_gone=self._gone,
            refusal=self._connection_limit(user),
        )
        self._endpoints.add(endpoint)
        self._per_user[user.user_id] += 1
        self.last_active = time.monotonic()
        connection.attach(endpoint)
        if own is None:
            await adapter.run()

    def _gone(self, endpoint: ConnectionEndpoint) -> None:
        self.last_active = time.monotonic()
        self._endpoints.discard(endpoint)
        user_id = endpoint.user.user_id
        self._per_user[user_id] -= 1
        if self._per_user[user_id] <= 0:
            del self._per_user[user_id]
        self._leaving = {item for item in self._leaving if not item.finished} | {endpoint}

    # Checks

    def _check_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.path not in _UNCHECKED_HOSTS and not self._policy.allows_host(
            request.headers.get("host", "")
        ):
            return error_response(400, "This Host is not served here; allow it with --allow-host.")
        origin = request.headers.get("origin")
        if origin is not None and not self._policy.allows_origin(origin):
            return error_response(403, "This origin is not allowed; allow it with --allow-origin.")
        return None

    def _connection_limit(self, user: Principal) -> str | None:
        """Return the text that refuses one more connection, if there are as many as may be."""
        for count, limit in (
            (self._per_user[user.user_id], self.limits.connections_per_user),
            (len(self._endpoints), self.limits.connections_per_process),
        ):
            if count >= limit:
                return ErrorText.CONNECTION_LIMIT.format(n=count, max=limit)
        return None

    # Lifespan

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        try:
            async with self._lifespan():
                await send({"type": "lifespan.startup.complete"})
                await receive()  # lifespan.shutdown
                await self.drain()
        finally:
            self._wheel.close()
        await send({"type": "lifespan.shutdown.complete"})


def _get_only(request: HttpRequest) -> HttpResponse | None:
    if request.method in ("GET", "HEAD"):
        return None
    return error_response(405, "Use GET.", {"allow": "GET"})


def _unauthorized(error: AuthenticationError) -> HttpResponse:
    return error_response(error.status_code, str(error), {"www-authenticate": "Bearer"})


async def _refuse(scope: Scope, send: Send, response: HttpResponse) -> None:
    """Refuse a WebSocket with an HTTP response where the server can, else with a plain 403."""
    if "websocket.http.response" in (scope.get("extensions") or {}):
        await send_response(send, response, "websocket.http.response")
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": ""})
