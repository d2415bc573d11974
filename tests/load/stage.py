"""What a proof run plays on: hub processes behind a proxy that may fail, and a scripted model."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from conduit_widget.app import HISTORY_FILE, KEY_FILE
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.hub.auth.secret_file import load_or_create_secrets
from tests.support.hub.cluster import HubCluster, hub_cluster, signed_token
from tests.support.hub.live_hub import LiveHub
from tests.support.judging.history_checker import Sighting
from tests.support.network.fault_proxy import Chaos, FaultProxy, fault_proxy
from tests.support.providers.scripted_model import ScriptedModel
from tests.support.servers.debian import find_faketime
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.redis import RedisServer

EVERYTHING: Final = 2**40


@dataclass
class Stage:
    """Hubs, the proxy in front of them (its targets are the hubs, in order), and their store.

    ``sleepers`` are the process ids of clients that can be stopped.
    """

    hubs: list[LiveHub]
    front: FaultProxy
    store: Callable[[], HistoryStore]
    clocks: list[Path]
    key: bytes
    locks: list[asyncio.Lock]
    sleepers: list[int] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    cluster: HubCluster | None = None
    engine_locks: dict[str, asyncio.Lock] = field(
        default_factory=lambda: {"redis": asyncio.Lock(), "postgres": asyncio.Lock()}
    )

    def token(self, user_id: str) -> str:
        """Return a token that clocks may be wrong about by an hour."""
        return signed_token(self.key, user_id)

    async def kill(self, number: int, down: float) -> None:
        """SIGKILL a hub; start it again after ``down`` seconds."""
        async with self.locks[number]:
            self.hubs[number].kill()
            await asyncio.sleep(down)
            await asyncio.to_thread(self.hubs[number].start)

    async def restart(self, number: int) -> None:
        """SIGTERM a hub, which must end well; start it again."""
        async with self.locks[number]:
            code = await asyncio.to_thread(self.hubs[number].terminate)
            if code != 0:
                self.complaints.append(f"hub {number} ended with {code} after SIGTERM")
            await asyncio.to_thread(self.hubs[number].start)

    async def freeze(self, number: int, seconds: float) -> None:
        """SIGSTOP a hub for a while."""
        async with self.locks[number]:
            await _freeze(self.hubs[number].process.pid, seconds)

    async def put_to_sleep(self, seconds: float) -> None:
        """SIGSTOP the clients in processes of their own for a while."""
        await asyncio.gather(*(_freeze(pid, seconds) for pid in self.sleepers))

    async def stop_engine(self, name: str, how: str, down: float) -> None:
        """End an engine (``stop`` in order, ``crash`` or ``kill``); start it after ``down`` seconds."""
        engine = self._engine(name)
        async with self.engine_locks[name]:
            await asyncio.to_thread(getattr(engine, how))
            await asyncio.sleep(down)
            await asyncio.to_thread(engine.start)

    async def freeze_engine(self, name: str, seconds: float) -> None:
        """SIGSTOP an engine for a while."""
        engine = self._engine(name)
        async with self.engine_locks[name]:
            engine.pause()
            try:
                await asyncio.sleep(seconds)
            finally:
                engine.resume()

    async def cut_off(self, number: int, name: str, seconds: float) -> None:
        """Let nothing pass between a hub and an engine for a while."""
        assert self.cluster is not None
        await getattr(self.cluster.ways[number], name).partition(0, seconds)

    def _engine(self, name: str) -> RedisServer | PostgresServer:
        assert self.cluster is not None
        return self.cluster.redis if name == "redis" else self.cluster.postgres

    def set_clock(self, number: int, offset: float) -> None:
        """Set a hub's wall clock to ``offset`` seconds from the truth."""
        _write_clock(self.clocks[number], offset)

    async def log(self, conversation: str) -> list[Sighting]:
        """Read the whole log from the store; every hub has ended."""
        store = self.store()
        await store.start()
        try:
            record = await store.find(conversation)
            if record is None:
                return []
            events = await store.events_after(
                conversation, record.epoch, 0, limit=EVERYTHING, max_bytes=EVERYTHING
            )
            assert events is not None, "the log has a hole, or was pruned"
            return [Sighting.of_wire(event.arguments[0]) for event in events]
        finally:
            await store.aclose()

    def errors(self) -> list[str]:
        """Return what the hubs complained about in their logs."""
        lines = [line for hub in self.hubs for line in hub.log.splitlines()]
        return [
            line for line in lines if " ERROR " in line or "Traceback" in line or "never retrieved" in line
        ]


async def _freeze(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def _write_clock(path: Path, offset: float) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(f"{offset:+.0f}s\n", encoding="ascii")
    fresh.replace(path)


def _clock_environment(path: Path) -> dict[str, str]:
    """Give a process a wall clock that a file moves; monotonic clocks stay true."""
    _write_clock(path, 0)
    return {
        "LD_PRELOAD": str(find_faketime()),
        "FAKETIME_TIMESTAMP_FILE": str(path),
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        # Its own guess is wrong on some machines; then each hand-over of the GIL takes up to a second.
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "FAKETIME_NO_CACHE": "1",
    }


@contextlib.asynccontextmanager
async def single_node(folder: Path, *, chaos: Chaos | None, clock: bool) -> AsyncIterator[Stage]:
    """One hub on SQLite. ``clock``: its wall clock can be moved."""
    path = folder / "clock"
    data_dir = folder / "hub"
    data_dir.mkdir(mode=0o700)
    async with ScriptedModel() as model:
        environment = {**model.environment, **(_clock_environment(path) if clock else {})}
        hub = LiveHub(data_dir, environment)
        try:
            await asyncio.to_thread(hub.start)
            async with fault_proxy(hub.port, chaos=chaos) as front:
                yield Stage(
                    hubs=[hub],
                    front=front,
                    store=lambda: SqliteHistoryStore(data_dir / HISTORY_FILE),
                    clocks=[path],
                    key=load_or_create_secrets(data_dir / KEY_FILE)[0],
                    locks=[asyncio.Lock()],
                )
        finally:
            await asyncio.to_thread(hub.stop)


@contextlib.asynccontextmanager
async def several_nodes(
    folder: Path, nodes: int, *, conversation: str, chaos: Chaos | None, clock: bool, chance: random.Random
) -> AsyncIterator[Stage]:
    """So many hubs on one PostgreSQL and one Redis of their own, where ``conversation`` exists.

    ``chance`` says which client goes to which hub.
    """
    clocks = [folder / f"clock{number}" for number in range(nodes)]

    async with ScriptedModel() as model:

        def environment(number: int) -> dict[str, str]:
            return {**model.environment, **(_clock_environment(clocks[number]) if clock else {})}

        async with hub_cluster(
            folder, nodes=nodes, environment=environment, chaos=chaos, chance=chance
        ) as cluster:
            await cluster.create(conversation)
            yield Stage(
                hubs=cluster.hubs,
                front=cluster.front,
                store=cluster.store,
                clocks=clocks,
                key=cluster.key,
                locks=[asyncio.Lock() for _ in cluster.hubs],
                cluster=cluster,
            )
