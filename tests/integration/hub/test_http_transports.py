"""Server-sent events and long polling: the same hub behind plain HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.door.early_posts import MAX_EARLY_BYTES
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import (
    Close,
    Completion,
    Invocation,
    StreamInvocation,
    StreamItem,
)
from conduit_widget.protocol.transport_kinds import TransportKind
from tests.support.hub.client import JSON, MESSAGEPACK, hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, negotiate, polls_waiting, running, token
from tests.support.skipping_clock import SkippingClock
from tests.support.waiting import eventually

PATH = "/hubs/echo"
WAYS = [
    ("ServerSentEvents", JSON),
    ("LongPolling", JSON),
    ("LongPolling", MESSAGEPACK),
    ("WebSockets", MESSAGEPACK),
]
EVERY_WAY = pytest.mark.parametrize(
    ("transport", "protocol"), WAYS, ids=lambda item: item if isinstance(item, str) else item.name
)


def _app(hub: EchoHub | None = None, **limits: Any) -> HubApp:
    return HubApp(
        {PATH: hub or EchoHub()},
        authenticator=authority(),
        limits=HubLimits(**limits),
        wheel=TimerWheel(0.05),
    )


@EVERY_WAY
async def test_everything_works_over_every_transport(transport: str, protocol: Any) -> None:
    """Invocations, streams both ways, client results, groups, big messages, the end."""
    hub = EchoHub()
    app = _app(hub, max_message_bytes=1 << 20)
    async with running(app) as url:
        async with hub_client(url, PATH, protocol=protocol, transport=transport) as client:
            assert (await client.invoke("Echo", "a\nb\r\nc")).result == "a\nb\r\nc"
            assert (await client.invoke("Refuse", "no")).error == "no"
            await client.send(StreamInvocation("s", "Count", [3]))
            items = [await client.read() for _ in range(4)]
            assert items == [StreamItem("s", 0), StreamItem("s", 1), StreamItem("s", 2), Completion("s")]
            await client.send(
                Invocation("Sum", [], "u", ["n"]), StreamItem("n", 2), StreamItem("n", 3), Completion("n")
            )
            assert await client.read() == Completion("u", 5)
            await client.send(Invocation("AskCaller", ["Name", 1], "r"))
            await client.send(Completion((await client.read()).invocation_id, "Ann"))
            assert await client.read() == Completion("r", "Ann")
            await client.invoke("ToGroup", "everyone", "x" * 300_000)
            assert await client.read() == Invocation("Said", ["ann", "x" * 300_000])
            await client.send(Invocation("CloseMe", [True]))
            close = await client.read()
            assert (close, close.allow_reconnect) == (Close("The hub is restarting.", True), True)
            await asyncio.wait_for(client.ended, 30)
        await eventually(lambda: hub.disconnected and app.connections_active == 0)


@pytest.mark.parametrize("transport", ["ServerSentEvents", "LongPolling"])
async def test_hub_hears_the_end_when_the_client_leaves(transport: str) -> None:
    """Events: the response is dropped. Polls: DELETE."""
    hub = EchoHub()
    async with running(_app(hub)) as url:
        async with hub_client(url, PATH, transport=transport) as client:
            await client.invoke("Nothing")
        await eventually(lambda: hub.disconnected)
    assert (hub.disconnected[0][1] is None) is (transport == "LongPolling")


@asynccontextmanager
async def _negotiated(url: str, user_id: str = "ann") -> AsyncIterator[tuple[httpx2.AsyncClient, str]]:
    """A plain HTTP client with Ann's token and the connection's id in its query, and the hub's address."""
    secret = (await negotiate(url, PATH, token(user_id))).json()["connectionToken"]
    async with httpx2.AsyncClient(
        trust_env=False,
        timeout=60,
        params={"id": secret},
        headers={"Authorization": f"Bearer {token(user_id)}"},
    ) as http:
        try:
            yield http, url + PATH
        finally:
            await http.delete(url + PATH)  # a hub that ends waits for its pollers


async def test_first_poll_returns_at_once_and_a_newer_poll_ends_the_older() -> None:
    """200 empty, then the older gets 204 while the newer takes the data."""
    app = _app()
    async with running(app) as url, _negotiated(url) as (http, address):
        first = await http.get(address)
        assert (first.status_code, first.content) == (200, b"")
        older = asyncio.create_task(http.get(address))
        await eventually(lambda: polls_waiting(app) == 1)
        newer = asyncio.create_task(http.get(address))
        assert (await asyncio.wait_for(older, 30)).status_code == 204
        sent = await http.post(address, content=b'{"protocol":"json","version":1}\x1e')
        assert (sent.status_code, sent.content) == (202, b"")
        assert (await asyncio.wait_for(newer, 30)).content == b"{}\x1e"


async def test_poll_returns_empty_when_its_time_is_over() -> None:
    """200 empty means: poll again; the connection lives."""
    async with running(_app(poll_timeout=0.2)) as url, _negotiated(url) as (http, address):
        await http.get(address)
        await http.post(address, content=b'{"protocol":"json","version":1}\x1e')
        while not (reply := (await http.get(address)).content):
            pass
        assert reply == b"{}\x1e"
        again = await asyncio.wait_for(http.get(address), 30)
        assert (again.status_code, again.content) == (200, b"")
        gone = await http.delete(address)
        assert (gone.status_code, gone.content) == (202, b"")
        assert (await http.get(address)).status_code == 404
        assert (await http.delete(address)).status_code == 404


async def test_delete_ends_a_waiting_poll() -> None:
    """The poll gets 204, as a client that stops expects."""
    app = _app()
    async with running(app) as url, _negotiated(url) as (http, address):
        await http.get(address)
        waiting = asyncio.create_task(http.get(address))
        await eventually(lambda: polls_waiting(app) == 1)
        assert (await http.delete(address)).status_code == 202
        assert (await asyncio.wait_for(waiting, 30)).status_code == 204


async def test_poller_that_stops_is_given_up_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody stays connected without polling."""
    hub = EchoHub()
    clock = SkippingClock(monkeypatch)
    app = _app(hub, poll_disconnect_timeout=20.0)
    async with running(app) as url, _negotiated(url) as (http, address):
        await http.get(address)
        await http.post(address, content=b'{"protocol":"json","version":1}\x1e')
        await http.get(address)
        clock.skip(21)
        await eventually(lambda: hub.disconnected)
        assert isinstance(hub.disconnected[0][1], ConnectionResetError)
        assert app.connections_active == 0


async def test_slow_poller_is_bounded_and_closed() -> None:
    """What waits for a client that does not fetch it is bounded like any other connection's."""
    hub = EchoHub()
    app = _app(hub, outbox_hard_bytes=300_000, poll_disconnect_timeout=60)
    async with running(app) as url, _negotiated(url) as (http, address):
        await http.get(address)
        await http.post(address, content=b'{"protocol":"json","version":1}\x1e')
        await http.get(address)
        for _ in range(40):
            hub.clients.all().send("Big", "x" * 50_000)
            await asyncio.sleep(0)
        context = next(iter(hub.groups.members("everyone")), None)
        assert context is None or context.closed
        assert app.metrics.render().count(b'reason="slow_reader"') >= 1


HANDSHAKE = b'{"protocol":"json","version":1}\x1e'
ECHO = b'{"type":1,"invocationId":"1","target":"Echo","arguments":["early"]}\x1e'
ANSWERS = ["{}\x1e", '{"type":3,"invocationId":"1","result":"early"}\x1e']


async def test_posts_before_the_first_poll_are_read_when_it_comes() -> None:
    """As the official server does: a client's handshake may be there before its first GET."""
    app = _app()
    async with running(app) as url, _negotiated(url) as (http, address):
        for body in (HANDSHAKE, ECHO):
            assert (await http.post(address, content=body)).status_code == 202
        assert app.connections_active == 0
        assert (await http.get(address)).content == b""
        got = ""
        while got != "".join(ANSWERS):
            got += (await http.get(address)).text
            assert "".join(ANSWERS).startswith(got)


async def test_posts_before_the_events_are_read_when_they_open() -> None:
    """As over long polling; what is posted later follows."""
    async with running(_app()) as url, _negotiated(url) as (http, address):
        assert (await http.post(address, content=HANDSHAKE)).status_code == 202
        async with http.stream("GET", address, headers={"Accept": "text/event-stream"}) as events:
            lines = events.aiter_lines()
            data = (line.removeprefix("data: ") async for line in lines if line.startswith("data: "))
            assert await anext(data) == ANSWERS[0].rstrip("\x1e")  # which ends a line, too
            assert (await http.post(address, content=ECHO)).status_code == 202
            assert await anext(data) == ANSWERS[1].rstrip("\x1e")


async def test_early_posts_are_for_their_own_user_and_bounded() -> None:
    """Nobody else adds to them; over 64 KiB the client is told to open the connection first."""
    async with running(_app()) as url, _negotiated(url) as (http, address):
        eve = {"Authorization": f"Bearer {token('eve')}"}
        assert (await http.post(address, content=HANDSHAKE)).status_code == 202
        for headers, secret in ((eve, None), ({}, "nobody")):
            params = {} if secret is None else {"id": secret}
            refused = await http.post(address, content=ECHO, headers=headers, params=params)
            assert refused.status_code == 404
        too_much = await http.post(address, content=b"x" * MAX_EARLY_BYTES)
        assert (too_much.status_code, "65536 bytes" in too_much.text) == (429, True)
        await http.get(address)
        assert (await http.get(address)).text == ANSWERS[0]


async def test_connection_belongs_to_its_user_and_its_secret() -> None:
    """Another user, the public id, an unknown id and no id are refused on every verb."""
    async with running(_app()) as url, _negotiated(url) as (http, address):
        await http.get(address)
        eve = {"Authorization": f"Bearer {token('eve')}"}
        for verb in ("GET", "POST", "DELETE"):
            assert (await http.request(verb, address, headers=eve)).status_code == 404
            assert (
                await http.request(verb, address, headers={"Authorization": "Bearer x"})
            ).status_code == 401
            assert (await http.request(verb, address, params={"id": "nobody"})).status_code == 404
        async with httpx2.AsyncClient(trust_env=False, headers=http.headers) as bare:
            assert (await bare.get(address)).status_code == 400
        assert (await http.put(address)).status_code == 405
        events = await http.get(address, headers={"Accept": "text/event-stream"})
        assert events.status_code == 409
        assert (await http.post(address, content=b"")).status_code == 202


async def test_messagepack_is_refused_over_events() -> None:
    """The handshake says which protocols there are: events carry text."""
    async with running(_app()) as url:
        with pytest.raises(ConnectionRefusedError, match="use json"):
            async with hub_client(url, PATH, protocol=MESSAGEPACK, transport="ServerSentEvents"):
                pass


async def test_transport_that_the_hub_does_not_offer_is_neither_listed_nor_served() -> None:
    """A hub names its transports."""
    hub = EchoHub()
    hub.transports = (TransportKind.LONG_POLLING,)
    async with running(_app(hub)) as url, _negotiated(url) as (http, address):
        listed = (await negotiate(url, PATH, token())).json()["availableTransports"]
        assert listed == [{"transport": "LongPolling", "transferFormats": ["Text", "Binary"]}]
        assert (await http.get(address, headers={"Accept": "text/event-stream"})).status_code == 404
        assert (await http.get(address)).status_code == 200
        with pytest.raises(Exception, match="404"):
            async with hub_client(url, PATH, transport="WebSockets"):
                pass


async def test_post_over_the_frame_limit_is_refused_by_size() -> None:
    """413 names the limit, the connection stays."""
    async with running(_app(max_message_bytes=1000)) as url, _negotiated(url) as (http, address):
        await http.get(address)
        refused = await http.post(address, content=b"x" * 20_000)
        assert refused.status_code == 413
        assert "16000 bytes" in refused.text
        assert (await http.post(address, content=b'{"protocol":"json","version":1}\x1e')).status_code == 202


@pytest.mark.parametrize("transport", ["ServerSentEvents", "LongPolling"])
async def test_drain_says_goodbye_over_plain_http(transport: str) -> None:
    """Close with allowReconnect, and the drain is over."""
    app = _app()
    async with running(app) as url, hub_client(url, PATH, transport=transport) as client:
        await client.invoke("Nothing")
        await asyncio.wait_for(app.drain(5), 30)
        assert (await client.read()) == Close("The hub is restarting.", True)
        await asyncio.wait_for(client.ended, 30)
