"""One hub connection per hub and identity, shared by everything that needs it.

A connection is made by the first :meth:`ConnectionPool.acquire` and stopped when its last lease is released.
All of it happens on one event loop; nothing here is thread-safe.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import NamedTuple

from conduit_widget.cancellation import cancel_and_wait
from conduit_widget.chat_client.events import ConversationEvents
from conduit_widget.chat_client.first_paints import FirstPaints
from conduit_widget.chat_client.pacing import JoinPace
from conduit_widget.chat_client.provider_book import ProviderBook
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.errors import ConduitError

ConnectionFactory = Callable[[], HubConnection]


class Failure(NamedTuple):
    """An attempt to connect that failed: its number, when the next is due (epoch ms), and why."""

    attempt: int
    retry_at: int
    error: Exception | None


class _Shared:
    """A connection with its number of users and the task that opens it."""

    def __init__(self, connection: HubConnection) -> None:
        self.connection = connection
        self.users = 0
        self.events = ConversationEvents(connection)
        self.providers = ProviderBook(connection)
        self.paints = FirstPaints()
        self.starting: asyncio.Task[None] | None = None
        self.pace = JoinPace()
        self.last_failure: Failure | None = None
        self._unsubscribe = connection.on_retry_scheduled(self._failed)

    def _failed(self, attempt: int, delay: float, error: Exception | None) -> None:
        self.last_failure = Failure(attempt, round((time.time() + delay) * 1000), error)

    def ensure_started(self) -> asyncio.Task[None]:
        """Start the connection unless it runs or is being started; a failed start is tried anew."""
        if self.starting is None or self._has_ended():
            self.starting = asyncio.get_running_loop().create_task(self.connection.start(retry=True))
        return self.starting

    def _has_ended(self) -> bool:
        assert self.starting is not None
        return self.starting.done() and self.connection.state is ConnectionState.DISCONNECTED

    async def stop(self) -> None:
        self._unsubscribe()
        self.events.close()
        self.providers.close()
        try:
            if self.starting is not None:
                await cancel_and_wait(self.starting)
        finally:
            await self.connection.stop()


class Lease:
    """The right to use a shared connection until :meth:`release`."""

    def __init__(self, pool: ConnectionPool, key: Hashable, shared: _Shared) -> None:
        self._pool = pool
        self._key = key
        self._shared: _Shared | None = shared
        self.connection = shared.connection
        self.pace = shared.pace
        self.events = shared.events
        self.providers = shared.providers
        self.paints = shared.paints

    @property
    def last_failure(self) -> Failure | None:
        """Why there is no connection yet; None while there is one, or before a first attempt has ended."""
        if self._shared is None or self.connection.state is ConnectionState.CONNECTED:
            return None
        return self._shared.last_failure

    async def started(self) -> None:
        """Wait until the connection is open; asks for a new start if it had ended.

        Raises:
            ConduitError: it could not be opened and will not be retried (see :class:`HubConnection`).

        """
        if self._shared is None:
            raise ConduitError("The connection lease was released; acquire a new one.")
        # Shielded: one user who stops waiting must not end the others' start.
        await asyncio.shield(self._shared.ensure_started())

    async def release(self) -> None:
        """Give the connection back; the last user stops it. Idempotent."""
        shared, self._shared = self._shared, None
        if shared is not None:
            await self._pool.give_back(self._key, shared)


class ConnectionPool:
    """Connections by key (hub address and identity)."""

    def __init__(self) -> None:
        self._shared: dict[Hashable, _Shared] = {}

    def __len__(self) -> int:
        return len(self._shared)

    def acquire(self, key: Hashable, create: ConnectionFactory) -> Lease:
        """Lease the connection of ``key``; ``create`` makes it if there is none. Opens nothing yet."""
        shared = self._shared.get(key)
        if shared is None:
            shared = self._shared[key] = _Shared(create())
        shared.users += 1
        return Lease(self, key, shared)

    async def give_back(self, key: Hashable, shared: _Shared) -> None:
        """Count a user down; called by :meth:`Lease.release`."""
        shared.users -= 1
        if shared.users == 0:
            if self._shared.get(key) is shared:
                del self._shared[key]
            await shared.stop()
