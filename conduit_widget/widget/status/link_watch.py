"""The connection to a hub as a widget without a conversation sees it, with work done while it is there.

Everything here runs on the loop thread. The connection is the one that the chats of the same hub and identity
use.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from conduit_widget.access.hub_access import HubAccess
from conduit_widget.chat_client.pool import Lease
from conduit_widget.chat_client.state.changes import ConnectionInfo, LinkState
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.errors import ConduitError, line_of, trace_of
from conduit_widget.widget.connections import Connections

_logger = logging.getLogger(__name__)

_STATES: Final[dict[ConnectionState, LinkState]] = {
    ConnectionState.CONNECTED: "live",
    ConnectionState.RECONNECTING: "reconnecting",
}


class LinkWatch:
    """Watches one connection from :meth:`start` to :meth:`close`, which may follow each other.

    Args:
        access: the hub, and who we are there.
        connections: those of this loop thread.
        changed: called when the state of the connection changed, and after each work.
        work: done at once and then every ``interval`` seconds while connected; it raises ConduitError at
            most.
        interval: in seconds.

    """

    def __init__(
        self,
        access: HubAccess,
        connections: Connections,
        changed: Callable[[], None],
        work: Callable[[Lease], Awaitable[None]],
        interval: float,
    ) -> None:
        self.info = ConnectionInfo()
        self.reconnects = 0
        self.lease: Lease | None = None
        self._access = access
        self._connections = connections
        self._changed = changed
        self._work = work
        self._interval = interval
        self._watching: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self._unsubscribers: list[Callable[[], None]] = []

    def start(self) -> Lease | None:
        """Connect, where nothing else has, and begin; returns the lease if this is a new beginning."""
        if self.lease is not None:
            return None
        self.lease = lease = self._connections.lease(self._access)
        self._connections.guests.add(self)
        connection, failure = lease.connection, lease.last_failure
        self.info = ConnectionInfo()
        if failure is not None:  # the attempts of whoever came first are this one's too
            self.info = ConnectionInfo(
                attempt=failure.attempt, retry_at=failure.retry_at, message=line_of(failure.error)
            )
        self._unsubscribers = [
            connection.on_reconnecting(self._on_reconnecting),
            connection.on_retry_scheduled(self._on_retry_scheduled),
            connection.on_reconnected(self._on_reconnected),
            connection.on_close(self._on_close),
        ]
        self._watching = asyncio.get_running_loop().create_task(self._watch(lease))
        return lease

    async def flush(self, seconds: float) -> None:
        """Do nothing: who only looks sends nothing that could be lost."""

    async def close(self) -> None:
        """Give the connection back; its last user closes it."""
        self._connections.guests.discard(self)
        lease, self.lease = self.lease, None
        if lease is None:
            return
        for unsubscribe in self._unsubscribers:
            unsubscribe()
        if self._watching is not None:
            self._watching.cancel()
        await lease.release()

    def retry_now(self) -> None:
        """Connect now: skip a waiting time, or start again where the connection has ended."""
        if self.lease is None:
            return
        self.lease.connection.retry_now()
        if self._watching is None or self._watching.done():
            self.info = ConnectionInfo()
            self._watching = asyncio.get_running_loop().create_task(self._watch(self.lease))

    # ---- what happens ----------------------------------------------------------------------------------

    def _on_reconnecting(self, error: Exception | None) -> None:
        self._set("reconnecting", line_of(error))

    def _on_retry_scheduled(self, attempt: int, delay: float, error: Exception | None) -> None:
        state: LinkState = "connecting" if self.info.state == "connecting" else "reconnecting"
        retry_at = round((time.time() + delay) * 1000)
        self._set(state, line_of(error), attempt=attempt, retry_at=retry_at)

    def _on_reconnected(self, _connection_id: str | None) -> None:
        self.reconnects += 1
        self._set("live")
        self._wake.set()

    def _on_close(self, error: Exception | None) -> None:
        self._set("offline", line_of(error) or "The hub ended the connection.")
        self._wake.set()

    def _set(
        self, state: LinkState, message: str | None = None, *, attempt: int = 0, retry_at: int | None = None
    ) -> None:
        self.info = ConnectionInfo(state=state, message=message or None, attempt=attempt, retry_at=retry_at)
        self._changed()

    # ---- working ---------------------------------------------------------------------------------------

    async def _watch(self, lease: Lease) -> None:
        self._changed()
        try:
            await lease.started()
        except ConduitError as error:
            self._set("offline", line_of(error))
            return
        except Exception as error:  # noqa: BLE001 - a broken address or token function must show, not vanish
            _logger.warning("The connection to the hub could not be opened: %s", trace_of(error))
            self._set("offline", f"The hub connection failed: {type(error).__name__}.")
            return
        self._set(_STATES.get(lease.connection.state, self.info.state))
        while self.info.state != "offline":
            self._wake.clear()
            if lease.connection.state is ConnectionState.CONNECTED:
                with contextlib.suppress(ConduitError):  # the connection's own events say what is wrong
                    await self._work(lease)
            self._changed()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), self._interval)
