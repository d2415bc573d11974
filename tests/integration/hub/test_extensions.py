"""Filters, per-method authorization, parallel invocations, sends from outside, detailed errors."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from conduit_widget.errors import HubException
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.calls.hub import (
    ConnectedNext,
    DisconnectedNext,
    HubFilter,
    HubInvocation,
    InvokeNext,
    hub_method,
)
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import Completion, Invocation, StreamInvocation, StreamItem
from tests.support.hub.client import hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, token
from tests.support.waiting import eventually

PATH = "/hubs/echo"


class Recorder(HubFilter):
    """Writes down what passes."""

    def __init__(self, name: str, log: list[str]) -> None:
        self.name, self.log = name, log

    async def invoke_method(self, invocation: HubInvocation, proceed: InvokeNext) -> Any:
        self.log.append(f"{self.name}>{invocation.method}")
        if invocation.method == "Echo" and invocation.arguments == ["forbidden"]:
            raise HubException("filtered")
        result = await proceed(invocation)
        self.log.append(f"{self.name}<{invocation.method}")
        return result

    async def on_connected(self, caller: HubConnectionContext, proceed: ConnectedNext) -> None:
        self.log.append(f"{self.name}+")
        await proceed(caller)

    async def on_disconnected(
        self, caller: HubConnectionContext, error: Exception | None, proceed: DisconnectedNext
    ) -> None:
        await proceed(caller, error)
        self.log.append(f"{self.name}-")


async def test_filters_run_around_everything_the_application_s_first() -> None:
    """Global outside, per hub inside; they see bound arguments, may refuse, and streams pass through."""
    log: list[str] = []
    hub = EchoHub()
    hub.filters = (Recorder("hub", log),)
    app = HubApp({PATH: hub}, authenticator=authority(), filters=[Recorder("app", log)])
    async with running(app) as url:
        async with hub_client(url, PATH) as client:
            assert (await client.invoke("Echo", 1)).result == 1
            assert log == ["app+", "hub+", "app>Echo", "hub>Echo", "hub<Echo", "app<Echo"]
            assert (await client.invoke("Echo", "forbidden")).error == "filtered"
            await client.send(StreamInvocation("s", "Count", [1]))
            assert [await client.read(), await client.read()] == [StreamItem("s", 0), Completion("s")]
        await eventually(lambda: log[-2:] == ["hub-", "app-"])
    assert hub.connected == ["ann"]


async def test_methods_let_in_only_whom_they_name() -> None:
    """Roles come from the token; others hear Unauthorized and stay connected."""
    hub = EchoHub()

    class Roles:
        async def authenticate(self, credential: Any) -> Principal:
            user = authority().verify(credential.value)
            roles = {"ann": ["reader", "admin"], "bob": "owner"}.get(user.user_id, [])
            return Principal(user.user_id, user.user_name, claims={"roles": roles})

    async with running(HubApp({PATH: hub}, authenticator=Roles())) as url:
        for user_id, admin, ann in (("ann", True, True), ("bob", True, False), ("eve", False, False)):
            async with hub_client(url, PATH, token(user_id)) as client:
                for method, allowed in (("ForAdmins", admin), ("ForAnn", ann)):
                    answer = await client.invoke(method)
                    expected = ("let in", None) if allowed else (None, "Unauthorized")
                    assert (answer.result if allowed else None, answer.error) == expected
                assert (await client.invoke("Echo", 1)).result == 1


async def test_invocations_run_in_parallel_up_to_the_limit_and_one_by_one_without_it() -> None:
    """One at a time in order by default; with a limit of two the second runs beside the first."""
    for parallel in (1, 2):
        hub = EchoHub()
        limits = HubLimits(parallel_invocations=parallel)
        async with (
            running(HubApp({PATH: hub}, authenticator=authority(), limits=limits)) as url,
            hub_client(url, PATH) as client,
        ):
            await client.send(
                Invocation("Wait", [], "1"), Invocation("Wait", [], "2"), Invocation("Echo", [1], "3")
            )
            await eventually(lambda: hub.calls.count("Wait") == parallel)  # noqa: B023 - awaited at once
            await client.send(Invocation("Nothing", []))
            assert "Echo" not in hub.calls
            hub.gate.set()
            answers = [(await client.read()).invocation_id for _ in range(3)]
            assert answers == ["1", "2", "3"] if parallel == 1 else sorted(answers) == ["1", "2", "3"]


async def test_hub_context_reaches_clients_from_outside() -> None:
    """Background work has the clients and groups of a mounted hub."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority())
    context = app.hub_context(PATH)
    async with running(app) as url, hub_client(url, PATH) as client:
        context.clients.all().send("News", 1)
        assert await client.read() == Invocation("News", [1])
        context.groups.add(client.connection_id, "g")
        context.clients.group("g").send("News", 2)
        assert await client.read() == Invocation("News", [2])
        context.clients.all_except({client.connection_id}).send("News", 3)
        assert (await client.invoke("Echo", 4)).result == 4
    with pytest.raises(KeyError):
        app.hub_context("/nowhere")


@pytest.mark.parametrize("detailed", [False, True])
async def test_errors_are_detailed_only_on_request_and_never_in_the_log(
    detailed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """Callers get an error id, or the text where asked for; the log has type, place and id, no text."""
    app = HubApp({PATH: EchoHub()}, authenticator=authority(), detailed_errors=detailed)
    with caplog.at_level(logging.DEBUG, logger="conduit_widget"):
        async with running(app) as url, hub_client(url, PATH) as client:
            text = (await client.invoke("Crash")).error or ""
    assert ("an inner detail" in text) is detailed
    assert ("error ID" in text) is not detailed
    assert "RuntimeError at echo_hub.py" in caplog.text
    assert "an inner detail" not in caplog.text


async def test_slow_methods_are_cancelled_when_the_client_has_gone_for_a_while() -> None:
    """After ``disconnect_timeout`` nothing of a closed connection runs; on_disconnected comes last."""
    over: list[tuple[str, float]] = []

    class Leaving(EchoHub):
        @hub_method("Wait")
        async def wait_here(self, caller: HubConnectionContext) -> None:
            self.calls.append("Wait")
            try:
                await asyncio.Event().wait()
            finally:
                over.append(("Wait", asyncio.get_running_loop().time()))

        async def on_disconnected(self, caller: HubConnectionContext, error: Exception | None) -> None:
            over.append(("disconnected", asyncio.get_running_loop().time()))

    hub = Leaving()
    limits = HubLimits(disconnect_timeout=0.1, parallel_invocations=3)
    app = HubApp({PATH: hub}, authenticator=authority(), limits=limits)
    async with running(app) as url:
        async with hub_client(url, PATH) as client:
            await client.send(Invocation("Wait", [], "1"), Invocation("Wait", [], "2"))
            await eventually(lambda: hub.calls.count("Wait") == 2)
            left = asyncio.get_running_loop().time()
        await eventually(lambda: len(over) == 3)
        assert [what for what, _ in over] == ["Wait", "Wait", "disconnected"]
        assert min(at for _, at in over) - left >= 0.1, "not at once"
        await asyncio.wait_for(app.drain(5), 30)
