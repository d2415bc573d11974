"""Our client and our hub: they meet on the wire only, so here is where they must agree."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from conduit_widget.client import ConnectionState, HubConnection
from conduit_widget.client.transport_choice import TransportName
from conduit_widget.errors import AuthenticationError, ConnectionLostError, HubException
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, token
from tests.support.signalr.raw_connection import AT_ONCE
from tests.support.waiting import eventually

PATH = "/hubs/echo"


@pytest.mark.parametrize("protocol", [JsonHubProtocol(), MessagePackHubProtocol()], ids=lambda it: it.name)
async def test_invocations_streams_and_events_work_together(protocol: HubProtocol) -> None:
    """Results, refusals, streams both to the end and cancelled, events in order, in both encodings."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority(), protocols=[protocol])
    async with (
        running(app) as url,
        HubConnection(url + PATH, access_token=token, protocol=protocol) as connection,
    ):
        assert await connection.invoke("echo", {"ž": [1, None, 2.5]}) == {"ž": [1, None, 2.5]}
        assert await connection.invoke("Nothing") is None
        with pytest.raises(HubException, match="not today"):
            await connection.invoke("Refuse", "not today")
        assert (await connection.invoke("Who"))["connectionId"] == connection.connection_id
        assert [item async for item in connection.stream("Count", 5)] == [0, 1, 2, 3, 4]
        stream = connection.stream("Forever")
        assert [await anext(stream), await anext(stream)] == [0, 1]
        await stream.aclose()
        assert await connection.invoke("StreamEnded", timeout=30) is True
        with pytest.raises(HubException, match="broke"):
            _ = [item async for item in connection.stream("FailingStream")]
        numbers: list[int] = []
        connection.on("number", numbers.append)
        await connection.invoke("ToCaller", 500)
        await eventually(lambda: len(numbers) == 500)
        assert numbers == list(range(500))


async def test_hub_close_is_honoured_on_both_verdicts() -> None:
    """With allowReconnect the client is back by itself, without it stays away."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url:
        connection = HubConnection(url + PATH, access_token=token, retry=AT_ONCE)
        back: list[str | None] = []
        closed: list[Exception | None] = []
        connection.on_reconnected(back.append)
        connection.on_close(closed.append)
        await connection.start()
        first = connection.connection_id
        await connection.send("CloseMe", True)
        await eventually(lambda: back)
        assert back == [connection.connection_id] != [first]
        await connection.send("CloseMe", False)
        await eventually(lambda: closed)
        assert connection.state is ConnectionState.DISCONNECTED
        assert len(back) == 1


async def test_restarted_hub_is_found_again_and_pending_work_fails() -> None:
    """The hub goes away in the middle of an invocation and returns on another port."""
    urls: list[str] = []
    hub = EchoHub()
    connection = HubConnection(lambda: urls[-1] + PATH, access_token=token, retry=AT_ONCE)

    async def wait_until_lost() -> None:
        with pytest.raises(ConnectionLostError):
            await connection.invoke("Wait")
        hub.gate.set()  # only now may the hub's own work end, and with it the drain

    async with running(HubApp({PATH: hub}, authenticator=authority())) as url:
        urls.append(url)
        await connection.start()
        waiting = asyncio.ensure_future(wait_until_lost())
        await eventually(lambda: "Wait" in hub.calls)
    await waiting
    async with running(HubApp({PATH: EchoHub()}, authenticator=authority())) as url:
        urls.append(url)
        await eventually(lambda: connection.state is ConnectionState.CONNECTED)
        assert await connection.invoke("Echo", "again") == "again"
        await connection.stop()


async def test_bad_token_is_refused_before_any_connection() -> None:
    """The hub answers negotiate with 401, the client says so once."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url:
        with pytest.raises(AuthenticationError):
            await HubConnection(url + PATH, access_token="nonsense").start(retry=True)
        assert app.connections_active == 0


MATRIX: list[tuple[TransportName, HubProtocol]] = [
    ("WebSockets", JsonHubProtocol()),
    ("WebSockets", MessagePackHubProtocol()),
    ("ServerSentEvents", JsonHubProtocol()),
    ("LongPolling", JsonHubProtocol()),
    ("LongPolling", MessagePackHubProtocol()),
]


@pytest.mark.parametrize(("transport", "protocol"), MATRIX, ids=lambda it: getattr(it, "name", it))
async def test_every_transport_carries_every_kind_of_call(
    transport: TransportName, protocol: HubProtocol
) -> None:
    """Results, streams both ways and big messages, over each transport in each encoding it can carry."""

    async def numbers() -> AsyncGenerator[int, None]:
        for number in range(20):
            yield number

    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url:
        async with HubConnection(
            url + PATH, access_token=token, protocol=protocol, transport=transport, retry=None
        ) as connection:
            assert await connection.invoke("Echo", {"ž": [1, None, 2.5]}) == {"ž": [1, None, 2.5]}
            assert await connection.invoke("Echo", "x" * 50_000) == "x" * 50_000
            with pytest.raises(HubException, match="not today"):
                await connection.invoke("Refuse", "not today")
            assert [item async for item in connection.stream("Count", 5)] == [0, 1, 2, 3, 4]
            stream = connection.stream("Forever")
            assert [await anext(stream), await anext(stream)] == [0, 1]
            await stream.aclose()
            assert await connection.invoke("StreamEnded", timeout=30) is True
            assert await connection.invoke("Sum", numbers()) == 190
            many = [connection.invoke("Echo", [part, "x" * 5_000]) for part in range(20)]
            assert [part for part, _ in await asyncio.gather(*many)] == list(range(20))
            got: list[int] = []
            connection.on("Number", got.append)
            await connection.invoke("ToCaller", 100)
            await eventually(lambda: len(got) == 100)
            assert got == list(range(100))
            assert app.connections_active == 1
        await eventually(lambda: app.connections_active == 0)


@pytest.mark.parametrize("protocol", [JsonHubProtocol(), MessagePackHubProtocol()], ids=lambda it: it.name)
async def test_compressed_connection_carries_short_and_long_messages(protocol: HubProtocol) -> None:
    """permessage-deflate at both ends, in both directions and encodings, around its threshold."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with (
        running(app) as url,
        HubConnection(url + PATH, access_token=token, protocol=protocol, compression=True) as connection,
    ):
        for length in (0, 1, 400, 511, 512, 513, 5000, 50_000):
            assert await connection.invoke("Echo", "ž" * (length // 2)) == "ž" * (length // 2)
        link = connection._life.link
        assert link is not None
        wire = link._transport._wire  # type: ignore[attr-defined] # a WebSocketTransport
        assert len(wire._websocket.extensions) == 1


async def test_streams_mix_with_arguments_and_clients_answer_the_hub() -> None:
    """What only the two together can show: several uploads, a stream echoed, a result the hub waits for."""

    async def letters(text: str) -> AsyncGenerator[str, None]:
        for letter in text:
            yield letter

    async def answer(value: int) -> int:
        assert await connection.invoke("Echo", "from inside") == "from inside"
        return value + 1

    limits = HubLimits(parallel_invocations=2)  # the hub's own invocation waits while ours is served
    app = HubApp({PATH: EchoHub()}, authenticator=authority(), limits=limits)
    async with running(app) as url, HubConnection(url + PATH, access_token=token) as connection:
        woven = await connection.invoke("Weave", "<", letters("ab"), "|", letters("cd"), ">")
        assert woven == "<ab|cd>"
        echoed = [item async for item in connection.stream("EchoStream", letters("xyz"))]
        assert echoed == ["x", "y", "z"]
        connection.on("Next", answer)
        assert await connection.invoke("AskCaller", "Next", 41) == 42
        with pytest.raises(HubException):
            await connection.invoke("AskCaller", "Unheard", 1)
        assert await connection.invoke("Echo", "still here") == "still here"
