"""Two nodes behind a load balancer that sends each request to the other one: WebSockets open anywhere."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from conduit_widget.client import HubConnection
from conduit_widget.client.retry import DelayRetry
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.backplane.memory import MemoryBackplane
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.memory_bus import FaultyMemoryBus
from tests.support.hub.server import authority, negotiate, running, token
from tests.support.network.fault_proxy import Fault, FaultProxy, fault_proxy
from tests.support.waiting import eventually

PATH = "/hubs/echo"


@contextlib.asynccontextmanager
async def nodes(bus: FaultyMemoryBus, count: int = 2) -> AsyncIterator[tuple[FaultProxy, Sequence[str]]]:
    """Nodes behind a load balancer without sticky sessions; yield it and their own URLs."""
    async with contextlib.AsyncExitStack() as stack:
        urls = [
            await stack.enter_async_context(
                running(HubApp({PATH: EchoHub()}, authenticator=authority(), backplane=MemoryBackplane(bus)))
            )
            for _ in range(count)
        ]
        ports = [urlsplit(url).port or 0 for url in urls]
        yield await stack.enter_async_context(fault_proxy(*ports)), urls


def front(proxy: FaultProxy) -> str:
    """The load balancer's URL."""
    return f"http://127.0.0.1:{proxy.port}"


async def test_websocket_opens_on_a_node_that_did_not_negotiate() -> None:
    """No sticky sessions: the connection has its promised id and works, also when the bus is away."""
    bus = FaultyMemoryBus()
    async with nodes(bus) as (proxy, _):
        for number in range(4):
            if number == 2:
                bus.cut()
            async with hub_client(front(proxy), PATH) as client:
                assert (await client.invoke("Echo", number)).result == number
                who: Any = (await client.invoke("Who")).result
                assert who["connectionId"] == client.connection_id


async def test_token_opens_one_connection_of_its_user_only() -> None:
    """Neither a second time, on whatever node, nor with somebody else's access token."""
    async with nodes(FaultyMemoryBus(), 3) as (_, urls):
        promised = (await negotiate(urls[0], PATH, token("ann"))).json()["connectionToken"]

        async def opens(url: str, user: str) -> bool:
            address = f"{url.replace('http', 'ws', 1)}{PATH}?id={promised}&access_token={token(user)}"
            try:
                async with connect(address, proxy=None):
                    return True
            except InvalidStatus as refusal:
                return refusal.response.status_code != 404

        assert not await opens(urls[1], "bob")
        assert await opens(urls[1], "ann")
        for url in urls:
            assert not await opens(url, "ann")


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"])
async def test_plain_http_says_that_it_needs_sticky_sessions(accept: str) -> None:
    """A connection of several requests lives on one node; the others say why they refuse, not only that."""
    async with nodes(FaultyMemoryBus()) as (_, urls):
        promised = (await negotiate(urls[0], PATH, token())).json()["connectionToken"]
        headers = {"Authorization": f"Bearer {token()}", "Accept": accept}
        async with httpx2.AsyncClient(trust_env=False, headers=headers) as http:
            for method in ("GET", "POST"):
                answer = await http.request(method, urls[1] + PATH, params={"id": promised})
                assert answer.status_code == 404
                assert "sticky sessions" in answer.text
            answer = await http.get(urls[1] + PATH, params={"id": "x"})
            assert (answer.status_code, "sticky" in answer.text) == (404, False)


async def test_stateful_client_that_comes_back_to_another_node_begins_anew() -> None:
    """Its buffer is on one node: where the load balancer sends it elsewhere, it gets a new connection."""
    async with nodes(FaultyMemoryBus()) as (proxy, _):
        connection = HubConnection(
            f"{front(proxy)}{PATH}",
            access_token=token,
            retry=DelayRetry(delays=(0.0, 0.1), min_spread=0.0),
            stateful_reconnect=True,
        )
        came_back: list[str | None] = []
        connection.on_reconnected(came_back.append)
        async with connection:
            first = connection.connection_id
            for _ in range(3):
                assert await connection.invoke("Echo", 1, timeout=30) == 1
                came_back.clear()
                proxy.inflict(Fault.CUT)
                await eventually(lambda: came_back)
            assert connection.connection_id != first
