"""Several chats in one process, each on a hub server of its own, joined by a bus and a store."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import psycopg

from conduit_widget.chat import ChatSettings, HistoryStore, SqliteHistoryStore, build_chat
from conduit_widget.chat.history.postgres.store import PostgresHistoryStore
from conduit_widget.contract import CHAT_HUB_PATH, STATUS_HUB_PATH
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.backplane.memory import MemoryBackplane
from conduit_widget.hub.server import serve
from tests.support.chat.server import FAST, PLENTY, ChatServer, Person
from tests.support.hub.memory_bus import FaultyMemoryBus
from tests.support.hub.server import authority
from tests.support.providers.scripted_provider import ScriptedDirectory, ScriptedProvider

WRITES = (
    "append",
    "update",
    "checkpoint",
    "set_role",
    "create",
    "prune",
    "configure",
    "delete",
    "mark_read",
)

NODES = dataclasses.replace(
    FAST,
    gap_delay=0.02,
    poll_interval=0.1,
    heartbeat_interval=0.1,
    reap_interval=0.1,
    dead_after=1.5,
    checkpoint_interval=0.05,
    finish_patience=0.0,
)
"""The settings of the tests: the same promises, sooner."""
SILENT = dataclasses.replace(NODES, assistant="off")


class NodeStore:
    """A node's way to a store. ``owned``: it opens and closes it; a dead node's writes are never done."""

    def __init__(self, store: HistoryStore, *, owned: bool) -> None:
        self.unheard = False
        self._store = store
        self._grave: asyncio.Event | None = None
        self._owned = owned

    async def start(self) -> None:
        """Open it, where it is the node's own."""
        if self._owned:
            await self._store.start()

    async def aclose(self) -> None:
        """Close it, where it is the node's own."""
        if self._owned:
            await self._store.aclose()

    async def heartbeat(self) -> None:
        """Say that the node lives, unless nobody hears it."""
        if not self.unheard:
            await self._store.heartbeat()

    def die(self) -> None:
        """Nothing is written from now on; who writes waits."""
        self.unheard, self._grave = True, asyncio.Event()

    def bury(self) -> None:
        """Let go whoever waits."""
        if self._grave is not None:
            self._grave.set()

    async def _never(self, *_arguments: object, **_options: object) -> Any:
        assert self._grave is not None
        await self._grave.wait()
        raise StoreUnavailableError

    def __getattr__(self, name: str) -> Any:
        if self._grave is not None and name in WRITES:
            return self._never
        return getattr(self._store, name)


class NodeBackplane(MemoryBackplane):
    """A node's way to the bus; ``silent`` once it is dead."""

    silent = False

    def publish(self, channel: str, payload: bytes) -> None:
        """Tell, while it lives."""
        if not self.silent:
            super().publish(channel, payload)

    def append(self, channel: str, position: int, payload: bytes) -> None:
        """Tell, while it lives."""
        if not self.silent:
            super().append(channel, position, payload)

    def put(self, table: str, key: str, value: bytes | None) -> None:
        """Say, while it lives."""
        if not self.silent:
            super().put(table, key, value)


@dataclasses.dataclass
class Node(ChatServer):
    """One of them."""

    backplane: NodeBackplane
    store: NodeStore
    bus: FaultyMemoryBus
    app: HubApp
    stop: Callable[[], None]
    server: asyncio.Task[None]

    async def end(self) -> None:
        """End in good order: drain, close the chat, leave the bus."""
        self.stop()
        self.store.bury()
        await self.server

    async def die(self) -> None:
        """Vanish as a killed process does: nothing more is written or said, but its sockets stay open."""
        self.store.die()
        self.backplane.silent = True
        self.bus.crash(self.backplane)


class Cluster:
    """The nodes; ``bus`` is what goes wrong where something does."""

    def __init__(self, make_store: Callable[[str], NodeStore], settings: ChatSettings) -> None:
        self.bus = FaultyMemoryBus()
        self._make_store = make_store
        self._settings = settings
        self._nodes: list[Node] = []

    async def node(self, provider: ScriptedProvider | None = None) -> Node:
        """Start another one."""
        backplane = NodeBackplane(self.bus)
        store = self._make_store(backplane.node_id)
        directory = ScriptedDirectory(provider)
        chat = build_chat(cast("HistoryStore", store), directory, self._settings, backplane=backplane)

        app = HubApp(
            {CHAT_HUB_PATH: chat.chat_hub, STATUS_HUB_PATH: chat.status_hub},
            authenticator=chat.authenticator(authority()),
            routes=chat.routes(),
            limits=PLENTY,
            lifespan=chat.lifespan,
            on_drain=chat.drain,
            backplane=backplane,
        )
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        stop = asyncio.Event()
        server = asyncio.create_task(serve(app, on_ready=url.set_result, stop=stop, drain_seconds=0.0))
        await asyncio.wait((server, url), return_when=asyncio.FIRST_COMPLETED)
        if server.done():
            await server
        node = Node(await url, chat, directory, backplane, store, self.bus, app, stop.set, server)
        self._nodes.append(node)
        return node

    async def close(self) -> None:
        """End them all."""
        for node in self._nodes:
            await node.end()


@contextlib.asynccontextmanager
async def cluster(
    path: Path,
    *providers: ScriptedProvider | None,
    settings: ChatSettings = NODES,
    store: HistoryStore | None = None,
) -> AsyncIterator[tuple[Cluster, list[Node]]]:
    """Start a node for each provider (two without, if none is given) on one history, in SQLite."""
    store = store or SqliteHistoryStore(path)
    await store.start()
    nodes = Cluster(lambda _: NodeStore(store, owned=False), settings)
    try:
        yield nodes, [await nodes.node(provider) for provider in providers or (None, None)]
    finally:
        await nodes.close()
        await store.aclose()


@contextlib.asynccontextmanager
async def postgres_cluster(
    url: str, *providers: ScriptedProvider | None, settings: ChatSettings = NODES
) -> AsyncIterator[tuple[Cluster, list[Node]]]:
    """Start a node for each provider, each with its own connections to a PostgreSQL database."""
    nodes = Cluster(
        lambda node_id: NodeStore(PostgresHistoryStore(url, node_id=node_id), owned=True), settings
    )
    try:
        yield nodes, [await nodes.node(provider) for provider in providers]
    finally:
        await nodes.close()


@contextlib.asynccontextmanager
async def one_at_each(nodes: Sequence[Node], *names: str) -> AsyncIterator[list[Person]]:
    """Somebody at each of the first nodes, in this order, and all of them in the conversation."""
    async with contextlib.AsyncExitStack() as stack:
        people = [
            await stack.enter_async_context(node.person(name))
            for node, name in zip(nodes, names, strict=False)
        ]
        for person in people:
            await person.join()
        yield people


async def take_for_dead(url: str, dead: Node, *judges: Node) -> None:
    """Have the database believe that a node has been silent for long, and the others have not."""
    columns = [("seen", dead), *(("since", judge) for judge in judges)]
    async with await psycopg.AsyncConnection.connect(url) as admin:
        for column, node in columns:
            await admin.execute(
                f"UPDATE conduit_nodes SET {column} = {column} - interval '1 minute'"
                " WHERE node_id=%s".encode(),
                (node.backplane.node_id,),
            )
