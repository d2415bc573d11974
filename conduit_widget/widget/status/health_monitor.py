"""How the connection to a hub is, measured while somebody looks.

Everything here runs on the loop thread. The connection is the one that the chats of the same hub and identity
use.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.chat_client.pool import Lease
from conduit_widget.chat_client.state.changes import ConnectionInfo
from conduit_widget.contract import ChatMethod
from conduit_widget.kernel.comm_batcher import Comm
from conduit_widget.kernel.loop_thread import LoopThread
from conduit_widget.types import Wire
from conduit_widget.widget.status.connection_widget import ConnectionWatch

INTERVAL: Final = 2.0
"""Seconds between two measurements."""

SAMPLES: Final = 150
"""The newest round trips that the 95th percentile is taken from: five minutes."""


class HealthReport(Wire, frozen=True, kw_only=True, omit_defaults=False):
    """The figures of a connection, times in ms, None before the first one.

    Latencies are round trips. ``first_paint`` is from an answer's first text in the kernel to its picture.
    """

    connection: ConnectionInfo = ConnectionInfo()
    host: str | None = None
    transport: str | None = None
    latency: float | None = None
    latency_p95: float | None = None
    first_paint: float | None = None
    first_paint_p95: float | None = None
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
        if self.first_paint is not None:
            parts.append(f"first paint {self.first_paint:g} ms (p95 {self.first_paint_p95:g} ms)")
        if link.state != "live" and link.message:
            parts.append(link.message.rstrip("."))
        parts.append("1 reconnect" if self.reconnects == 1 else f"{self.reconnects} reconnects")
        return f"{hub}: {', '.join([*parts, f'{self.unsent} unsent'])}"


class HealthMonitor(ConnectionWatch):
    """Measures one connection, with round trips at intervals."""

    interval = INTERVAL

    def __init__(self, access: HubAccess, thread: LoopThread, comm: Comm) -> None:
        self.report = HealthReport()
        self._round_trips: deque[float] = deque(maxlen=SAMPLES)
        super().__init__(access, thread, comm)

    def state(self) -> dict[str, Any]:
        """Return the newest report."""
        return self.report.to_wire()

    async def work(self, lease: Lease) -> None:
        """Time a call that costs the hub next to nothing; SignalR's pings are not answered."""
        clock = asyncio.get_running_loop().time
        began = clock()
        await lease.connection.invoke(ChatMethod.REQUEST_PROVIDER_STATUS, timeout=INTERVAL * 5)
        self._round_trips.append((clock() - began) * 1000)

    def changed(self) -> None:
        """Make a new report, and send it where it is another than before."""
        connection = None if self.link.lease is None else self.link.lease.connection
        paints = [] if self.link.lease is None else self.link.lease.paints.samples
        self.report = HealthReport(
            connection=self.link.info,
            host=self.report.host if connection is None else connection.host or self.report.host,
            transport=None if connection is None else connection.transport_name,
            latency=round(self._round_trips[-1], 1) if self._round_trips else None,
            latency_p95=quantile(self._round_trips, 0.95),
            first_paint=paints[-1] if paints else None,
            first_paint_p95=quantile(paints, 0.95),
            reconnects=self.link.reconnects,
            unsent=self.connections.unsent(self.access),
        )
        super().changed()


def quantile(samples: Sequence[float], share: float) -> float | None:
    """Return the nearest-rank quantile, to one decimal."""
    if not samples:
        return None
    return round(sorted(samples)[math.ceil(share * len(samples)) - 1], 1)
