"""The hub as a pure ASGI application: hubs on every transport, health, metrics, routes, lifespan, drain."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from types import MappingProxyType
from typing import Final

from conduit_widget.errors import BodyTooLargeError, ClientGoneError, HubStartError, trace_of
from conduit_widget.hub.auth.local_authority import Authenticator
from conduit_widget.hub.auth.revocation import RevocationGuard, Revocations
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.calls.hub import Hub, HubContext, HubFilter
from conduit_widget.hub.connections.drain import Drain
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.registry import ConnectionRegistry
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.connections.user_connections import UserConnections
from conduit_widget.hub.door.admission import Admission
from conduit_widget.hub.door.negotiation import NEGOTIATE, Negotiation
from conduit_widget.hub.door.origins import LOOPBACK_ORIGINS
from conduit_widget.hub.door.pending_connections import PendingConnections
from conduit_widget.hub.http import (
    LOOPBACK_HOSTS,
    HttpHandler,
    HttpRequest,
    HttpResponse,
    Receive,
    RequestBody,
    Scope,
    Send,
    error_response,
    has_two_lengths,
    read_body,
    read_head,
    send_response,
)
from conduit_widget.hub.limits.address_rates import AddressRates
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.limits.shared_rates import SharedRates
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.hub.open_files import OpenFiles
from conduit_widget.hub.operator_pages import OperatorPages
from conduit_widget.hub.readiness import ReadinessCheck
from conduit_widget.hub.transports.http_transports import HttpTransports
from conduit_widget.hub.transports.websocket_opening import CONNECTION_EXTENSION, WebSocketOpening
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol

__all__ = ["CONNECTION_EXTENSION", "HubApp", "Lifespan"]

logger = logging.getLogger(__name__)

_TWO_LENGTHS: Final = "A request has one length: Content-Length or Transfer-Encoding, not both."

Lifespan = Callable[[], AbstractAsyncContextManager[None]]


class HubApp:
    """Serves ``hubs`` (path → hub). Loopback origins and hosts are let in unless others are named.

    ``lifespan`` wraps the server's life; ``protocols`` are the hub protocols spoken (JSON and MessagePack
    unless given). ``on_drain`` runs once a drain begins, while everybody is still connected.
    ``filters`` run around every hub's own; ``detailed_errors`` tells clients the text of errors nobody
    expected (for development: it may hold anything). ``operators_only``: the metrics want the role
    ``operator`` (for a hub that other machines reach). ``readiness`` is what ``/readyz`` asks.
    ``trusted_proxies`` (addresses, networks) may say for whom they ask: see ``limits/address_rates.py``.
    ``backplane`` leads to the other nodes of this hub, ``revocations`` says who is kept out; both are
    started before ``lifespan`` and closed after it. ``setting_names`` says what the arguments here are called
    where an operator sets them (``allowed_hosts``: ``--allow-host``); the log uses those names.
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
        filters: Sequence[HubFilter] = (),
        detailed_errors: bool = False,
        operators_only: bool = False,
        readiness: Sequence[ReadinessCheck] = (),
        trusted_proxies: Sequence[str] = (),
        backplane: Backplane | None = None,
        revocations: Revocations | None = None,
        setting_names: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        if revocations is not None:
            authenticator = RevocationGuard(authenticator, revocations)
        self.start_error: HubStartError | None = None  # why the lifespan could not start
        self.open_files = OpenFiles()
        self.limits = limits or HubLimits()
        self.metrics = metrics or HubMetrics()
        self._wheel = wheel or TimerWheel()
        self._lifespan = lifespan or nullcontext
        self._registry = ConnectionRegistry(self.limits, UserConnections(backplane), revocations)
        self._drain = Drain(self._registry, on_drain)
        self._drained = False
        self._admission = Admission(
            authenticator,
            allowed_origins,
            allowed_hosts,
            operators_only=operators_only,
            addresses=AddressRates(
                self.limits.negotiates_per_minute, self.limits.negotiate_burst, trusted_proxies
            ),
            setting_names=setting_names,
        )
        pending = PendingConnections(
            ttl=self.limits.handshake_timeout,
            limit=self.limits.connections_per_process,
            backplane=backplane,
        )
        self._negotiation = Negotiation(self._registry, pending)
        self._http_transports = HttpTransports(self._admission, self._registry, pending)
        self._websockets = WebSocketOpening(self._admission, self._registry, pending)
        spoken = protocols or (JsonHubProtocol(), MessagePackHubProtocol())
        self._mounts = {
            path: MountedHub.mount(
                path,
                hub,
                protocols={protocol.name: protocol for protocol in spoken},
                limits=self.limits,
                metrics=self.metrics,
                wheel=self._wheel,
                authenticator=authenticator,
                filters=filters,
                detailed_errors=detailed_errors,
            )
            for path, hub in hubs.items()
        }
        parts = (backplane, revocations, pending.tokens, *self._shared_rates(backplane))
        self._outer_parts = tuple(part for part in parts if part is not None)
        self._routes: dict[str, HttpHandler] = {
            **OperatorPages(self, readiness, self._admission.require_operator).routes(),
            **(routes or {}),
        }

    @property
    def connections_active(self) -> int:
        """Connections open now, those still in their handshake included."""
        return len(self._registry)

    @property
    def last_active(self) -> float:
        """When somebody last came or went (monotonic seconds)."""
        return self._registry.last_active

    @property
    def draining(self) -> bool:
        """Whether the hub is about to end and lets nobody in."""
        return self._registry.draining

    def hub_context(self, path: str) -> HubContext:
        """Return the way to a mounted hub's clients and groups from outside its methods.

        Raises:
            KeyError: no hub is mounted at ``path``.

        """
        return self._mounts[path].context

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI scope."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            mount = self._mounts.get(read_head(scope).path)
            await self._websockets.serve(scope, receive, send, mount)
        elif scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)

    def begin_drain(self) -> None:
        """Let nobody in any more, at once; :meth:`drain` does the rest."""
        if not self.draining:
            logger.info("The hub ends: nobody is let in any more; open connections: %d.", len(self._registry))
        self._drain.begin()

    def hurry_drain(self) -> None:
        """Have :meth:`drain`, under way or to come, tell everybody at once and wait for nothing more."""
        self._drain.hurry()

    async def drain(self, timeout: float = 5.0, spread: float | None = None) -> None:
        """Let nobody in, send everybody Close with allowReconnect, and wait until all are gone.

        The Close messages are spread over ``spread`` seconds, so that not everybody comes back in the same
        moment (``None``: a hundred connections a second, at most 30 s). What is still there ``timeout``
        seconds after the last of them is left to the server to cut.
        """
        again = self._drained
        self._drained = True
        self.begin_drain()
        started = time.monotonic()
        await self._drain.run(timeout, spread)
        left, seconds = len(self._registry), time.monotonic() - started
        if left:
            logger.warning("Connections that did not go within %.1f s, and are cut off: %d.", seconds, left)
        elif not again:
            logger.info("All connections ended within %.1f s.", seconds)

    # HTTP

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        head, body = read_head(scope), RequestBody(receive)
        refusal = self._admission.refusal(head)
        if refusal is not None:
            self._count_stranger(head.path)
        refusal = refusal or self._admission.preflight(head)
        if has_two_lengths(head):
            refusal = error_response(400, _TWO_LENGTHS, {"connection": "close"})
        if refusal is not None:
            await send_response(send, refusal, body=body)
            return
        mount = self._mounts.get(head.path)
        if mount is not None:
            await self._http_transports.serve(scope, head, body, send, mount)
            return
        try:
            request = await read_body(head, body, self.limits.max_body_bytes)
            response = await self._respond(request)
        except BodyTooLargeError:
            text = f"The request body exceeds the limit of {self.limits.max_body_bytes} bytes."
            response = error_response(413, text, {"connection": "close"})
        except ClientGoneError:
            return
        except Exception as error:  # noqa: BLE001 - a route's own code; the server would log its text
            logger.error("A route failed: %s", trace_of(error))  # noqa: TRY400
            response = error_response(500, "An unexpected error occurred.")
        headers = {**response.headers, **self._admission.cors_headers(head)}
        answer = HttpResponse(response.status, response.body, response.content_type, headers)
        await send_response(send, answer, body=body)

    def _count_stranger(self, path: str) -> None:
        """Count a request to a hub whose Host or Origin is not allowed."""
        mount = self._mounts.get(path.removesuffix(NEGOTIATE))
        if mount is not None:
            mount.meter.refused("origin")

    async def _respond(self, request: HttpRequest) -> HttpResponse:
        handler = self._routes.get(request.path)
        if handler is not None:
            return await handler(request)
        if request.path.endswith(NEGOTIATE):
            mount = self._mounts.get(request.path[: -len(NEGOTIATE)])
            if mount is not None:
                return await self._negotiate(request, mount)
        return error_response(404, "There is nothing here.")

    async def _negotiate(self, request: HttpRequest, mount: MountedHub) -> HttpResponse:
        refusal = self._negotiation.refusal(request, mount) or self._admission.too_many(request, mount)
        if refusal is not None:
            return refusal
        user = await self._admission.authenticate(request, mount)
        if isinstance(user, HttpResponse):
            return user
        return await self._negotiation.respond(request, mount, user)

    # Lifespan

    def _shared_rates(self, backplane: Backplane | None) -> list[SharedRates]:
        """Return what joins the rates of users with those of the other nodes, for the hubs that have any."""
        if backplane is None:
            return []
        rates = {path: mount.invoker.user_rates for path, mount in self._mounts.items()}
        return [SharedRates(backplane, path, found) for path, found in rates.items() if found.limited]

    async def _run_lifespan(self, receive: Receive, send: Send) -> None:
        await receive()  # lifespan.startup
        try:
            async with AsyncExitStack() as stack:
                for part in self._outer_parts:
                    stack.push_async_callback(part.aclose)
                    await part.start()
                await stack.enter_async_context(self._lifespan())
                logger.info(
                    "The hub is up: %s, for %d connections at most.",
                    ", ".join(self._mounts),
                    self.limits.connections_per_process,
                )
                await send({"type": "lifespan.startup.complete"})
                await receive()  # lifespan.shutdown
                await self.drain()
        except HubStartError as error:  # a line for operators, without a traceback
            self.start_error = error
            await send({"type": "lifespan.startup.failed"})
            return
        finally:
            self._wheel.close()
        await send({"type": "lifespan.shutdown.complete"})
