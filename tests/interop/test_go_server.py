"""Our client against a hub on the Go server github.com/philippseith/signalr, in both encodings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.errors import ConnectionLostError, HubException
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.transports.client import websocket as websocket_client
from tests.support.processes.toolchain import ToolchainMissingError, build_go
from tests.support.waiting import eventually

HERE = Path(__file__).parent

pytestmark = pytest.mark.timeout(480)  # the first build compiles the server's dependencies


@pytest.fixture(scope="module")
def go_hub() -> Iterator[str]:
    """Run the Go hub; yield its address."""
    try:
        binary = build_go(HERE / "go")
    except ToolchainMissingError as missing:
        pytest.skip(str(missing))
    with Popen([binary], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        try:
            yield f"{line.split()[-1]}/hub"
        finally:
            process.stdin.close()
            process.wait(60)


@pytest.fixture(autouse=True)
def short_goodbyes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Go server leaves our close frame unanswered where it speaks JSON: wait no two seconds for it."""
    monkeypatch.setattr(websocket_client, "CLOSE_TIMEOUT", 0.1)


@pytest.fixture(params=[JsonHubProtocol, MessagePackHubProtocol], ids=["json", "messagepack"])
async def connection(go_hub: str, request: pytest.FixtureRequest) -> AsyncIterator[HubConnection]:
    """Yield our client, connected."""
    protocol: HubProtocol = request.param()
    async with HubConnection(go_hub, protocol=protocol, retry=None) as connected:
        yield connected


async def test_invocations_are_answered_when_the_hub_is_go(connection: HubConnection) -> None:
    """Results, structures, void and late results arrive."""
    assert await connection.invoke("Echo", "grüße 😀 \u001e", timeout=30) == "grüße 😀 \u001e"
    assert await connection.invoke("Add", 40, 2, timeout=30) == 42
    parcel = {"name": "tea", "weight": 1.5}
    assert await connection.invoke("Weigh", parcel, 2, timeout=30) == {"name": "tea", "weight": 3.0}
    assert await connection.invoke("Nothing", timeout=30) is None
    assert await connection.invoke("Slow", "late", timeout=30) == "late"


async def test_errors_are_raised_and_the_connection_stays_when_the_hub_is_go(
    connection: HubConnection,
) -> None:
    """A failing method, an unknown method and a wrong argument raise HubException; the next call works."""
    for target, arguments in (("Fail", ()), ("NoSuchMethod", ()), ("Add", ("one", "two"))):
        with pytest.raises(HubException):
            await connection.invoke(target, *arguments, timeout=30)
    assert await connection.invoke("Echo", "still here", timeout=30) == "still here"


async def test_streams_arrive_in_order_when_the_hub_is_go(connection: HubConnection) -> None:
    """Items come in order, an empty stream ends, two streams run side by side."""
    assert [item async for item in connection.stream("Count", 200)] == list(range(200))
    assert [item async for item in connection.stream("Count", 0)] == []

    async def collect(number: int) -> list[int]:
        return [item async for item in connection.stream("Count", number)]

    long, short = await asyncio.gather(collect(30), collect(20))
    assert (long, short) == (list(range(30)), list(range(20)))


async def test_closing_a_stream_early_leaves_the_connection_usable_when_the_hub_is_go(
    connection: HubConnection,
) -> None:
    """A stream given up after three items is cancelled; calls go on."""
    async with contextlib.aclosing(connection.stream("Count", 100_000)) as items:
        seen = [await anext(items) for _ in range(3)]
    assert seen == [0, 1, 2]
    assert await connection.invoke("Echo", "on", timeout=30) == "on"


async def test_events_and_groups_reach_our_handlers_when_the_hub_is_go(
    go_hub: str, connection: HubConnection
) -> None:
    """Events of the hub keep their order; a group's event reaches both members, whatever they speak."""
    numbers: list[int] = []
    said: list[tuple[str, str]] = []
    connection.on("number", numbers.append)
    connection.on("said", lambda text: said.append(("first", text)))
    await connection.send("Announce", 100)
    await eventually(lambda: len(numbers) == 100)
    assert sorted(numbers) == list(range(100))  # the Go server starts a goroutine for each: no order
    async with HubConnection(go_hub, retry=None) as other:
        other.on("Said", lambda text: said.append(("second", text)))
        for member in (connection, other):
            await member.invoke("JoinGroup", "interop", timeout=30)
        await connection.send("ToGroup", "interop", "hello")
        await eventually(lambda: sorted(said) == [("first", "hello"), ("second", "hello")])


async def test_big_messages_travel_when_the_hub_is_go(connection: HubConnection) -> None:
    """A text of 300 kB comes back whole."""
    text = "0123456789é" * 27_000
    assert await connection.invoke("Echo", text, timeout=30) == text


async def test_pending_calls_fail_at_once_when_the_go_hub_hangs_up(connection: HubConnection) -> None:
    """A call under way is told of the drop instead of hanging, and the connection says it is over."""
    with pytest.raises((ConnectionLostError, HubException)):
        await connection.invoke("HangUp", timeout=30)
    await eventually(lambda: connection.state is ConnectionState.DISCONNECTED)


async def _letters(*letters: str) -> AsyncIterator[str]:
    for letter in letters:
        yield letter


async def _numbers(*numbers: int) -> AsyncIterator[int]:
    for number in numbers:
        yield number


async def test_uploads_reach_the_method_when_the_hub_is_go(connection: HubConnection) -> None:
    """A stream among arguments, an empty one, and two at a time arrive whole."""
    assert await connection.invoke("Concat", "<", _letters("a", "é", "c"), timeout=30) == "<aéc"
    assert await connection.invoke("Concat", "<", _letters(), timeout=30) == "<"
    assert await connection.invoke("Subtract", _numbers(5, 6), _numbers(1), timeout=30) == 10
