"""Stateful reconnect with our client and our hub, through a proxy that cuts at any byte."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from urllib.parse import urlsplit

import pytest

from conduit_widget.client import ConnectionState, HubConnection
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, token
from tests.support.network.fault_proxy import Fault, fault_proxy
from tests.support.waiting import eventually

PATH = "/hubs/echo"
PROTOCOLS: list[HubProtocol] = [JsonHubProtocol(), MessagePackHubProtocol()]
LIMITS = HubLimits(invocations_per_second=10_000, invocation_burst=10_000)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda it: it.name)
async def test_nothing_is_lost_or_doubled_when_cut_at_any_byte(protocol: HubProtocol, seed: int) -> None:
    """Results, events and sends in full and in order over dozens of cuts, none of which anybody notices."""
    chance = random.Random(seed)
    hub = EchoHub()
    app = HubApp({PATH: hub}, authenticator=authority(), protocols=[protocol], limits=LIMITS)
    async with running(app) as url, fault_proxy(urlsplit(url).port or 0) as proxy:
        connection = HubConnection(
            f"http://127.0.0.1:{proxy.port}{PATH}",
            access_token=token,
            protocol=protocol,
            retry=None,
            stateful_reconnect=True,
        )
        heard: list[int] = []
        connection.on("Number", heard.append)
        await connection.start()
        first_id = connection.connection_id
        for number in range(40):
            if number % 2:
                proxy.inflict(Fault.CUT_INSIDE, after_bytes=chance.randrange(400))
            elif number % 5 == 0:
                proxy.inflict(Fault.CUT)
            calls = [connection.invoke("Echo", (number, part), timeout=60) for part in range(5)]
            echoes, _ = await asyncio.gather(
                asyncio.gather(*calls), connection.invoke("ToCaller", 7, timeout=60)
            )
            assert echoes == [[number, part] for part in range(5)]
        await eventually(lambda: len(heard) >= 40 * 7)
        assert heard == list(range(7)) * 40
        assert hub.calls.count("Echo") == 200
        assert len(hub.connected) == 1
        assert connection.connection_id == first_id
        assert connection.state is ConnectionState.CONNECTED
        assert proxy.connections_made > 10
        await connection.stop()
    assert len(hub.disconnected) == 1


async def test_stream_and_upload_survive_a_cut() -> None:
    """Both directions go on where they were."""

    async def numbers() -> AsyncGenerator[int, None]:
        for number in range(100):
            yield number
            await asyncio.sleep(0.002)

    app = HubApp({PATH: EchoHub()}, authenticator=authority(), limits=LIMITS)
    async with (
        running(app) as url,
        fault_proxy(urlsplit(url).port or 0) as proxy,
        HubConnection(
            f"http://127.0.0.1:{proxy.port}{PATH}", access_token=token, retry=None, stateful_reconnect=True
        ) as connection,
    ):
        got: list[int] = []
        async for item in connection.stream("EchoStream", numbers()):
            got.append(item)
            if len(got) in (20, 60):
                proxy.inflict(Fault.CUT)
        assert got == list(range(100))
