"""``ConnectionHealth``: how the kernel's connection to the hub is, live in a cell."""

from __future__ import annotations

import html

from conduit_widget.widget.status.connection_widget import ConnectionWidget
from conduit_widget.widget.status.health_monitor import HealthMonitor, HealthReport


class ConnectionHealth(ConnectionWidget):
    """State, transport, round-trip latency, reconnects, unsent messages and host of the hub connection.

    It looks at the connection that the chats of the same hub and identity use. Once its last view has gone it
    measures nothing and holds no connection, until the next view::

        health = ConnectionHealth()
        health  # shows the live view; health.report has the figures
    """

    _part = "connection-health"
    _noun = "connection view"
    _watch = HealthMonitor

    @property
    def report(self) -> HealthReport:
        """The newest figures."""
        monitor: HealthMonitor = self._live()
        return self._call(lambda: monitor.report)

    def _as_text(self) -> dict[str, str]:
        line = str(self.report)
        return {"text/plain": line, "text/html": f"<p>{html.escape(line)}</p>"}
