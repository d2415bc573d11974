"""How the connection to a hub is, measured while somebody looks.

Everything here runs on the loop thread. The connection is the one that the chats of the same hub and identity
use.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.chat_client.changes import ConnectionInfo, LinkState
from conduit_widget.chat_client.pool import Lease
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.contract import ChatMethod
from conduit_widget.errors import ConduitError, line_of, trace_of
from conduit_widget.types import Wire
from conduit_widget.widget.connections import Connections

_logger = logging.getLogger(__name__)

INTERVAL: Final = 2.0
"""Seconds between two measurements."""

SAMPLES: Final = 150
"""The newest round trips that the 95th percentile is taken from: five minutes."""

_STATES: Final[dict[ConnectionState, LinkState]] = {
    ConnectionState.CONNECTED: "live",
    ConnectionState.RECONNECTING: "reconnecting",
}


class HealthReport(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The figures of a connection. Latencies are round trips in ms, None before the first one."""

    connection: ConnectionInfo = ConnectionInfo()
    host: str | None = None
    transport: str | None = None
    latency: float | None = None
    latency_p95: float | None = None
    reconnects: int = 0
    unsent: int = 0

    def __str__(self) -> str:
        """Return the report as a line for people."""
        link, hub = self.connection, f"Hub {self.host}" if self.host else "Hub"
        parts: list[str] = [link.state]
        if link.state == "live" and self.transport:
            parts.append(self.transport)
        if link.state == "live" and self.latency is not None:
            parts.append(f"{self.latency:g} ms (p95 {self.latency_p95:g} ms)")
        if link.state != "live" and link.message:
            parts.append(link.message.rstrip("."))
        parts.append("1 reconnect" if self.reconnects == 1 else f"{self.reconnects} reconnects")
        return f"{hub}: {', '.join([*parts, f'{self.unsent} unsent'])}"


class HealthMonitor:
    """Watches one connection from :meth:`start` to :meth:`close`, which may follow each other.

    Args:
        access: the hub, and who we are there.
        connections: those of this loop thread.
        changed: called when there is a new report.

    """

    def __init__(self, access: HubAccess, connections: Connections, changed: Callable[[], None]) -> None:
        self.report = HealthReport()
        self._access = access
        self._connections = connections
        self._changed = changed
        self._lease: Lease | None = None
        self._watching: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._round_trips: deque[float] = deque(maxlen=SAMPLES)
        self._link = ConnectionInfo()
        self._reconnects = 0
        self._unsubscribers: list[Callable[[], None]] = []

    def start(self) -> None:
        """Connect, where nothing else has, and measure."""
        if self._lease is not None:
            return
        self._lease = lease = self._connections.lease(self._access)
        self._connections.guests.add(self)
        connection, failure = lease.connection, lease.last_failure
        self._link = ConnectionInfo()
        if failure is not None:  # the attempts of whoever came first are this one's too
            self._link = ConnectionInfo(
                attempt=failure.attempt, retry_at=failure.retry_at, message=line_of(failure.error)
            )
        self._unsubscribers = [
            connection.on_reconnecting(self._on_reconnecting),
            connection.on_retry_scheduled(self._on_retry_scheduled),
            connection.on_reconnected(self._on_reconnected),
            connection.on_close(self._on_close),
        ]
        self._watching = asyncio.get_running_loop().create_task(self._watch(lease))

    async def flush(self, seconds: float) -> None:
        """Do nothing: a monitor sends nothing that could be lost."""

    async def close(self) -> None:
        """Give the connection back; its last user closes it."""
        self._connections.guests.discard(self)
        lease, self._lease = self._lease, None
        if lease is None:
            return
        for unsubscribe in self._unsubscribers:
            unsubscribe()
        if self._watching is not None:
            self._watching.cancel()
        await lease.release()

    def retry_now(self) -> None:
        """Connect now: skip a waiting time, or start again where the connection has ended."""
        if self._lease is None:
            return
        self._lease.connection.retry_now()
        if self._watching is None or self._watching.done():
            self._link = ConnectionInfo()
            self._watching = asyncio.get_running_loop().create_task(self._watch(self._lease))

    # ---- what happens ----------------------------------------------------------------------------------

    def _on_reconnecting(self, error: Exception | None) -> None:
        self._set_link("reconnecting", line_of(error))

    def _on_retry_scheduled(self, attempt: int, delay: float, error: Exception | None) -> None:
        state: LinkState = "connecting" if self._link.state == "connecting" else "reconnecting"
        retry_at = round((time.time() + delay) * 1000)
        self._set_link(state, line_of(error), attempt=attempt, retry_at=retry_at)

    def _on_reconnected(self, _connection_id: str | None) -> None:
        self._reconnects += 1
        self._set_link("live")
        self._wake.set()

    def _on_close(self, error: Exception | None) -> None:
        self._set_link("offline", line_of(error) or "The hub ended the connection.")
        self._wake.set()

    def _set_link(
        self, state: LinkState, message: str | None = None, *, attempt: int = 0, retry_at: int | None = None
    ) -> None:
        self._link = ConnectionInfo(state=state, message=message or None, attempt=attempt, retry_at=retry_at)
        self._publish()

    # ---- measuring -------------------------------------------------------------------------------------

    async def _watch(self, lease: Lease) -> None:
        self._publish()
        try:
            await lease.started()
        except ConduitError as error:
            self._set_link("offline", line_of(error))
            return
        except Exception as error:  # noqa: BLE001 - a broken address or token function must show, not vanish
            _logger.warning("The connection to the hub could not be opened: %s", trace_of(error))
            self._set_link("offline", f"The hub connection failed: {type(error).__name__}.")
            return
        self._set_link(_STATES.get(lease.connection.state, self._link.state))
        while self._link.state != "offline":
            self._wake.clear()
            if lease.connection.state is ConnectionState.CONNECTED:
                await self._measure(lease)
            self._publish()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), INTERVAL)

    async def _measure(self, lease: Lease) -> None:
        """Time a call that costs the hub next to nothing; SignalR's pings are not answered."""
        clock = asyncio.get_running_loop().time
        began = clock()
        with contextlib.suppress(ConduitError):  # the connection's own events say what is wrong
            await lease.connection.invoke(ChatMethod.REQUEST_PROVIDER_STATUS, timeout=INTERVAL * 5)
            self._round_trips.append((clock() - began) * 1000)

    def _publish(self) -> None:
        connection = None if self._lease is None else self._lease.connection
        report = HealthReport(
            connection=self._link,
            host=self.report.host if connection is None else connection.host or self.report.host,
            transport=None if connection is None else connection.transport_name,
            latency=round(self._round_trips[-1], 1) if self._round_trips else None,
            latency_p95=quantile(self._round_trips, 0.95),
            reconnects=self._reconnects,
            unsent=self._connections.unsent(self._access),
        )
        if report != self.report:
            self.report = report
            self._changed()


def quantile(samples: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank quantile, to one decimal."""
    if not samples:
        return None
    return round(sorted(samples)[math.ceil(share * len(samples)) - 1], 1)
