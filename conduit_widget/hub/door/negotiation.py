"""``POST …/negotiate``: a secret token for one connection, and the transports it may use."""

from __future__ import annotations

import time
from typing import Final

from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.registry import ConnectionRegistry
from conduit_widget.hub.door.pending_connections import PendingConnections
from conduit_widget.hub.http import HttpRequest, HttpResponse, error_response
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.negotiate import (
    NEGOTIATE_VERSION,
    AvailableTransport,
    NegotiateResponse,
    encode_negotiate,
)
from conduit_widget.protocol.transport_kinds import TransportKind

NEGOTIATE: Final = "/negotiate"
_MAX_VERSION_DIGITS: Final = 9


class Negotiation:
    """Answers negotiate, versions 0 and 1 (TransportProtocols.md)."""

    def __init__(self, registry: ConnectionRegistry, pending: PendingConnections) -> None:
        self._registry = registry
        self._pending = pending

    def refusal(self, mount: MountedHub) -> HttpResponse | None:
        """Return what refuses a negotiate before anybody asks who it is."""
        if self._registry.draining:
            mount.meter.refused("draining")
            return restarting()
        return None

    async def respond(self, request: HttpRequest, mount: MountedHub, user: Principal) -> HttpResponse:
        """Promise ``user`` a connection to the hub."""
        self._registry.last_active = time.monotonic()
        refusal = self._registry.limit_text(user, await self._registry.elsewhere(user))
        if refusal is not None:
            mount.meter.refused("limit")
            return HttpResponse(200, encode_negotiate(NegotiateResponse(error=refusal)))
        version = negotiated_version(request.query.get("negotiateVersion", ""))
        # Only a client that negotiates version 1 has a secret to come back with.
        stateful = (
            version > 0
            and request.query.get("useStatefulReconnect", "").lower() == "true"
            and mount.limits.stateful_window > 0
            and TransportKind.WEBSOCKETS in mount.hub.transports
        )
        token, pending = self._pending.create(mount.path, user.user_id, public=version > 0, stateful=stateful)
        response = NegotiateResponse(
            negotiate_version=version,
            connection_id=pending.connection_id,
            connection_token=token if version > 0 else None,
            available_transports=available_transports(mount),
            use_stateful_reconnect=stateful,
        )
        return HttpResponse(200, encode_negotiate(response), headers={"cache-control": "no-store"})


def restarting() -> HttpResponse:
    """Return what refuses everybody while the hub is about to end."""
    return error_response(503, "The hub is restarting.", {"retry-after": "1"})


def negotiated_version(text: str) -> int:
    """Return the version to answer with: the highest both speak; 0 for a client that names none."""
    wanted = int(text) if text.isascii() and text.isdigit() and len(text) <= _MAX_VERSION_DIGITS else 0
    return min(wanted, NEGOTIATE_VERSION)


def available_transports(mount: MountedHub) -> list[AvailableTransport]:
    """Return what the hub offers, best first; events carry text only."""
    spoken = {protocol.transfer_format for protocol in mount.protocols.values()}
    offered = []
    for kind in TransportKind:
        carried = (
            {TransferFormat.TEXT}
            if kind is TransportKind.SERVER_SENT_EVENTS
            else {TransferFormat.TEXT, TransferFormat.BINARY}
        )
        formats = [item.value for item in TransferFormat if item in spoken & carried]
        if formats and kind in mount.hub.transports:
            offered.append(AvailableTransport(kind.value, formats))
    return offered
