"""How a hub says goodbye: over time, to everybody, or at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

import pytest
import uvicorn

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.drain import Drain, spread_of
from conduit_widget.hub.connections.registry import ConnectionRegistry
from conduit_widget.hub.server import _Server
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority


class _Endpoint:
    """A connection that is gone once it is told."""

    def __init__(self, registry: _Registry) -> None:
        self.registry = registry

    def shutdown(self) -> None:
        self.registry.endpoints.remove(self)
        self.registry.told_at.append(self.registry.now)


class _Registry:
    """The connections, and a clock that moves when the drain pauses."""

    def __init__(self, count: int) -> None:
        self.now = 50.0
        self.draining = False
        self.told_at: list[float] = []
        self.on_pause: Callable[[], None] = lambda: None
        self.endpoints = [_Endpoint(self) for _ in range(count)]

    @property
    def is_quiet(self) -> bool:
        return not self.endpoints

    def drain(self, monkeypatch: pytest.MonkeyPatch, prepare: Any = None) -> Drain:
        async def pause(_drain: Drain, seconds: float) -> None:
            self.now += seconds
            self.on_pause()
            await asyncio.sleep(0)

        monkeypatch.setattr(Drain, "_pause", pause)
        return Drain(cast(ConnectionRegistry, self), prepare, clock=lambda: self.now)


@pytest.mark.parametrize(("connections", "seconds"), [(0, 0), (5, 0.05), (300, 3), (3000, 30), (10_000, 30)])
def test_goodbyes_take_a_second_for_a_hundred_connections(connections: int, seconds: float) -> None:
    """A few are told at once, ten thousand within half a minute."""
    assert spread_of(connections) == seconds


async def test_goodbyes_are_spread_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quarter of the connections in each quarter of the time, and nobody forgotten."""
    registry = _Registry(400)
    await registry.drain(monkeypatch).run(timeout=5, spread=8.0)
    assert len(registry.told_at) == 400
    for quarter in range(4):
        begin = 50.0 + 2 * quarter
        assert 90 <= sum(begin <= at < begin + 2 for at in registry.told_at) <= 110
    assert registry.draining


async def test_goodbyes_are_said_at_once_when_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the middle of a long spread as well."""
    registry = _Registry(100)
    drain = registry.drain(monkeypatch)
    registry.on_pause = lambda: drain.hurry() if len(registry.told_at) == 10 else None
    await asyncio.wait_for(drain.run(timeout=5, spread=1000.0), 30)
    assert len(registry.told_at) == 100
    assert registry.now < 50.0 + 200.0


async def test_hurry_does_not_wait_for_what_prepares_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Told twice to end, nothing holds it up."""
    registry, begun, release = _Registry(3), asyncio.Event(), asyncio.Event()

    async def prepare() -> None:
        begun.set()
        await release.wait()

    drain = registry.drain(monkeypatch, prepare)
    running = asyncio.ensure_future(drain.run(timeout=5))
    await asyncio.wait_for(begun.wait(), 30)
    assert registry.told_at == []
    drain.hurry()
    await asyncio.wait_for(running, 30)
    assert len(registry.told_at) == 3
    release.set()
    await asyncio.sleep(0)


async def test_everybody_hears_goodbye_when_preparing_fails(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A store that is away must not end the hub without a word; the log says what failed, not with what."""

    async def fail() -> None:
        raise ConnectionError("a secret detail")

    registry = _Registry(3)
    with caplog.at_level(logging.ERROR):
        await registry.drain(monkeypatch, fail).run(timeout=5)
    assert len(registry.told_at) == 3
    assert "ConnectionError" in caplog.text
    assert "secret" not in caplog.text


async def test_connection_let_in_at_the_last_moment_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """It had passed the door before it was closed."""
    registry = _Registry(2)

    def let_in() -> None:
        registry.on_pause = lambda: None
        registry.endpoints.append(_Endpoint(registry))

    registry.on_pause = let_in
    await registry.drain(monkeypatch).run(timeout=5, spread=1.0)
    assert len(registry.told_at) == 3


async def test_door_is_closed_the_moment_the_hub_is_told_to_end() -> None:
    """Not only when the server gets round to it."""
    app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority())
    server = _Server(uvicorn.Config(app), app, lambda: None, None)
    server.request_shutdown()
    assert app.draining
