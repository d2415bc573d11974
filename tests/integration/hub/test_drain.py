"""The end of a hub: SIGTERM in a process of its own, and the ways in while it drains."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx2
import pytest

from conduit_widget.app import signing_authority
from conduit_widget.client.connection_state import ConnectionState
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.client.retry import DelayRetry
from conduit_widget.contract import CHAT_HUB_PATH
from conduit_widget.errors import AddressUnusableError, ConduitError, ConnectionLostError, HubStartError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.server import serve
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.live_hub import LiveHub
from tests.support.hub.server import authority, negotiate, raw_client, running, token
from tests.support.waiting import eventually, ticks

PATH = "/hubs/echo"
_PROGRAM = """
import asyncio
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.server import serve
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority
app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority())
asyncio.run(serve(app, on_ready=lambda url: print(url, flush=True){options}))
print("ended", flush=True)
"""


@asynccontextmanager
async def _hub_process(options: str = "") -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    program = _PROGRAM.replace("{options}", f", {options}")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 60)).decode().strip()
        assert url, (await process.communicate())[1].decode()
        yield process, url
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_hub_says_goodbye_and_exits_0_when_told_to_end(number: signal.Signals) -> None:
    """Close with allowReconnect to everybody, exit code 0, within seconds, silently."""
    async with _hub_process() as (process, url):
        async with raw_client(url, PATH) as ann, raw_client(url, PATH, token("bob")) as bob:
            await ann.send({"type": 1, "target": "ToCaller", "arguments": [3]})
            assert [(await ann.read())["arguments"] for _ in range(3)] == [[0], [1], [2]]
            started = time.monotonic()
            process.send_signal(number)
            for client in (ann, bob):
                close = await client.read()
                assert close == {"type": 7, "error": "The hub is restarting.", "allowReconnect": True}
        output, errors = await asyncio.wait_for(process.communicate(), 60)
        assert time.monotonic() - started < 25, "it waits for nobody's 30 s"
        assert process.returncode == 0
        assert output.decode().strip() == "ended"
        assert errors.decode() == ""


async def test_hub_lets_nobody_in_while_it_drains() -> None:
    """Not ready, no negotiate, no new connection; those connected are told to come back."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url, raw_client(url, PATH) as client:
        await app.drain(timeout=5)
        assert (await client.read())["allowReconnect"] is True
        assert app.connections_active == 0
        async with httpx2.AsyncClient(trust_env=False) as http:
            ready = await http.get(f"{url}/readyz")
            assert (ready.status_code, ready.json()["status"]) == (503, "draining")
            assert (await http.get(f"{url}/healthz")).status_code == 200
        assert (await negotiate(url, PATH, token())).status_code == 503
        with pytest.raises(Exception, match="503"):
            async with raw_client(url, PATH, skip_negotiation=True):
                pass


@pytest.mark.parametrize("accept", ["text/event-stream", "*/*"], ids=["ServerSentEvents", "LongPolling"])
async def test_promise_from_before_opens_nothing_over_plain_http_while_the_hub_drains(accept: str) -> None:
    """Negotiated in time, opened too late: 503, and when to try again."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url, raw_client(url, PATH, token("bob")):
        secret = (await negotiate(url, PATH, token())).json()["connectionToken"]
        draining = asyncio.create_task(app.drain(timeout=5, spread=0.0))
        await eventually(lambda: _not_ready(url))
        query = {"id": secret, "access_token": token()}
        async with httpx2.AsyncClient(trust_env=False) as http:
            answer = await http.get(url + PATH, params=query, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        await asyncio.wait_for(draining, 30)


async def test_running_invocation_ends_before_the_hub_does() -> None:
    """What has begun is finished, then on_disconnected runs, then the drain is over."""
    hub = EchoHub()
    app = HubApp({PATH: hub}, authenticator=authority())
    async with running(app) as url, raw_client(url, PATH) as client:
        await client.send({"type": 1, "invocationId": "1", "target": "Wait", "arguments": []})
        await eventually(lambda: hub.calls)
        draining = asyncio.create_task(app.drain(timeout=5))
        assert (await client.read())["type"] == 7
        await client.socket.wait_closed()
        await eventually(lambda: app.connections_active == 0)
        assert not draining.done()
        hub.gate.set()
        await asyncio.wait_for(draining, 30)
        assert hub.disconnected == [("ann", None)]


async def test_serve_names_the_mistake_when_the_port_is_taken() -> None:
    """One line that says what to do."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url:
        port = int(url.rsplit(":", 1)[1])
        with pytest.raises(AddressUnusableError, match="Address already in use"):
            await serve(app, port=port, on_ready=lambda _: None)


async def test_lifespan_wraps_the_server_s_life() -> None:
    """It starts before the first connection and ends after the last one."""
    events: list[str] = []
    hub = EchoHub()

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        events.append("start")
        yield
        events.append(f"end after {len(hub.disconnected)}")

    app = HubApp({PATH: hub}, authenticator=authority(), lifespan=lifespan)
    async with running(app) as url:
        assert events == ["start"]
        client_context = raw_client(url, PATH)
        client = await client_context.__aenter__()
        await client.invoke("Echo", 1)
    assert events == ["start", "end after 1"]
    await client_context.__aexit__(None, None, None)


async def test_serve_fails_when_the_lifespan_does() -> None:
    """A hub that cannot start says so instead of serving half."""

    def lifespan() -> AbstractAsyncContextManager[None]:
        raise RuntimeError("no store")

    app = HubApp({PATH: EchoHub()}, authenticator=authority(), lifespan=lifespan)
    with pytest.raises(HubStartError, match="could not start"):
        await serve(app, on_ready=lambda _: None)


@pytest.mark.skipif(os.name != "posix", reason="signals")
async def test_second_signal_ends_the_hub_at_once() -> None:
    """With a long goodbye ahead everybody is told at once, and the exit code is 0 all the same."""
    async with _hub_process("drain_seconds=3600") as (process, url):
        async with contextlib.AsyncExitStack() as stack:
            users = [f"user{number}" for number in range(5)]
            clients = [await stack.enter_async_context(raw_client(url, PATH, token(user))) for user in users]
            process.send_signal(signal.SIGTERM)
            await eventually(lambda: _not_ready(url))
            process.send_signal(signal.SIGTERM)
            for client in clients:
                assert (await client.read())["allowReconnect"] is True
        output, _ = await asyncio.wait_for(process.communicate(), 60)
        assert process.returncode == 0
        assert output.decode().strip() == "ended"


async def _not_ready(url: str) -> bool:
    async with httpx2.AsyncClient(trust_env=False) as http:
        return (await http.get(f"{url}/readyz")).status_code == 503


async def test_first_goodbye_comes_before_the_last_when_there_are_many() -> None:
    """Those not yet told go on working; a new one is not let in."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url, raw_client(url, PATH) as ann, raw_client(url, PATH, token("bob")) as bob:
        draining = asyncio.create_task(app.drain(timeout=5, spread=3600))
        await eventually(lambda: app.connections_active == 1)
        closes = [asyncio.create_task(client.socket.wait_closed()) for client in (ann, bob)]
        done, _ = await asyncio.wait(closes, return_when=asyncio.FIRST_COMPLETED)
        told, other = (ann, bob) if closes[0] in done else (bob, ann)
        assert (await told.read())["allowReconnect"] is True
        assert (await other.invoke("Echo", "still here"))["result"] == "still here"
        assert (await negotiate(url, PATH, token())).status_code == 503
        app.hurry_drain()
        assert (await other.read())["allowReconnect"] is True
        await asyncio.wait_for(draining, 30)
        await asyncio.gather(*closes)


async def test_message_is_durable_or_refused_and_all_come_back_when_a_hub_drains(tmp_path: Path) -> None:
    """300 people send while it ends: what was acknowledged is there in the next hub, where all are again."""
    live = LiveHub(tmp_path / "data", options=("--drain-seconds", "1.5"))
    await asyncio.to_thread(live.start)
    try:
        crowd = _Crowd(live.url, signing_authority(live.data_dir, None))
        async with crowd.connected(300):
            sending = asyncio.create_task(crowd.send_until_all_are_cut())
            await eventually(lambda: len(crowd.acknowledged) >= 300, within=90)
            assert await asyncio.to_thread(live.terminate) == 0
            await asyncio.wait_for(sending, 90)
            await asyncio.to_thread(live.start)
            await eventually(lambda: crowd.connected_now == 300, within=90, what="everybody is back")
            assert crowd.unexpected == []
            assert await crowd.stored() >= crowd.acknowledged
            # Not all at once: sends were acknowledged between the goodbyes.
            assert crowd.turns >= 10
    finally:
        await asyncio.to_thread(live.stop)


class _Crowd:
    """Many people, each with a connection and a message always under way."""

    def __init__(self, url: str, signer: LocalAuthority) -> None:
        self.acknowledged: set[str] = set()
        self.unexpected: list[str] = []
        self.turns = 0
        self._url = url + CHAT_HUB_PATH
        self._signer = signer
        self._connections: list[HubConnection] = []
        self._cut: set[int] = set()
        self._last_was_cut = False

    @property
    def connected_now(self) -> int:
        return sum(connection.state is ConnectionState.CONNECTED for connection in self._connections)

    @asynccontextmanager
    async def connected(self, count: int) -> AsyncIterator[None]:
        self._connections = [self._connection(number) for number in range(count)]
        try:
            for start in range(0, count, 50):
                await asyncio.gather(*map(self._join, range(start, min(start + 50, count))))
            yield
        finally:
            await asyncio.gather(*(connection.stop() for connection in self._connections))

    def _connection(self, number: int) -> HubConnection:
        def issue() -> str:
            return self._signer.issue(f"user{number}", f"User {number}", 600)

        retry = DelayRetry(delays=(0.1, 0.3), min_spread=0.2)
        connection = HubConnection(self._url, access_token=issue, retry=retry)
        connection.on_reconnecting(lambda _error: self._was_cut(number))
        return connection

    async def _join(self, number: int) -> None:
        connection = self._connections[number]
        await connection.start()
        await connection.invoke("JoinConversation", f"room{number % 30}", timeout=60)

    def _was_cut(self, number: int) -> None:
        self._cut.add(number)
        self._last_was_cut = True

    async def send_until_all_are_cut(self) -> None:
        await asyncio.gather(*map(self._send, range(len(self._connections))))

    async def _send(self, number: int) -> None:
        connection, room = self._connections[number], f"room{number % 30}"
        async for count in ticks(0.2):
            if number in self._cut:
                return
            message = {
                "id": f"m{number}-{count}",
                "role": "user",
                "content": "x",
                "metadata": {"respond": False},
            }
            try:
                receipt = await connection.invoke("SendMessage", room, message, timeout=60)
            except ConnectionLostError:
                return  # not acknowledged: nothing was promised
            except ConduitError as error:
                self.unexpected.append(str(error))
                return
            self.acknowledged.add(receipt["id"])
            self.turns += self._last_was_cut
            self._last_was_cut = False

    async def stored(self) -> set[str]:
        """Everything the hub has, room by room."""
        found: set[str] = set()
        for number in range(30):
            connection = self._connections[number]
            page = await connection.invoke("JoinConversation", f"room{number}", timeout=60)
            while page["messages"]:
                found |= {message["id"] for message in page["messages"]}
                first = page["messages"][0]["metadata"]["seq"]
                page = await connection.invoke("GetHistory", f"room{number}", first, 200, timeout=60)
        return found
