"""The end of a hub: SIGTERM in a process of its own, and the ways in while it drains."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from conduit_widget.errors import HubStartError
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.server import serve
from tests.support.echo_hub import EchoHub
from tests.support.hub_server import authority, negotiate, raw_client, running, token
from tests.support.waiting import eventually

PATH = "/hubs/echo"
_PROGRAM = """
import asyncio
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.server import serve
from tests.support.echo_hub import EchoHub
from tests.support.hub_server import authority
app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority())
asyncio.run(serve(app, on_ready=lambda url: print(url, flush=True)))
print("ended", flush=True)
"""


@asynccontextmanager
async def _hub_process() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await asyncio.wait_for(process.stdout.readline(), 20)).decode().strip()
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
        output, errors = await asyncio.wait_for(process.communicate(), 10)
        assert time.monotonic() - started < 3
        assert process.returncode == 0
        assert output.decode().strip() == "ended"
        assert errors.decode() == ""


async def test_hub_lets_nobody_in_while_it_drains() -> None:
    """Not ready, no negotiate, no new connection; those connected are told to come back."""
    import httpx2

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
        await asyncio.wait_for(draining, 5)
        assert hub.disconnected == [("ann", None)]


async def test_serve_names_the_mistake_when_the_port_is_taken() -> None:
    """One line that says what to do."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    async with running(app) as url:
        port = int(url.rsplit(":", 1)[1])
        with pytest.raises(HubStartError, match="--port"):
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
