"""The hub as a pure ASGI application: hubs on every transport, routes, a fallback, lifespan, drain."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, nullcontext
from functools import partial
from types import MappingProxyType
from typing import Final

from conduit_widget.errors import HubStartError
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
from conduit_widget.hub.door.negotiation import NEGOTIATE, Negotiation, restarting
from conduit_widget.hub.door.origins import LOOPBACK_ORIGINS
from conduit_widget.hub.door.pending_connections import PendingConnections
from conduit_widget.hub.http import (
    LOOPBACK_HOSTS,
    HttpRequest,
    HttpResponse,
    Receive,
    Scope,
    Send,
    error_response,
    has_two_lengths,
    read_request,
    send_response,
)
from conduit_widget.hub.limits.address_rates import AddressRates
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.limits.shared_rates import SharedRates
from conduit_widget.hub.metrics.hub_metrics import HubMetrics
from conduit_widget.hub.open_files import OpenFiles
from conduit_widget.hub.operator_pages import OperatorPages
from conduit_widget.hub.readiness import ReadinessCheck
from conduit_widget.hub.routes import Route, Routes
from conduit_widget.hub.transports.http_transports import HttpTransports
from conduit_widget.hub.transports.websocket_opening import WebSocketOpening
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol

_logger = logging.getLogger(__name__)

_HUB_METHODS: Final = "GET, POST, DELETE"
_TWO_LENGTHS: Final = "A request has one length: Content-Length or Transfer-Encoding, not both."

Lifespan = Callable[[], AbstractAsyncContextManager[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


class HubApp:
    """Serves ``hubs`` (path → hub), ``routes`` and, for every other path, ``fallback``.

    ``limits``, ``allowed_origins``, ``allowed_hosts`` and ``trusted_proxies`` say who gets in and how much
    they may do; only loopback origins and hosts are let in unless others are named. A proxy that is trusted
    (an address or a network) may say for whom it asks. ``setting_names`` says what these are called where an
    operator sets them (``allowed_hosts``: an option or a variable); log lines use those names.

    ``routes`` are ``Route`` objects; one with the path of an operators' page takes its place. ``fallback`` is
    any ASGI application: it gets HTTP and WebSocket requests whose Host and Origin are allowed while the hub
    is not draining, and the server's limits of heads and slow bodies hold for it. Start what it needs in
    ``lifespan``, an async context around the server's life.

    ``filters`` run around every hub's own, ``protocols`` are the hub protocols spoken (JSON and MessagePack).
    ``detailed_errors`` tells clients the text of unexpected errors (for development: it may hold anything).
    ``readiness`` is what ``/readyz`` asks; with ``operators_only`` the metrics want the role ``operator``.
    ``on_drain`` runs once a drain begins, while everybody is still connected. ``backplane`` leads to the
    other nodes of this hub and ``revocations`` says who is kept out; both start before ``lifespan`` and close
    after it.

    Raises:
        ValueError: the path of a hub does not begin with ``/``, or a route has it too.

    """

    def __init__(
        self,
        hubs: Mapping[str, Hub],
        *,
        authenticator: Authenticator,
        limits: HubLimits | None = None,
        allowed_origins: Sequence[str] = LOOPBACK_ORIGINS,
        allowed_hosts: Sequence[str] = LOOPBACK_HOSTS,
        trusted_proxies: Sequence[str] = (),
        setting_names: Mapping[str, str] = MappingProxyType({}),
        routes: Iterable[Route] = (),
        fallback: AsgiApp | None = None,
        lifespan: Lifespan = nullcontext,
        filters: Sequence[HubFilter] = (),
        protocols: Sequence[HubProtocol] = (),
        detailed_errors: bool = False,
        metrics: HubMetrics | None = None,
        readiness: Sequence[ReadinessCheck] = (),
        operators_only: bool = False,
        on_drain: Callable[[], Awaitable[None]] | None = None,
        backplane: Backplane | None = None,
        revocations: Revocations | None = None,
        wheel: TimerWheel | None = None,
    ) -> None:
        routes = tuple(routes)
        _check_paths(hubs, routes)
        self.limits = limits = limits or HubLimits()
        self.metrics = metrics = metrics or HubMetrics()
        self.open_files = OpenFiles()
        self.start_error: HubStartError | None = None  # why the lifespan could not start
        self._lifespan = lifespan
        self._fallback = fallback
        self._wheel = wheel = wheel or TimerWheel()
        if revocations is not None:
            authenticator = RevocationGuard(authenticator, revocations)

        self._registry = registry = ConnectionRegistry(limits, UserConnections(backplane), revocations)
        self._drain = Drain(registry, on_drain)
        self._drained = False
        addresses = AddressRates(limits.negotiates_per_minute, limits.negotiate_burst, trusted_proxies)
        self._admission = admission = Admission(
            authenticator, allowed_origins, allowed_hosts, addresses=addresses, setting_names=setting_names
        )
        pending = PendingConnections(
            ttl=limits.handshake_timeout, limit=limits.connections_per_process, backplane=backplane
        )
        self._negotiation = Negotiation(registry, pending)
        self._http_transports = HttpTransports(admission, registry, pending)
        self._websockets = WebSocketOpening(admission, registry, pending)

        spoken = protocols or (JsonHubProtocol(), MessagePackHubProtocol())
        mount = partial(
            MountedHub.mount,
            protocols={protocol.name: protocol for protocol in spoken},
            limits=limits,
            metrics=metrics,
            wheel=wheel,
            authenticator=authenticator,
            filters=filters,
            detailed_errors=detailed_errors,
        )
        self._mounts = {path: mount(path, hub) for path, hub in hubs.items()}
        pages = OperatorPages(self, readiness, operators_only=operators_only)
        self._routes = Routes(
            (*pages.routes(), *map(self._negotiate_route, self._mounts.values()), *routes),
            admission,
            registry,
            max_body_bytes=limits.max_body_bytes,
        )
        parts = (backplane, revocations, pending.tokens, *self._shared_rates(backplane))
        self._outer_parts = tuple(part for part in parts if part is not None)

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
        if scope["type"] == "lifespan":
            await self._run_lifespan(receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)

    def begin_drain(self) -> None:
        """Let nobody in any more, at once; :meth:`drain` does the rest."""
        if not self.draining:
            _logger.info(
                "The hub ends: nobody is let in any more; open connections: %d.", len(self._registry)
            )
        self._drain.begin()

    def hurry_drain(self) -> None:
        """Make :meth:`drain`, running or to come, close everybody at once and wait for nothing more."""
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
            _logger.warning("Connections that did not go within %.1f s, and are cut off: %d.", seconds, left)
        elif not again:
            _logger.info("All connections ended within %.1f s.", seconds)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope, receive)
        mount, match = self._mounts.get(request.path), self._routes.find(request.path)
        refusal = self._admission.refusal(request)
        if refusal is not None:
            self._count_stranger(request.path)
        if has_two_lengths(request):
            refusal = error_response(400, _TWO_LENGTHS, {"connection": "close"})
        if self._fallback is not None and mount is None and match is None:
            refusal = refusal or (restarting() if self.draining else None)
            if refusal is None:
                with self._registry.request():
                    await self._fallback(scope, receive, send)
                return
        methods = match.methods if match is not None and mount is None else _HUB_METHODS
        refusal = refusal or self._admission.preflight(request, methods)
        if refusal is not None:
            await send_response(send, refusal, request)
        elif mount is not None:
            await self._http_transports.serve(scope, request, send, mount)
        else:
            await self._routes.serve(scope, request, send, match)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = read_request(scope)
        mount = self._mounts.get(request.path)
        if mount is not None or self._fallback is None or self.draining or has_two_lengths(request):
            await self._websockets.serve(scope, receive, send, mount)
        elif self._admission.refusal(request) is not None:
            await self._websockets.serve(scope, receive, send, None)
        else:
            await self._fallback(scope, receive, send)

    def _count_stranger(self, path: str) -> None:
        """Count a request to a hub whose Host or Origin is not allowed."""
        mount = self._mounts.get(path.removesuffix(NEGOTIATE))
        if mount is not None:
            mount.meter.refused("origin")

    def _negotiate_route(self, mount: MountedHub) -> Route:
        async def negotiate(request: HttpRequest) -> HttpResponse:
            await request.body.read()
            admission, meter = self._admission, mount.meter
            refusal = self._negotiation.refusal(mount) or admission.too_many(request, meter)
            user = refusal or await admission.authenticate(request, mount.path, meter)
            if isinstance(user, HttpResponse):
                return user
            return await self._negotiation.respond(request, mount, user)

        return Route(mount.path + NEGOTIATE, negotiate, methods=("POST",), while_draining=True)

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
                _logger.info(
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


def _check_paths(hubs: Mapping[str, Hub], routes: Sequence[Route]) -> None:
    """Refuse what nobody could ever reach."""
    for path in hubs:
        if not path.startswith("/"):
            raise ValueError(f"The path {path!r} of a hub must begin with '/'.")
        if any(route.path == path and not route.prefix for route in routes):
            raise ValueError(f"The path {path!r} is a hub's, so no route can have it.")
