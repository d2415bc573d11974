"""``ConnectionHealth``: how the kernel's connection to the hub is, live in a cell."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable
from typing import Any

from conduit_widget.access.hub_access import HubAccess, resolve_access
from conduit_widget.kernel.comm_batcher import Comm, CommBatcher, comm_batcher
from conduit_widget.widget.connections import Connections, connections_of
from conduit_widget.widget.health_monitor import HealthMonitor, HealthReport
from conduit_widget.widget.live_widget import LiveWidget
from conduit_widget.widget.views import Views


class ConnectionHealth(LiveWidget):
    """State, transport, round-trip latency, reconnects, unsent messages and host of the hub connection.

    Args:
        user: who you are on the local hub (default: ``CONDUIT_USER``, else the OS user).
        hub_url: another hub (default: ``CONDUIT_HUB_URL``, else the local hub, started if need be).
        token: access token for that hub, or a function returning one (default: ``CONDUIT_HUB_TOKEN``).
        layout: an ipywidgets ``Layout`` or a mapping of its traits, as for every widget.

    It looks at the connection that the chats of the same hub and identity use. Once its last view has gone it
    measures nothing and holds no connection, until the next view::

        health = ConnectionHealth()
        health  # shows the live view; health.report has the figures

    Raises:
        FrontEndMissingError: the browser part was not built.
        ConnectionFailedError: ``hub_url`` is not an address.

    """

    _part = "connection-health"
    _noun = "connection view"
    _behind: _Watch | None = None

    def __init__(
        self,
        *,
        user: str | None = None,
        hub_url: str | None = None,
        token: str | Callable[[], str | None] | None = None,
        layout: Any = None,
    ) -> None:
        access = resolve_access(hub_url=hub_url, token=token, user=user)
        super().__init__(layout=layout)
        self._open(_Watch(access, connections_of(self._thread), comm_batcher(self._thread), self.comm))

    @property
    def report(self) -> HealthReport:
        """The newest figures."""
        watch: _Watch = self._live()
        return self._call(lambda: watch.monitor.report)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Return the live view, and the figures in a line for where it cannot live."""
        if self._behind is None:
            return None  # closed: the repr is all there is
        watch, line = self._behind, str(self.report)
        self._call(watch.views.watched)
        return {**self._view_bundle(), "text/plain": line, "text/html": f"<p>{html.escape(line)}</p>"}, {}

    def __repr__(self) -> str:
        return super().__repr__() if self._behind is None else f"<{self.report}>"


class _Watch:
    """What stands behind the widget: a monitor that runs while somebody looks."""

    def __init__(self, access: HubAccess, connections: Connections, batcher: CommBatcher, comm: Comm) -> None:
        self._channel = batcher.open(comm, self._state)
        self.monitor = HealthMonitor(access, connections, self._channel.request_snapshot)
        self.views = Views(self._channel, self._attended)
        self._leaving: asyncio.Task[None] | None = None

    def _state(self) -> dict[str, Any]:
        return self.monitor.report.to_wire()

    def open(self) -> None:
        self.monitor.start()

    def handle(self, content: object) -> None:
        match content:
            case {"kind": "retry"}:
                self.monitor.link.retry_now()
            case _:
                self.views.handle(content)

    def _attended(self, is_attended: bool) -> None:
        if is_attended:
            self.monitor.start()
        else:
            self._leaving = asyncio.get_running_loop().create_task(self.monitor.close())

    async def close(self) -> None:
        self.views.close()
        await self.monitor.close()
