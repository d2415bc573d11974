"""StatusHub tells how the hub is: what it does now, whether its parts work, in real numbers."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from conduit_widget import __version__
from conduit_widget.chat_client import StatusHubClient
from conduit_widget.client import HubConnection
from conduit_widget.contract import STATUS_HUB_PATH, StatusEvent
from conduit_widget.types import PartHealth, ProviderCount, ProviderStatus, SystemHealth
from tests.support.chat.server import FAST, ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually


@contextlib.asynccontextmanager
async def listener(
    server: ChatServer, told: list[dict[str, Any]] | None = None
) -> AsyncIterator[StatusHubClient]:
    """Connect somebody to StatusHub; what ``SystemHealthUpdate`` tells them is added to ``told``."""
    connection = HubConnection(server.url + STATUS_HUB_PATH, access_token=token("bob"), retry=None)
    if told is not None:
        connection.on(StatusEvent.SYSTEM_HEALTH_UPDATE, told.append)
    async with connection:
        yield StatusHubClient(connection)


async def health_when(status: StatusHubClient, condition: Callable[[SystemHealth], bool]) -> SystemHealth:
    """Ask until the health is so; figures are read once in 50 ms."""

    async def asked() -> SystemHealth | None:
        health = await status.request_system_health()
        return health if condition(health) else None

    health: SystemHealth = await eventually(asked)
    return health


async def test_health_counts_what_happens_now(tmp_path: Path) -> None:
    """Connections, conversations, answers being written, messages of the last minute, times measured."""
    gate = asyncio.Event()
    async with (
        chat_server(tmp_path / "h.db", ScriptedProvider(["Hi", gate, "!"])) as server,
        server.person("ann") as ann,
        listener(server) as status,
    ):
        before = await status.request_system_health()
        assert (before.connections, before.conversations, before.generations) == (2, 0, 0)
        assert before.messages_per_minute == 0
        await ann.join()
        receipt = await ann.send("hello")
        await ann.got("StreamToken")
        health = await health_when(status, lambda health: health.generations == 1)
        assert (health.connections, health.conversations) == (2, 1)
        assert health.messages_per_minute > 0
        assert health.delivery_latency_p95_ms is not None
        assert health.delivery_latency_p95_ms > 0
        assert health.loop_lag_ms > 0
        assert health.uptime_seconds >= before.uptime_seconds
        assert (health.state, health.store, health.bus) == (
            "healthy",
            PartHealth(state="healthy"),
            PartHealth(state="none"),
        )
        assert health.providers == ProviderCount(healthy=1, total=1)
        assert health.version == __version__
        gate.set()
        await ann.final(receipt["answerId"])
        await health_when(status, lambda health: health.generations == 0)


async def test_health_says_what_does_not_work(tmp_path: Path) -> None:
    """A provider in trouble degrades the hub; without its store it is down."""
    async with (
        chat_server(tmp_path / "h.db", ScriptedProvider()) as server,
        listener(server) as status,
    ):
        server.directory.report(ProviderStatus(provider="scripted", state="down"))
        degraded = await status.request_system_health()
        assert (degraded.state, degraded.providers) == ("degraded", ProviderCount(healthy=0, total=1))
        server.directory.report(ProviderStatus(provider="scripted", state="disabled"))
        disabled = await status.request_system_health()
        assert (disabled.state, disabled.providers) == ("healthy", ProviderCount(healthy=0, total=0))
        await server.chat.store.aclose()
        down = await status.request_system_health()
        assert (down.state, down.store) == ("down", PartHealth(state="down"))


async def test_health_comes_by_itself_while_somebody_listens(tmp_path: Path) -> None:
    """Each interval; trouble of a provider at once; to nobody once the last listener has gone."""
    told: list[dict[str, Any]] = []
    settings = dataclasses.replace(FAST, health_interval=0.05)
    async with chat_server(tmp_path / "h.db", ScriptedProvider(), settings=settings) as server:
        idle = server.directory.callbacks
        async with listener(server, told):
            await eventually(lambda: len(told) >= 3, what="an update each interval")
            assert {health["state"] for health in told} == {"healthy"}
        await eventually(lambda: server.directory.callbacks == idle, what="nothing is read any more")

    told = []
    settings = dataclasses.replace(FAST, health_interval=3600.0)
    async with (
        chat_server(tmp_path / "h2.db", ScriptedProvider(), settings=settings) as server,
        listener(server, told),
    ):
        await eventually(lambda: len(told) == 1, what="the first update")
        server.directory.report(ProviderStatus(provider="scripted", state="down"))
        await eventually(lambda: len(told) == 2, what="the trouble")
        server.directory.report(ProviderStatus(provider="scripted", state="rate_limited"))
        server.directory.report(ProviderStatus(provider="scripted", state="healthy"))
        await eventually(lambda: len(told) == 3, what="its end")
        assert [health["state"] for health in told] == ["healthy", "degraded", "healthy"]
