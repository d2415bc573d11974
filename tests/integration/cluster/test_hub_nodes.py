"""Two nodes of one hub, on a memory bus and on Redis: connections and rates per user, revocations."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import jwt
import pytest

from conduit_widget.contract import ErrorText
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.revocation import Revocations
from conduit_widget.hub.auth.revocation_file import RevocationFile, revocation_of
from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.backplane.memory import MemoryBackplane
from conduit_widget.hub.backplane.redis import RedisBackplane
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.hub.limits.user_rates import LimitWarning, UserRate
from conduit_widget.protocol.messages import Close
from tests.support.hub.client import HubClient, hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.memory_bus import FaultyMemoryBus
from tests.support.hub.server import authority, negotiate, raw_client, running, token
from tests.support.servers.redis import RedisServer
from tests.support.waiting import eventually

PATH = "/hubs/echo"


class RatedHub(EchoHub):
    """Has a rate that does not come back, for one method, and tells the caller of it."""

    user_rates = (UserRate(name="sums", per_minute=0.001, burst=10, costs={"Nothing": 1.0}),)

    def on_limit_warning(self, caller: HubConnectionContext, warning: LimitWarning) -> None:
        caller.send("Warned", warning.name, warning.level, warning.remaining)


class Node:
    """One node: its hub served at ``url``."""

    def __init__(self, backplane: Backplane, file: RevocationFile) -> None:
        self.backplane = backplane
        self.file = file
        self.revocations = Revocations(file, backplane)
        self.app = HubApp(
            {PATH: RatedHub()},
            authenticator=authority(),
            limits=HubLimits(connections_per_user=3),
            backplane=backplane,
            revocations=self.revocations,
        )
        self.url = ""
        self.end: Callable[[], Awaitable[None]]

    def calls_left(self, user_id: str) -> float:
        """How many calls of ``Nothing`` the node would allow."""
        return round(self.app._mounts[PATH].invoker.user_rates.left(("sums", user_id)), 1)


class Nodes:
    """Starts nodes of one hub, each with a file of its own."""

    def __init__(self, folder: Path, make: Callable[[], Backplane]) -> None:
        self.stop_engine: Callable[[], Awaitable[None]]
        self._folder = folder
        self._make = make
        self._stack = contextlib.AsyncExitStack()
        self._count = 0

    async def start(self, name: str | None = None) -> Node:
        self._count += 1
        folder = self._folder / (name or f"node{self._count}")
        node = Node(self._make(), RevocationFile(folder / "revoked.json"))
        life = contextlib.AsyncExitStack()
        self._stack.push_async_callback(life.aclose)
        node.url = await life.enter_async_context(running(node.app))
        node.end = life.aclose
        return node

    async def aclose(self) -> None:
        await self._stack.aclose()


@pytest.fixture(params=["memory", "redis"])
async def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Nodes]:
    """The engine under test."""
    if request.param == "memory":
        bus = FaultyMemoryBus()
        nodes = Nodes(tmp_path, lambda: MemoryBackplane(bus))

        async def cut() -> None:
            bus.cut()

        nodes.stop_engine = cut
        yield nodes
        await nodes.aclose()
        return
    with RedisServer() as server:
        nodes = Nodes(tmp_path, lambda: RedisBackplane(server.url))

        async def kill() -> None:
            server.kill()

        nodes.stop_engine = kill
        yield nodes
        await nodes.aclose()


def token_id(access_token: str) -> str:
    """The ``jti`` of a token."""
    claims = jwt.decode(access_token, options={"verify_signature": False})
    return str(claims["jti"])


async def refused(url: str, access_token: str) -> bool:
    """Whether negotiate and a WebSocket without it are both refused."""
    answer = await negotiate(url, PATH, access_token)
    if answer.status_code != 401:
        return False
    try:
        async with raw_client(url, PATH, access_token, skip_negotiation=True):
            return False
    except Exception as error:  # noqa: BLE001 - the client library's own
        return "401" in str(error)


async def closed_as_revoked(client: HubClient) -> bool:
    """Wait for the Close message of a revocation; the contract allows 5 s."""
    return bool(await client.read(within=30.0) == Close("Unauthorized", False))


# Connections per user


async def test_user_limit_counts_the_connections_of_every_node(nodes: Nodes) -> None:
    """Three may be, wherever they are: a fourth is refused at negotiate and at the opening."""
    one, two = await nodes.start(), await nodes.start()
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(hub_client(one.url, PATH, token("ann")))
        await stack.enter_async_context(hub_client(one.url, PATH, token("ann")))
        text = "Connection limit exceeded (3/3)."

        async def negotiated() -> str:
            return str((await negotiate(two.url, PATH, token("ann"))).json().get("error", ""))

        async with hub_client(two.url, PATH, token("ann")):
            await eventually(lambda: _limited(one, 1))
            assert (await negotiated()).startswith(text)
            with pytest.raises(AssertionError, match="Connection limit exceeded"):
                await stack.enter_async_context(
                    raw_client(two.url, PATH, token("ann"), skip_negotiation=True)
                )
            async with hub_client(two.url, PATH, token("bob")) as other:
                assert (await other.invoke("Echo", 1)).result == 1
        await eventually(lambda: _limited(one, 0))
        assert await negotiated() == ""


async def _limited(node: Node, elsewhere: int) -> bool:
    counts = await node.backplane.entries("connections", "ann")
    return sum(map(int, counts.values())) == elsewhere


async def test_local_limit_holds_while_the_bus_is_away(nodes: Nodes) -> None:
    """Without the others' word each node counts its own, and lets people in without delay."""
    one, two = await nodes.start(), await nodes.start()
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(hub_client(one.url, PATH, token("ann")))
        await eventually(lambda: _limited(two, 3))
        await nodes.stop_engine()
        await eventually(lambda: not two.backplane.connected)
        for _ in range(3):
            await stack.enter_async_context(hub_client(two.url, PATH, token("ann")))
        answer = await negotiate(two.url, PATH, token("ann"))
        assert answer.json()["error"].startswith("Connection limit exceeded (3/3).")


# Rates per user


async def _call(client: HubClient, times: int) -> list[str | None]:
    """Invoke so often; return the errors."""
    return [(await client.invoke("Nothing")).error for _ in range(times)]


async def test_user_rate_counts_the_calls_at_every_node(nodes: Nodes) -> None:
    """Ten over both: warned at 80 and 95 percent where the user calls next, then refused at either."""
    one, two = await nodes.start(), await nodes.start()
    async with (
        hub_client(one.url, PATH, token("ann")) as here,
        hub_client(two.url, PATH, token("ann")) as there,
        hub_client(two.url, PATH, token("bob")) as other,
    ):
        assert await _call(here, 7) == [None] * 7
        await eventually(lambda: two.calls_left("ann") == 3)
        assert await _call(there, 1) == [None]
        assert (await there.read()).arguments == ["sums", 80, 2]
        await eventually(lambda: one.calls_left("ann") == 2)
        assert await _call(here, 2) == [None, None]
        assert (await here.read()).arguments == ["sums", 80, 1]
        assert (await here.read()).arguments == ["sums", 95, 0]
        await eventually(lambda: two.calls_left("ann") == 0)
        assert await _call(there, 2) == [ErrorText.RATE_LIMIT] * 2
        assert await _call(here, 1) == [ErrorText.RATE_LIMIT]
        assert await _call(other, 7) == [None] * 7
        page = two.app.metrics.render().decode()
        assert f'errors_total{{hub="{PATH}",kind="rate_limit"}} 2' in page


async def test_user_rate_counts_per_node_while_the_bus_is_away(nodes: Nodes) -> None:
    """Without the others' word each node counts its own; nobody is refused for want of a bus."""
    one, two = await nodes.start(), await nodes.start()
    async with (
        hub_client(one.url, PATH, token("ann")) as here,
        hub_client(two.url, PATH, token("ann")) as there,
    ):
        assert await _call(here, 5) == [None] * 5
        await eventually(lambda: two.calls_left("ann") == 5)
        await nodes.stop_engine()
        await eventually(lambda: not one.backplane.connected and not two.backplane.connected)
        for client in (here, there):
            assert await _call(client, 6) == [None] * 5 + [ErrorText.RATE_LIMIT]


async def test_calls_at_a_node_that_ends_count_at_the_one_its_users_go_to(nodes: Nodes) -> None:
    """Its last word is told before it leaves the bus."""
    one, two = await nodes.start(), await nodes.start()
    one.app._outer_parts[-1]._interval = 3600.0  # type: ignore[union-attr]  # else it is told before
    async with hub_client(one.url, PATH, token("ann")) as client:
        await _call(client, 1)
        await eventually(lambda: two.calls_left("ann") == 9)
        await _call(client, 4)
    await one.end()
    await eventually(lambda: two.calls_left("ann") == 5)


# Revocations


async def test_revoked_token_ends_its_connections_on_every_node(nodes: Nodes) -> None:
    """Close says Unauthorized and not to come back; others of the same user stay; the token opens nothing."""
    one, two = await nodes.start(), await nodes.start()
    bad, good = token("ann"), token("ann")
    async with (
        hub_client(one.url, PATH, bad) as here,
        hub_client(two.url, PATH, bad) as there,
        hub_client(two.url, PATH, good) as other,
    ):
        await one.revocations.revoke_token(token_id(bad), time.time() + 60)
        assert await closed_as_revoked(here)
        assert await closed_as_revoked(there)
        assert (await other.invoke("Echo", 1)).result == 1
        refusal = (await other.invoke("Refresh", bad)).error
        assert refusal == "Invalid authentication"
    for node in (one, two):
        assert await refused(node.url, bad)
        assert not await refused(node.url, good)


@pytest.mark.parametrize("transport", ["ServerSentEvents", "LongPolling"])
async def test_revoked_token_ends_connections_over_plain_http(tmp_path: Path, transport: str) -> None:
    """They get the same Close message as WebSockets."""
    nodes = Nodes(tmp_path, MemoryBackplane)
    node, bad = await nodes.start(), token("ann")
    async with hub_client(node.url, PATH, bad, transport=transport) as client:
        await node.revocations.revoke_token(token_id(bad))
        assert await closed_as_revoked(client)
    await nodes.aclose()


async def test_revoked_user_is_out_on_every_node_and_may_return_with_a_newer_token(nodes: Nodes) -> None:
    """All tokens issued up to now are void; one issued later is good; others do not notice."""
    one, two = await nodes.start(), await nodes.start()
    old = token("ann")
    async with (
        hub_client(two.url, PATH, token("ann")) as ann,
        hub_client(two.url, PATH, token("bob")) as bob,
    ):
        await one.revocations.revoke_user("ann")
        assert await closed_as_revoked(ann)
        assert (await bob.invoke("Echo", 1)).result == 1
    assert await refused(one.url, old)
    assert await refused(two.url, old)
    second = int(time.time())
    await eventually(lambda: time.time() >= second + 1)  # tokens count whole seconds
    async with hub_client(two.url, PATH, token("ann")) as again:
        assert (await again.invoke("Echo", 2)).result == 2


async def test_revocation_written_to_one_nodes_file_reaches_all(nodes: Nodes) -> None:
    """The command line adds to a file; the hub looks each second and tells the other nodes."""
    one, two = await nodes.start(), await nodes.start()
    bad = token("ann")
    async with hub_client(one.url, PATH, bad) as here, hub_client(two.url, PATH, bad) as there:
        one.file.add([revocation_of("token", token_id(bad), time.time() + 60)])
        assert await closed_as_revoked(here)
        assert await closed_as_revoked(there)
        await eventually(lambda: [item.id for item in two.file.read()] == [token_id(bad)])


async def test_revocation_is_known_to_a_node_that_starts_later_and_outlives_its_origin(nodes: Nodes) -> None:
    """It is handed on from node to node, and each keeps it in its own file."""
    one = await nodes.start("first")
    two = await nodes.start("second")
    bad = token("ann")
    await one.revocations.revoke_token(token_id(bad))
    await eventually(two.file.read)
    await one.revocations.aclose()
    await one.backplane.aclose()
    three = await nodes.start("third")
    assert await refused(three.url, bad)
    await nodes.stop_engine()
    again = await nodes.start("second")
    assert await refused(again.url, bad)


async def test_revocation_made_while_the_bus_is_away_counts_here_and_reaches_the_others_after(
    tmp_path: Path,
) -> None:
    """The own node acts at once; the others once the bus is back."""
    bus = FaultyMemoryBus()
    nodes = Nodes(tmp_path, lambda: MemoryBackplane(bus))
    one, two = await nodes.start(), await nodes.start()
    bad = token("ann")
    async with hub_client(one.url, PATH, bad) as here, hub_client(two.url, PATH, bad) as there:
        bus.cut()
        await one.revocations.revoke_token(token_id(bad))
        assert await closed_as_revoked(here)
        assert (await there.invoke("Echo", 1)).result == 1
        bus.heal()
        assert await closed_as_revoked(there)
    await nodes.aclose()


async def test_connection_revoked_in_the_middle_of_its_opening_is_ended(tmp_path: Path) -> None:
    """The other nodes are asked after the token was checked: what is revoked meanwhile gets no hub."""
    bus = FaultyMemoryBus()
    nodes = Nodes(tmp_path, lambda: MemoryBackplane(bus))
    node = await nodes.start()
    bad = token("ann")
    entries = node.backplane.entries

    async def revoked_meanwhile(table: str, key: str) -> object:
        if table == "connections":
            await node.revocations.revoke_token(token_id(bad))
        return await entries(table, key)

    node.backplane.entries = revoked_meanwhile  # type: ignore[method-assign, assignment]
    with pytest.raises(Exception, match=r"3501|Unauthorized"):
        async with asyncio.timeout(30), raw_client(node.url, PATH, bad, skip_negotiation=True):
            pass
    await nodes.aclose()
