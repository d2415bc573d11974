"""The open connections of this process, counted against the limits."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from conduit_widget.contract import CloseCode, ErrorText
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.auth.revocation import Revocations
from conduit_widget.hub.connections.endpoint import ConnectionEndpoint
from conduit_widget.hub.connections.mount import MountedHub
from conduit_widget.hub.connections.stateful_endpoint import StatefulEndpoint
from conduit_widget.hub.connections.user_connections import UserConnections
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.limits.user_rates import warning_of_count
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.transports.server.server_connection import ServerConnection


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection that later requests come back to."""

    hub: str
    endpoint: ConnectionEndpoint
    connection: ServerConnection


class ConnectionRegistry:
    """Every open connection of one hub application, whatever its hub and transport.

    ``users`` counts them by user, over all nodes; what ``revocations`` holds is ended at once.
    """

    def __init__(
        self, limits: HubLimits, users: UserConnections | None = None, revocations: Revocations | None = None
    ) -> None:
        self.last_active = time.monotonic()
        self.draining = False
        self._limits = limits
        self._requests = 0
        self._accesses: dict[asyncio.Timeout, Principal] = {}
        self._endpoints: set[ConnectionEndpoint] = set()
        self._leaving: set[ConnectionEndpoint] = set()
        self._users = users or UserConnections()
        self._revocations = revocations
        self._by_token: dict[str, OpenConnection] = {}
        if revocations is not None:
            revocations.on_change(self._close_revoked)

    def __len__(self) -> int:
        return len(self._endpoints)

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
        """Put an endpoint on a transport's connection; :meth:`find` finds it by ``token`` while it lives.

        ``elsewhere``: how many connections of the user :meth:`elsewhere` found on other nodes.
        """
        endpoint = (StatefulEndpoint if stateful else ConnectionEndpoint)(
            connection,
            mount,
            connection_id=connection_id,
            user=user,
            on_gone=self.gone if token is None else lambda gone: self._gone_with(token, gone),
            refusal=self.limit_text(user, elsewhere),
            protocols=protocols,
        )
        self._endpoints.add(endpoint)
        self._users.opened(user.user_id)
        count = self._users.here(user.user_id) + elsewhere
        endpoint.limit_warning = warning_of_count(
            "connections", "user", count, self._limits.connections_per_user
        )
        self.last_active = time.monotonic()
        if token is not None:
            self._by_token[token] = OpenConnection(mount.path, endpoint, connection)
        endpoint.attach_to(connection)
        self.close_if_revoked(endpoint)
        return endpoint

    def find(self, token: str, mount: MountedHub, user: Principal) -> OpenConnection | None:
        """Return the connection of a secret token; ``None`` for a wrong token, hub or user."""
        found = self._by_token.get(token)
        if found is None or found.hub != mount.path or found.endpoint.user.user_id != user.user_id:
            return None
        return found

    def _gone_with(self, token: str, endpoint: ConnectionEndpoint) -> None:
        self._by_token.pop(token, None)
        self.gone(endpoint)

    def gone(self, endpoint: ConnectionEndpoint) -> None:
        """Count a connection out; a drain still waits for what the hub has to do for it."""
        if endpoint not in self._endpoints:
            return
        self.last_active = time.monotonic()
        self._endpoints.discard(endpoint)
        self._users.closed(endpoint.user.user_id)
        self._leaving = {item for item in self._leaving if not item.finished} | {endpoint}

    async def elsewhere(self, user: Principal) -> int:
        """Return how many connections a user has on other nodes; 0 while they cannot be asked."""
        return await self._users.elsewhere(user.user_id)

    def limit_text(self, user: Principal, elsewhere: int) -> str | None:
        """Return the text that refuses one more connection, if there are as many as may be."""
        for count, limit in (
            (self._users.here(user.user_id) + elsewhere, self._limits.connections_per_user),
            (len(self._endpoints), self._limits.connections_per_process),
        ):
            if count >= limit:
                return ErrorText.CONNECTION_LIMIT.format(n=count, max=limit)
        return None

    def close_if_revoked(self, endpoint: ConnectionEndpoint) -> None:
        """End a connection whose token, or user, is revoked: somebody may just have done it."""
        if self._revocations is not None and self._revocations.is_revoked(endpoint.user):
            endpoint.close(CloseCode.REVOKED)

    def _close_revoked(self) -> None:
        for endpoint in self.endpoints:
            self.close_if_revoked(endpoint)
        for access in tuple(self._accesses):
            self._end_if_revoked(access)

    @property
    def endpoints(self) -> tuple[ConnectionEndpoint, ...]:
        """Every open connection (a copy)."""
        return tuple(self._endpoints)

    @property
    def is_quiet(self) -> bool:
        """Whether nobody is connected, no request is under way, and nothing is left to do for those gone."""
        self._leaving = {endpoint for endpoint in self._leaving if not endpoint.finished}
        return not self._endpoints and not self._leaving and not self._requests

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        """Count an HTTP request that belongs to no connection while it is answered."""
        self._requests += 1
        try:
            yield
        finally:
            self._requests -= 1

    def hold_access(self, access: asyncio.Timeout, user: Principal) -> None:
        """Let ``access`` expire when the user's token does, or as soon as it is revoked."""
        self._accesses[access] = user
        if user.expires_at < math.inf:
            access.reschedule(asyncio.get_running_loop().time() + user.expires_at - time.time())
        self._end_if_revoked(access)

    def release_access(self, access: asyncio.Timeout) -> None:
        """Forget an access that is over. Idempotent."""
        self._accesses.pop(access, None)

    def _end_if_revoked(self, access: asyncio.Timeout) -> None:
        if self._revocations is not None and self._revocations.is_revoked(self._accesses[access]):
            access.reschedule(asyncio.get_running_loop().time())
