"""Graceful shutdown of a hub: refuse new connections, finish calls in progress, then close clients.

The closes are spread out, so that not everybody reconnects elsewhere in the same moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

from conduit_widget.errors import trace_of
from conduit_widget.hub.connections.endpoint import ConnectionEndpoint
from conduit_widget.hub.connections.registry import ConnectionRegistry

CONNECTIONS_PER_SECOND: Final = 100.0
MAX_SPREAD: Final = 30.0
_STEP: Final = 0.1
_POLL: Final = 0.01

_logger = logging.getLogger(__name__)


def spread_of(connections: int) -> float:
    """Return over how many seconds to say goodbye to so many: a hundred a second, 30 s at most."""
    return min(MAX_SPREAD, connections / CONNECTIONS_PER_SECOND)


class Drain:
    """Ends the connections of one hub application. ``prepare`` runs once, while all are still connected."""

    def __init__(
        self,
        registry: ConnectionRegistry,
        prepare: Callable[[], Awaitable[None]] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._registry = registry
        self._prepare = prepare
        self._preparing: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()
        self._told: set[ConnectionEndpoint] = set()

    def begin(self) -> None:
        """Refuse new connections; open ones go on until :meth:`run` closes them."""
        self._registry.draining = True

    def hurry(self) -> None:
        """Close everybody at once and wait for nothing more."""
        self._hurried.set()

    async def run(self, timeout: float, spread: float | None = None) -> None:
        """Send everybody Close with allowReconnect over ``spread`` seconds (``None``: see :func:`spread_of`).

        Returns when all are gone and the hub has done what it had begun for them, at the latest ``timeout``
        seconds after the last Close.
        """
        self.begin()
        await self._run_prepare()
        await self._say_goodbye(spread)
        await self._wait(timeout)

    async def _run_prepare(self) -> None:
        if self._prepare is None:
            return
        if self._preparing is None:
            self._preparing = asyncio.ensure_future(self._prepared(self._prepare))
        hurried = asyncio.ensure_future(self._hurried.wait())
        await asyncio.wait((self._preparing, hurried), return_when=asyncio.FIRST_COMPLETED)
        hurried.cancel()

    async def _prepared(self, prepare: Callable[[], Awaitable[None]]) -> None:
        try:
            await prepare()
        except Exception as error:  # noqa: BLE001 - the hub ends all the same, and says goodbye to everybody
            _logger.error("Preparing for the end failed: %s", trace_of(error))  # noqa: TRY400

    async def _say_goodbye(self, spread: float | None) -> None:
        waiting = [endpoint for endpoint in self._registry.endpoints if endpoint not in self._told]
        seconds = spread_of(len(waiting)) if spread is None else spread
        started, told = self._clock(), 0
        while told < len(waiting):
            due = len(waiting)
            if seconds > 0 and not self._hurried.is_set():
                due = min(due, int(due * (self._clock() - started) / seconds) + 1)
            for endpoint in waiting[told:due]:
                self._tell(endpoint)
            told = due
            if told < len(waiting):
                await self._pause(min(_STEP, seconds / len(waiting)))

    async def _wait(self, timeout: float) -> None:
        deadline = self._clock() + timeout
        while not self._registry.is_quiet and not self._hurried.is_set():
            for endpoint in self._registry.endpoints:
                if endpoint not in self._told:  # it was being let in when the drain began
                    self._tell(endpoint)
            if self._clock() >= deadline:
                return
            await asyncio.sleep(_POLL)

    def _tell(self, endpoint: ConnectionEndpoint) -> None:
        self._told.add(endpoint)
        endpoint.shutdown()

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hurried.wait(), seconds)
