"""Several real ``conduit-widget serve`` processes as one hub, behind a load balancer, on real engines.

Clients come through ``front``, by turns to one node and the next, without sticky sessions. Each node reaches
each engine through a proxy of its own, so that one node can be cut off from one engine::

    async with hub_cluster(folder) as cluster:
        await cluster.create("room")
        client = HubConnection(cluster.url, access_token=cluster.token("ann"))
        cluster.hubs[0].kill()
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import jwt

from conduit_widget.chat.history.postgres.store import PostgresHistoryStore
from conduit_widget.cli.serve import DATABASE_VARIABLE, REDIS_VARIABLE
from conduit_widget.contract import CHAT_HUB_PATH, TOKEN_AUDIENCE, TOKEN_ISSUER
from tests.support.hub.live_hub import LiveHub
from tests.support.network.fault_proxy import Chaos, FaultProxy, fault_proxy
from tests.support.servers.postgres import PostgresServer
from tests.support.servers.redis import RedisServer

TOKEN_LIFE: Final = 4 * 3600.0


@dataclass(frozen=True)
class Way:
    """A node's ways to the engines."""

    redis: FaultProxy
    postgres: FaultProxy


@dataclass
class HubCluster:
    """``database`` is the engine's own URL, past the proxies; ``ways`` are the nodes', in their order."""

    hubs: list[LiveHub]
    front: FaultProxy
    redis: RedisServer
    postgres: PostgresServer
    ways: list[Way]
    database: str
    key: bytes

    @property
    def url(self) -> str:
        """The chat hub, through the load balancer."""
        return f"http://127.0.0.1:{self.front.port}{CHAT_HUB_PATH}"

    def store(self) -> PostgresHistoryStore:
        """Return the hub's store, not started, as a node of the test's own."""
        return PostgresHistoryStore(self.database, node_id=f"test-{secrets.token_hex(4)}")

    async def create(self, conversation: str) -> None:
        """Make a conversation that everybody may enter; each message is answered."""
        store = self.store()
        await store.start()
        try:
            await store.create(conversation, owner_id="nobody", visibility="open", assistant="always")
        finally:
            await store.aclose()

    def token(self, user_id: str) -> str:
        """Return a token of a user's."""
        return signed_token(self.key, user_id)


def signed_token(key: bytes, user_id: str) -> str:
    """Return a token that was valid two hours ago and will be in two: clocks may be wrong by an hour."""
    now = time.time()
    claims = {
        "sub": user_id,
        "name": user_id,
        "aud": TOKEN_AUDIENCE,
        "iss": TOKEN_ISSUER,
        "iat": int(now - TOKEN_LIFE),
        "nbf": int(now - TOKEN_LIFE),
        "exp": int(now + TOKEN_LIFE),
        "jti": secrets.token_hex(16),
    }
    return jwt.encode(claims, key, algorithm="HS256")


@contextlib.asynccontextmanager
async def hub_cluster(
    folder: Path,
    *,
    nodes: int = 2,
    environment: Callable[[int], Mapping[str, str]] = lambda _node: {},
    chaos: Chaos | None = None,
    chance: random.Random | None = None,
    postgres: PostgresServer | None = None,
    options: tuple[str, ...] = (),
) -> AsyncIterator[HubCluster]:
    """Start the engines and the nodes. ``environment`` gives a node's, by its number.

    ``chance`` sends clients to any of the nodes; otherwise they go by turns.

    ``postgres`` is one that runs already, and goes on; by default it is the cluster's own.
    """
    key_file = folder / "site.key"
    key_file.write_text(secrets.token_hex(32), encoding="ascii")
    key_file.chmod(0o600)
    async with contextlib.AsyncExitStack() as stack:
        if postgres is None:
            postgres = await asyncio.to_thread(PostgresServer)
            stack.callback(postgres.close)
            await asyncio.to_thread(postgres.start)
        redis = RedisServer()
        stack.callback(redis.stop)
        await asyncio.to_thread(redis.start)
        database = await asyncio.to_thread(postgres.new_database)
        hubs, ways = [], []
        for number in range(nodes):
            way = Way(
                redis=await stack.enter_async_context(fault_proxy(redis.port)),
                postgres=await stack.enter_async_context(fault_proxy(postgres.port)),
            )
            urls = {
                DATABASE_VARIABLE: postgres.url(database.rpartition("/")[2], port=way.postgres.port),
                REDIS_VARIABLE: f"redis://127.0.0.1:{way.redis.port}",
            }
            hub = LiveHub(
                folder / f"node{number}",
                {**urls, **environment(number)},
                ("--key-file", str(key_file), *options),
            )
            hubs.append(hub)
            ways.append(way)
        stack.push_async_callback(_stop, hubs)
        await asyncio.gather(*(asyncio.to_thread(hub.start) for hub in hubs))
        ports = [hub.port for hub in hubs]
        front = await stack.enter_async_context(fault_proxy(*ports, chaos=chaos, chance=chance))
        yield HubCluster(hubs, front, redis, postgres, ways, database, key_file.read_bytes())


async def _stop(hubs: list[LiveHub]) -> None:
    await asyncio.gather(*(asyncio.to_thread(hub.stop) for hub in hubs))
