"""Timeouts, pings, expiry, limits and slow readers over real sockets, with small numbers."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect

from conduit_widget.contract import ErrorText
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import Close
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.metrics_page import parse_page
from tests.support.hub.server import (
    authority,
    negotiate,
    polls_waiting,
    raw_client,
    running,
    stopped_reader,
    token,
)
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually

PATH = "/hubs/echo"


def _app(hub: EchoHub | None = None, **limits: Any) -> HubApp:
    return HubApp(
        {PATH: hub or EchoHub()},
        authenticator=authority(),
        limits=HubLimits(**limits),
        wheel=TimerWheel(0.02),
    )


async def test_hub_pings_when_the_connection_is_silent() -> None:
    """Pings come at the keep-alive interval."""
    async with running(_app(keep_alive_interval=0.1)) as url, raw_client(url, PATH) as client:
        frames = [await asyncio.wait_for(client.socket.recv(), 30) for _ in range(3)]
    assert frames == ['{"type":6}\x1e'] * 3


async def test_silent_client_is_closed_and_may_return() -> None:
    """No byte for the client timeout: Close with allowReconnect, and the hub hears an error."""
    hub, started = EchoHub(), time.monotonic()
    async with running(_app(hub, client_timeout=0.3)) as url, raw_client(url, PATH) as client:
        assert await client.read() == {
            "type": 7,
            "error": "The client was silent for too long.",
            "allowReconnect": True,
        }
        assert 0.3 < time.monotonic() - started < 20, "30 s would be the default"
        await eventually(lambda: hub.disconnected)
    assert isinstance(hub.disconnected[0][1], TimeoutError)


async def test_client_stays_when_it_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any message counts as life."""
    clock, loop = SkippingClock(monkeypatch), asyncio.get_running_loop()
    app = _app(client_timeout=60.0, keep_alive_interval=3600.0)
    async with running(app) as url, raw_client(url, PATH) as client:
        [endpoint] = app._registry.endpoints
        for _ in range(4):
            clock.skip(40)
            sent_at = loop.time()
            await client.send({"type": 6})
            await eventually(lambda at=sent_at: endpoint._liveness._last_received >= at)  # type: ignore[misc]
        assert (await client.invoke("Echo", 1))["result"] == 1


async def test_connection_without_handshake_is_closed() -> None:
    """A client that says nothing is not kept."""
    app = _app(handshake_timeout=0.2)
    async with running(app) as url, raw_client(url, PATH, handshake=False) as client:
        await asyncio.wait_for(client.socket.wait_closed(), 30)
        assert client.socket.close_code == 3504
        await eventually(lambda: app.connections_active == 0)


async def test_connection_ends_when_its_token_does() -> None:
    """Expiry holds while connected: Close with allowReconnect, for a fresh token."""
    async with running(_app()) as url, raw_client(url, PATH, token(ttl=4)) as client:
        close = await client.read()
        assert close == {"type": 7, "error": "The access token expired.", "allowReconnect": True}


async def test_rate_limit_refuses_and_the_connection_stays() -> None:
    """Over the burst: a completion with the contract's text; later it works again."""
    app = _app(invocation_burst=5, invocations_per_second=10.0)
    async with running(app) as url, raw_client(url, PATH) as client:
        calls = [{"type": 1, "invocationId": f"c{n}", "target": "Echo", "arguments": [n]} for n in range(12)]
        await client.send(*calls)  # in one frame: however slow the machine, no time passes between them
        answers = [await client.read() for _ in calls]
        refused = [answer for answer in answers if "error" in answer]
        assert 3 <= len(refused) <= 7
        assert {answer["error"] for answer in refused} == {ErrorText.RATE_LIMIT}

        async def works_again() -> bool:
            return (await client.invoke("Echo", "again")).get("result") == "again"

        await eventually(works_again)


async def test_connection_limit_refuses_with_its_text() -> None:
    """The third connection of a user is told why, at negotiate and, without it, at the handshake."""
    text = ErrorText.CONNECTION_LIMIT.format(n=2, max=2)
    app = _app(connections_per_user=2)
    async with running(app) as url, raw_client(url, PATH) as _one, raw_client(url, PATH) as _two:
        assert (await negotiate(url, PATH, token())).json() == {"error": text}
        async with raw_client(url, PATH, skip_negotiation=True, handshake=False) as three:
            await three.send({"protocol": "json", "version": 1})
            assert await three.read() == {"error": text}
            await asyncio.wait_for(three.socket.wait_closed(), 30)
        async with raw_client(url, PATH, token("bob")) as bob:
            assert (await bob.invoke("Echo", 1))["result"] == 1
        await eventually(lambda: app.connections_active == 2)


async def test_connection_is_allowed_again_when_one_ends() -> None:
    """The count goes down with the connection."""
    app = _app(connections_per_user=1)
    async with running(app) as url:
        for _ in range(3):
            async with raw_client(url, PATH) as client:
                assert (await client.invoke("Echo", 1))["result"] == 1
            await eventually(lambda: app.connections_active == 0)


async def test_oversized_invocation_is_refused_and_the_connection_stays() -> None:
    """The completion names the limit and the size."""
    async with running(_app(max_message_bytes=1000)) as url, raw_client(url, PATH) as client:
        answer = await client.invoke("Echo", "x" * 2000)
        assert "exceeds the limit of 1000 bytes" in answer["error"]
        assert "xxx" not in answer["error"]
        assert (await client.invoke("Echo", 1))["result"] == 1


@pytest.mark.parametrize("size", [2_000, 200_000])
async def test_oversized_message_without_id_closes_and_names_the_limit(size: int) -> None:
    """Nobody waits for an answer: a Close message says it, also when the frame is too large to be read."""
    async with running(_app(max_message_bytes=1000)) as url, raw_client(url, PATH) as client:
        await client.send({"type": 1, "target": "Echo", "arguments": ["x" * size]})
        assert await client.read() == {"type": 7, "error": "A message exceeds the limit of 1000 bytes."}
        await asyncio.wait_for(client.socket.wait_closed(), 30)


@pytest.mark.usefixtures("short_goodbyes")
async def test_slow_reader_is_closed_and_delays_nobody() -> None:
    """One that stops reading is cut at the hard limit; the others get everything at once."""
    hub = EchoHub()
    app = _app(hub, outbox_hard_bytes=200_000, invocation_burst=1000)
    async with running(app) as url, raw_client(url, PATH, token("ann")) as ann:
        reader, writer = await stopped_reader(url, PATH, token("bob"))
        del reader
        await eventually(lambda: len(hub.connected) == 2)
        text, slowest = "x" * 20_000, 0.0
        for _ in range(400):
            started = time.perf_counter()
            await ann.invoke("ToGroup", "everyone", text)
            assert (await ann.read())["arguments"][1] == text
            slowest = max(slowest, time.perf_counter() - started)
            if hub.disconnected:
                break
        await eventually(lambda: hub.disconnected)
        assert hub.disconnected[0][0] == "bob"
        assert slowest < 5.0, "who waits for the slow one waits for 10 s"
        assert _slow_readers(app) == 1
        writer.close()


@pytest.mark.usefixtures("short_goodbyes")
async def test_paused_reader_is_closed_after_a_time() -> None:
    """A client that does not read is not kept for ever, however little waits."""
    hub = EchoHub()
    app = _app(hub, lagging_timeout=0.3, outbox_hard_bytes=100_000_000)
    async with running(app) as url:
        _, writer = await stopped_reader(url, PATH, token("bob"))
        await eventually(lambda: hub.connected)
        hub.clients.all().send("Big", "x" * 20_000_000)
        await eventually(lambda: hub.disconnected)
        assert _slow_readers(app) == 1
        writer.close()


def _slow_readers(app: HubApp) -> float:
    """How many were closed for that, as operators see it."""
    page = parse_page(app.metrics.render().decode())
    return page.value("conduit_signalr_closes_total", hub=PATH, reason="slow_reader")


async def test_idle_connections_cost_no_task_each() -> None:
    """A connection lives by callbacks; a task runs only while there is work."""
    async with running(_app(connections_per_user=100)) as url:
        before = _hub_tasks()
        address = f"{url.replace('http', 'ws', 1)}{PATH}?access_token={token()}"
        sockets = [await connect(address, proxy=None, ping_interval=None) for _ in range(20)]
        for websocket in sockets:
            await websocket.send('{"protocol":"json","version":1}\x1e')
            assert await websocket.recv() == "{}\x1e"
        await eventually(lambda: _hub_tasks() == before)
        for websocket in sockets:
            await websocket.close()


def _hub_tasks() -> int:
    """Count the tasks that run this package's code."""
    return sum("/conduit_widget/" in _file(task) for task in asyncio.all_tasks())


def _file(task: asyncio.Task[Any]) -> str:
    code = getattr(task.get_coro(), "cr_code", None)
    return str(code.co_filename) if code is not None else ""


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"], ids=["ServerSentEvents", "LongPolling"])
async def test_plain_http_without_handshake_is_ended(accept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of events without one, and a poll, end as a WebSocket does; nothing stays open."""
    clock = SkippingClock(monkeypatch)
    app = _app(handshake_timeout=15.0, poll_timeout=600.0, keep_alive_interval=3600.0)
    async with running(app) as url, httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        secret = (await negotiate(url, PATH, token())).json()["connectionToken"]
        query = {"id": secret, "access_token": token()}
        opening = asyncio.create_task(http.get(url + PATH, params=query, headers={"Accept": accept}))
        await eventually(lambda: app.connections_active == 1)
        if accept == "*/*":
            assert (await opening).status_code == 200  # the first poll is answered at once
            opening = asyncio.create_task(http.get(url + PATH, params=query))
            await eventually(lambda: polls_waiting(app) == 1)
        clock.skip(16)
        answer = await opening
        assert answer.status_code in (200, 204)
        assert answer.text.strip(":\r\n ") == ""
        await eventually(lambda: app.connections_active == 0)
    page = parse_page(app.metrics.render().decode())
    assert page.by("conduit_signalr_closes_total", "reason") == {"handshake_timeout": 1}


@pytest.mark.usefixtures("short_goodbyes")
async def test_silent_client_is_closed_on_every_transport() -> None:
    """Polls and an open stream are no sign of life: what counts is what the client sends."""
    app = _app(client_timeout=0.5)

    async def be_silent(url: str, transport: str) -> None:
        async with hub_client(url, PATH, token(transport), transport=transport) as client:
            assert await client.read() == Close("The client was silent for too long.", True)

    async with running(app) as url, asyncio.TaskGroup() as together:
        for transport in ("WebSockets", "ServerSentEvents", "LongPolling"):
            together.create_task(be_silent(url, transport))
    page = parse_page(app.metrics.render().decode())
    assert page.by("conduit_signalr_closes_total", "reason") == {"client_timeout": 3}
