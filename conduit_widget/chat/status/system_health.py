"""The health of this node, from the hub's figures, what ``/readyz`` asks, and the providers' states."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence, Sized
from typing import Any, Final

from conduit_widget import __version__
from conduit_widget.chat.status.chat_metrics import ChatMetrics
from conduit_widget.chat.status.provider_statuses import TROUBLE, Providers
from conduit_widget.contract import StatusEvent
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.metrics.figures import Figures, Gauge, Timing
from conduit_widget.hub.readiness import ReadinessCheck, readiness_report
from conduit_widget.types import PartHealth, ProviderCount, ProviderStatus, SystemHealth, SystemState

WINDOW: Final = 60.0
"""Seconds over which rates and latencies are taken."""
_NOTHING: Final = Gauge(0.0)


class SystemHealthReader:
    """Reads the present health; ``checks`` are the chat's: ``store``, and ``bus`` where there is one."""

    def __init__(
        self,
        metrics: ChatMetrics,
        conversations: Sized,
        providers: Providers,
        checks: Sequence[ReadinessCheck],
    ) -> None:
        self._metrics = metrics
        self._conversations = conversations
        self._providers = providers
        self._checks = checks

    async def read(self) -> SystemHealth:
        """Return the health of this moment."""
        figures = self._metrics.figures.over(WINDOW)
        connections = int(figures.gauges.get("connections", _NOTHING).all)
        _, report = await readiness_report(self._checks, draining=False, connections=connections)
        parts: Mapping[str, Mapping[str, Any]] = report["checks"]
        return SystemHealth(
            state=self._state(parts),
            uptime_seconds=round(figures.uptime_seconds, 1),
            connections=connections,
            conversations=len(self._conversations),
            generations=int(figures.gauges.get("generations", _NOTHING).all),
            messages_per_minute=_per_minute(figures, "messages"),
            delivery_latency_p95_ms=_p95_ms(figures.timings.get("delivery")),
            loop_lag_ms=await _loop_lag_ms(),
            store=_part(parts.get("store")),
            bus=_part(parts.get("bus")),
            providers=self._count(),
            version=__version__,
        )

    def _state(self, parts: Mapping[str, Mapping[str, Any]]) -> SystemState:
        if any(part["required"] and not part["ok"] for part in parts.values()):
            return "down"
        if self.provider_in_trouble() or not all(part["ok"] for part in parts.values()):
            return "degraded"
        return "healthy"

    def provider_in_trouble(self) -> bool:
        """Whether a provider does not answer as it should."""
        return any(status.state in TROUBLE for status in self._providers.statuses())

    def _count(self) -> ProviderCount:
        states = [status.state for status in self._providers.statuses() if status.state != "disabled"]
        return ProviderCount(healthy=states.count("healthy"), total=len(states))


class SystemHealthFeed:
    """Sends ``SystemHealthUpdate`` to who listens on this node: each ``interval``, and at once on trouble.

    Trouble of a provider is told at once, that of the store or the bus when the interval is over. While
    nobody listens, nothing is read.
    """

    def __init__(self, reader: SystemHealthReader, providers: Providers, *, interval: float) -> None:
        self._reader = reader
        self._providers = providers
        self._interval = interval
        self._listeners: set[HubConnectionContext] = set()
        self._task: asyncio.Task[None] | None = None
        self._in_trouble = False
        self._changed = asyncio.Event()

    def add(self, listener: HubConnectionContext) -> None:
        """Send updates to a connection from now on."""
        self._listeners.add(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def remove(self, listener: HubConnectionContext) -> None:
        """Send a connection no more updates."""
        self._listeners.discard(listener)
        if not self._listeners and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        unsubscribe = self._providers.on_change(self._provider_changed)
        clock, told, due = asyncio.get_running_loop().time, "", 0.0
        try:
            while True:
                self._changed.clear()
                self._in_trouble = self._reader.provider_in_trouble()
                health = await self._reader.read()
                if health.state != told or clock() >= due:
                    told, due = health.state, clock() + self._interval
                    for listener in self._listeners:
                        listener.send(StatusEvent.SYSTEM_HEALTH_UPDATE, health)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), due - clock())
        finally:
            unsubscribe()

    def _provider_changed(self, _status: ProviderStatus) -> None:
        if self._reader.provider_in_trouble() != self._in_trouble:
            self._changed.set()


def _part(entry: Mapping[str, Any] | None) -> PartHealth:
    if entry is None:
        return PartHealth(state="none")
    return PartHealth(state="healthy" if entry["ok"] else "down")


def _per_minute(figures: Figures, counter: str) -> float:
    counted = figures.counters.get(counter)
    per_second = None if counted is None else counted.all.per_second
    return round(60 * (per_second or 0.0), 1)


def _p95_ms(timing: Timing | None) -> float | None:
    """Return the slowest twentieth in ms; what took longer than can be told apart, as the largest bound."""
    if timing is None or timing.now.p95 is None:
        return None
    return round(1000 * (timing.top if timing.now.p95 == "above" else timing.now.p95), 3)


async def _loop_lag_ms() -> float:
    """Return how long the loop takes to come round to work that is due."""
    due = time.perf_counter()
    await asyncio.sleep(0)
    return round(1000 * (time.perf_counter() - due), 3)
