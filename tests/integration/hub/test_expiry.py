"""Tokens on open connections: a warning for hubs that want one, refresh by the same subject, then Close."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Any

import pytest

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.connections.timer_wheel import TimerWheel
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import Close, Invocation
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.metrics_page import parse_page
from tests.support.hub.server import authority, running, token
from tests.support.waiting import ticks

PATH = "/hubs/echo"


class WarningHub(EchoHub):
    """Warns so many seconds before."""

    def __init__(self, expiry_warning: float) -> None:
        super().__init__()
        self.expiry_warning = expiry_warning


def _app(hub: EchoHub, **limits: Any) -> HubApp:
    return HubApp({PATH: hub}, authenticator=authority(), limits=HubLimits(**limits), wheel=TimerWheel(0.05))


def _ttl(seconds: float) -> float:
    """A lifetime that ends ``seconds`` from now, though tokens count whole seconds."""
    now = time.time()
    return math.ceil(now + seconds) - now + 0.01


@pytest.mark.usefixtures("short_goodbyes")
async def test_expiring_token_warns_then_closes_with_leave_to_reconnect() -> None:
    """On any transport: the warning has the seconds left; Close says why, and that one may come back."""

    async def expire(url: str, transport: str) -> None:
        expiring = token(transport, ttl=_ttl(4))
        async with hub_client(url, PATH, expiring, transport=transport) as client:
            warning = await client.read()
            assert warning.target == "TokenExpiring"
            assert 0 <= warning.arguments[0] <= 1
            assert await client.read() == Close("The access token expired.", True)

    app = _app(WarningHub(1.0))
    async with running(app) as url, asyncio.TaskGroup() as together:
        for transport in ("WebSockets", "ServerSentEvents", "LongPolling"):
            together.create_task(expire(url, transport))
    page = parse_page(app.metrics.render().decode())
    assert page.by("conduit_signalr_closes_total", "reason") == {"token_expired": 3}


async def test_hub_that_did_not_ask_is_not_warned() -> None:
    """The event is additive: only who opts in gets it."""
    async with running(_app(EchoHub())) as url, hub_client(url, PATH, token(ttl=_ttl(3))) as client:
        assert isinstance(await client.read(), Close)


async def test_refreshed_token_keeps_the_connection_and_only_the_same_subject_may() -> None:
    """A newer token moves the expiry; somebody else's, an expired or a broken one is refused."""
    at_once = 60.0
    async with running(_app(WarningHub(at_once))) as url, hub_client(url, PATH, token(ttl=20)) as client:
        assert (await client.read()).target == "TokenExpiring"
        for bad in (token("eve"), token(ttl=-5), "nonsense"):
            answer = await client.invoke("Refresh", bad)
            assert answer.error in {"Unauthorized", "Invalid authentication"}
        answer = await client.invoke("Refresh", token(ttl=40))
        assert answer.error is None
        assert isinstance(answer.result, float)
        assert answer.result > time.time() + 20
        warning = await client.read()  # the second one: for the new expiry
        assert warning.target == "TokenExpiring"
        assert (await client.invoke("Refresh", token(ttl=90))).error is None
        assert (await client.invoke("Echo", 1)).result == 1


async def test_expired_token_closes_nothing_where_the_hub_says_so() -> None:
    """``close_on_expiry=False`` is SignalR's own default: the token counts at the start only."""
    app = _app(EchoHub(), close_on_expiry=False)
    ttl = _ttl(2)
    over = time.time() + ttl + 0.6
    async with running(app) as url, hub_client(url, PATH, token(ttl=ttl)) as client:
        app.hub_context(PATH).clients.all().send("Later", 1)
        assert await client.read() == Invocation("Later", [1])
        async for _ in ticks(0.2):  # past the expiry by the real clock: tokens are read by that one
            assert (await client.invoke("Echo", 1)).result == 1
            await client.invoke("Nothing")
            if time.time() > over:
                break
