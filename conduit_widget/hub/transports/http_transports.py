"""A hub's path over plain HTTP: GET takes events or polls, POST sends, DELETE ends."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from conduit_widget.errors import BodyTooLargeError, ClientGoneError
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.registry import ConnectionRegistry
from conduit_widget.hub.door.admission import Admission
from conduit_widget.hub.door.early_posts import MAX_EARLY_BYTES, EarlyPosts
from conduit_widget.hub.door.negotiation import restarting
from conduit_widget.hub.door.pending_connections import PendingConnections
from conduit_widget.hub.http import (
    HttpRequest,
    HttpResponse,
    Scope,
    Send,
    error_response,
    send_response,
)
from conduit_widget.hub.transports.http_connection import ACCEPTED, HttpServerConnection
from conduit_widget.hub.transports.long_polling import LongPollingConnection
from conduit_widget.hub.transports.server_sent_events import ServerSentEventsConnection
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.protocol.transport_kinds import TransportKind
from conduit_widget.transports.server.strangers import KNOWN

_UNKNOWN: Final = "There is no connection with that id."
_ELSEWHERE: Final = (
    "Another node of this hub has that connection: long polling and server-sent events need a load balancer"
    " with sticky sessions; WebSockets do not."
)


class HttpTransports:
    """Serves server-sent events and long polling. The id is secret, and good for its own user only."""

    def __init__(
        self, admission: Admission, registry: ConnectionRegistry, pending: PendingConnections
    ) -> None:
        self._admission = admission
        self._registry = registry
        self._pending = pending
        self._early = EarlyPosts(pending)

    async def serve(self, scope: Scope, head: HttpRequest, send: Send, mount: MountedHub) -> None:
        """Serve one request to a hub's path; its Host and Origin are checked already."""
        user = await self._admission.authenticate(head, mount.path, mount.meter)
        if isinstance(user, HttpResponse):
            response: HttpResponse | None = user
        elif "id" not in head.query:
            response = error_response(400, "Negotiate first: the 'id' is missing.")
        elif head.method == "GET" and "text/event-stream" in head.headers.get("accept", ""):
            response = await self._events(head, send, mount, user)
        elif head.method == "GET":
            response = await self._poll(head, mount, user)
        elif head.method == "POST":
            response = await self._post(head, mount, user)
        elif head.method == "DELETE":
            response = self._delete(head, mount, user)
        else:
            response = error_response(405, "Use GET, POST or DELETE.", {"allow": "GET, POST, DELETE"})
        if response is not None:
            if response.status < HTTPStatus.BAD_REQUEST:
                scope.setdefault("state", {})[KNOWN] = True
            await send_response(send, response.with_headers(self._admission.cors_headers(head)), head)

    async def _events(
        self,
        head: HttpRequest,
        send: Send,
        mount: MountedHub,
        user: Principal,
    ) -> HttpResponse | None:
        if self._find(head, mount, user) is not None:
            return error_response(409, "This connection is open already.")
        connection = ServerSentEventsConnection()
        refusal = await self._open(connection, TransportKind.SERVER_SENT_EVENTS, head, mount, user)
        if refusal is None:
            await connection.serve(head.body, send, self._admission.cors_headers(head))
        return refusal

    async def _poll(self, head: HttpRequest, mount: MountedHub, user: Principal) -> HttpResponse | None:
        connection = self._find(head, mount, user)
        if connection is None:
            limits = mount.limits
            connection = LongPollingConnection(
                poll_timeout=limits.poll_timeout, disconnect_timeout=limits.poll_disconnect_timeout
            )
            refusal = await self._open(connection, TransportKind.LONG_POLLING, head, mount, user)
            if refusal is not None:
                return refusal
        if not isinstance(connection, LongPollingConnection):
            return error_response(409, "This connection is open already.")
        return await connection.poll(head.body)

    async def _post(self, head: HttpRequest, mount: MountedHub, user: Principal) -> HttpResponse | None:
        key = (head.query["id"], mount.path, user.user_id)
        if self._find(head, mount, user) is None and not self._early.claim(*key):
            return self._unknown(head)
        head.body.limit_bytes = mount.limits.max_frame_bytes
        try:
            body = await head.body.read()
        except BodyTooLargeError as error:
            return error_response(413, str(error), {"connection": "close"})
        except ClientGoneError:
            return None
        connection = self._find(head, mount, user)
        if connection is not None:
            return await connection.accept_post(body)
        if self._early.hold(*key, body):
            return ACCEPTED
        if self._early.claim(*key):
            text = f"More than {MAX_EARLY_BYTES} bytes wait for this connection: open it by a GET first."
            return error_response(429, text)
        return self._unknown(head)

    def _delete(self, head: HttpRequest, mount: MountedHub, user: Principal) -> HttpResponse:
        connection = self._find(head, mount, user)
        if connection is None:
            return self._unknown(head)
        if not isinstance(connection, LongPollingConnection):
            return error_response(400, "Only long polling ends with DELETE; close the events instead.")
        return connection.delete()

    def _unknown(self, head: HttpRequest) -> HttpResponse:
        return error_response(404, _ELSEWHERE if self._pending.is_foreign(head.query["id"]) else _UNKNOWN)

    def _find(self, head: HttpRequest, mount: MountedHub, user: Principal) -> HttpServerConnection | None:
        """Return the open connection of the id; a request with a newer token prolongs it."""
        found = self._registry.find(head.query["id"], mount, user)
        if found is None or not isinstance(found.connection, HttpServerConnection):
            return None
        if user.expires_at > found.endpoint.user.expires_at:
            found.endpoint.renew(user)
        return found.connection

    async def _open(
        self,
        connection: LongPollingConnection | ServerSentEventsConnection,
        kind: TransportKind,
        head: HttpRequest,
        mount: MountedHub,
        user: Principal,
    ) -> HttpResponse | None:
        if kind not in mount.hub.transports:
            return error_response(404, f"{kind} is not offered here.")
        if self._registry.draining:
            mount.meter.refused("draining")
            return restarting()
        elsewhere = await self._registry.elsewhere(user)
        token = head.query["id"]
        found = self._early.redeem(token, mount.path, user.user_id)
        if found is None:
            mount.meter.refused("unknown_id")
            return self._unknown(head)
        pending, early = found
        text_only = kind is TransportKind.SERVER_SENT_EVENTS
        self._registry.open(
            connection,
            mount,
            connection_id=pending.connection_id,
            user=user,
            token=token,
            protocols={
                name: protocol
                for name, protocol in mount.protocols.items()
                if protocol.transfer_format is TransferFormat.TEXT or not text_only
            },
            elsewhere=elsewhere,
        )
        for body in early:
            connection.deliver(body)
        return None
