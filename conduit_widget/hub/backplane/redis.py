"""The nodes of a hub on one Redis or Valkey: pub/sub, hot windows, entries and heartbeats."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import Final

from conduit_widget.hub.backplane.backplane import Receive
from conduit_widget.hub.backplane.listeners import Listeners, check_entry
from conduit_widget.hub.backplane.redis_commands import MISSED, RedisCommands
from conduit_widget.hub.backplane.redis_engine import RedisEngine
from conduit_widget.hub.backplane.redis_subscriptions import RedisSubscriptions

START_TIMEOUT: Final = 3.0
CLOSE_TIMEOUT: Final = 2.0
_COALESCE: Final = 0.02

_logger = logging.getLogger(__name__)


class RedisBackplane:
    """A :class:`Backplane` on the engine at ``url`` (``redis://``, ``rediss://`` or ``unix://``).

    All hubs that share ``namespace`` on one engine are nodes of one another. The engine is one primary
    (Redis 7 or Valkey), not Redis Cluster; nothing in it needs to be persistent. The URL's password is never
    shown.

    Raises:
        HubStartError: the URL cannot be used, or redis-py is not installed.

    """

    def __init__(self, url: str, *, namespace: str = "conduit") -> None:
        self._node_id = secrets.token_hex(8)
        self._engine = RedisEngine(url, namespace)
        self._listeners = Listeners()
        self._commands = RedisCommands(self._engine, self._node_id, self)
        self._subscriptions = RedisSubscriptions(self._engine, self._node_id, self._listeners, self)
        self._tasks: list[asyncio.Task[None]] = []
        self._first_try = asyncio.Event()
        self._was_connected = False
        self._away_logged = False
        self._telling: asyncio.TimerHandle | None = None

    def __repr__(self) -> str:
        return f"RedisBackplane({self._node_id!r} at {self._engine.label})"

    @property
    def node_id(self) -> str:
        return self._node_id

    @property
    def connected(self) -> bool:
        return self._commands.up and self._subscriptions.up

    @property
    def queued_bytes(self) -> int:
        """Bytes of messages that wait to be sent; bounded."""
        return self._commands.queued_bytes

    async def start(self) -> None:
        if self._tasks:
            return
        self._tasks = [
            asyncio.create_task(self._commands.run()),
            asyncio.create_task(self._subscriptions.run()),
        ]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(START_TIMEOUT):
                await self._first_try.wait()

    async def aclose(self) -> None:
        """Take this node's entries back and disconnect; a closed node cannot be started again."""
        if self._commands.up:
            self._commands.close()
            await asyncio.wait(self._tasks[:1], timeout=CLOSE_TIMEOUT)
        await self.abort()

    async def abort(self) -> None:
        """Disconnect without a goodbye; the others notice within 10 s. Idempotent."""
        tasks, self._tasks = self._tasks, []
        self._subscriptions.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._commands.stop()
        self._subscriptions.stop()
        if self._telling is not None:
            self._telling.cancel()

    def publish(self, channel: str, payload: bytes) -> None:
        self._commands.publish(channel, payload)

    def append(self, channel: str, position: int, payload: bytes) -> None:
        self._commands.publish(channel, payload, position)

    def forget(self, channel: str, position: int) -> None:
        self._commands.forget(channel, position)

    async def window(self, channel: str, after: int) -> list[tuple[int, bytes]]:
        return await self._commands.window(channel, after)

    def subscribe(self, channel: str, receive: Receive) -> Callable[[], None]:
        self._subscriptions.changed()
        return self._listeners.subscribe(channel, receive, self._subscriptions.changed)

    async def subscribed(self, channel: str) -> bool:
        return await self._subscriptions.holds(channel)

    def on_interruption(self, callback: Callable[[], None]) -> Callable[[], None]:
        return self._listeners.on_interruption(callback)

    def put(self, table: str, key: str, value: bytes | None) -> None:
        check_entry(table, value)
        self._commands.put(table, key, value)

    async def entries(self, table: str, key: str) -> Mapping[str, bytes]:
        return await self._commands.entries(table, key)

    async def keep(self, table: str, key: str, value: bytes, seconds: float) -> None:
        check_entry(table, value)
        await self._commands.keep(table, key, value, seconds)

    async def kept(self, table: str, key: str, *, take: bool = False) -> bytes | None:
        return await self._commands.kept(table, key, take=take)

    def on_nodes_change(self, callback: Callable[[frozenset[str]], None]) -> Callable[[], None]:
        return self._listeners.on_nodes_change(callback)

    # CommandEvents, SubscriptionEvents

    def commands_up(self) -> None:
        """Go on once both connections are there."""
        self._up()

    def subscriptions_up(self) -> None:
        """Go on; what was said while this node did not hear is missing."""
        if self._was_connected:
            self.missed()
        self._up()

    def commands_down(self, error: Exception) -> None:
        """Say once that the engine is away."""
        self._down(error)

    def subscriptions_down(self, error: Exception) -> None:
        """Say once that the engine is away; the other connection notices only when it is used."""
        self._commands.look_at_nodes()
        self._down(error)

    def missed(self) -> None:
        """Tell this node's listeners, once for what happens together."""
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(_COALESCE, self._tell)

    def nodes(self, others: frozenset[str]) -> None:
        """Tell this node's listeners who else lives."""
        self._listeners.nodes(others)

    def told(self, word: bytes) -> None:
        """Act on what another node says to all."""
        if word == MISSED:
            self.missed()
        else:
            self._commands.look_at_nodes()

    def unreadable(self) -> None:
        """Say that somebody else writes into our channels."""
        _logger.warning("A message on the backplane at %s could not be read.", self._engine.label)
        self.missed()

    def _tell(self) -> None:
        self._telling = None
        self._listeners.interrupted()

    def _up(self) -> None:
        if not self.connected:
            return
        self._first_try.set()
        self._was_connected = True
        if self._away_logged:
            self._away_logged = False
            _logger.warning("The backplane at %s is back.", self._engine.label)

    def _down(self, error: Exception) -> None:
        self._first_try.set()
        self._was_connected = True  # from now on, what is said before both are up is missing
        if not self._away_logged:
            self._away_logged = True
            _logger.warning(
                "The backplane at %s cannot be used (%s): this node goes on alone and tries again.",
                self._engine.label,
                self._engine.reason(error),
            )
