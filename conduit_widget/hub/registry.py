"""Who is connected to this process: counts against the limits, and the way out for all of them."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable

from conduit_widget.contract import ErrorText
from conduit_widget.hub.endpoint import ConnectionEndpoint
from conduit_widget.hub.limits import HubLimits
from conduit_widget.hub.principal import Principal


class ConnectionRegistry:
    """Every open connection of one hub application, whatever its hub and transport."""

    def __init__(self, limits: HubLimits, on_drain: Callable[[], Awaitable[None]] | None = None) -> None:
        self.last_active = time.monotonic()
        self.draining = False
        self._limits = limits
        self._on_drain = on_drain
        self._endpoints: set[ConnectionEndpoint] = set()
        self._leaving: set[ConnectionEndpoint] = set()
        self._per_user: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._endpoints)

    def add(self, endpoint: ConnectionEndpoint) -> None:
        """Count a connection in."""
        self._endpoints.add(endpoint)
        self._per_user[endpoint.user.user_id] += 1
        self.last_active = time.monotonic()

    def gone(self, endpoint: ConnectionEndpoint) -> None:
        """Count a connection out; a drain still waits for what the hub has to do for it."""
        if endpoint not in self._endpoints:
            return
        self.last_active = time.monotonic()
        self._endpoints.discard(endpoint)
        user_id = endpoint.user.user_id
        self._per_user[user_id] -= 1
        if self._per_user[user_id] <= 0:
            del self._per_user[user_id]
        self._leaving = {item for item in self._leaving if not item.finished} | {endpoint}

    def limit_text(self, user: Principal) -> str | None:
        """Return the text that refuses one more connection, if there are as many as may be."""
        for count, limit in (
            (self._per_user[user.user_id], self._limits.connections_per_user),
            (len(self._endpoints), self._limits.connections_per_process),
        ):
            if count >= limit:
                return ErrorText.CONNECTION_LIMIT.format(n=count, max=limit)
        return None

    async def drain(self, timeout: float) -> None:
        """Send everybody Close with allowReconnect; wait ``timeout`` seconds at most until all are gone."""
        first, self.draining = not self.draining, True
        deadline = time.monotonic() + timeout
        if first and self._on_drain is not None:
            await self._on_drain()
        for endpoint in list(self._endpoints):
            endpoint.shutdown()
        while (self._endpoints or self._leaving) and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            self._leaving = {endpoint for endpoint in self._leaving if not endpoint.finished}
