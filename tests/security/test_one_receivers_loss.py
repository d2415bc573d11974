"""A value that one codec, or one client, cannot take costs that one alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from conduit_widget.errors import HubException
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.calls.hub import hub_method
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.protocol.hub_protocol import HubProtocol
from conduit_widget.protocol.messages import Completion, Invocation, StreamInvocation, StreamItem
from tests.support.hub.client import JSON, MESSAGEPACK, hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running

PATH = "/hubs/echo"
HUGE = 10**30


class UnwritableHub(EchoHub):
    """Sends what MessagePack cannot write."""

    @hub_method("Spread")
    async def spread(self, caller: HubConnectionContext, levels: int) -> None:
        value: Any = HUGE
        for _ in range(levels):
            value = [value]
        self.clients.group("everyone").send("Said", value)
        self.clients.group("everyone").send("Said", "after")

    @hub_method("Give")
    async def give(self, caller: HubConnectionContext) -> int:
        caller.send("Said", HUGE)
        caller.send("Said", "after")
        return HUGE

    @hub_method("GiveEach")
    async def give_each(self, caller: HubConnectionContext) -> AsyncIterator[int]:
        yield 1
        yield HUGE

    @hub_method("Say")
    async def say(self, caller: HubConnectionContext) -> None:
        raise HubException(b"a lone \\ud800 surrogate".decode("unicode_escape"))


def app() -> HubApp:
    """A hub that sends such values."""
    return HubApp({PATH: UnwritableHub()}, authenticator=authority())


@pytest.mark.parametrize("levels", [0, 50, 70, 600])
async def test_event_reaches_whoever_can_take_it_and_all_get_the_next(levels: int) -> None:
    """Whatever stands in the event: JSON clients on either side of a MessagePack client miss nothing."""
    async with (
        running(app()) as url,
        hub_client(url, PATH) as first,
        hub_client(url, PATH, protocol=MESSAGEPACK) as second,
        hub_client(url, PATH) as third,
    ):
        await first.send(Invocation("Spread", [levels]))
        for client in (first, second, third):
            said = (await client.read()).arguments[0]
            if client is not second and levels < 60:
                for _ in range(levels):
                    (said,) = said
                assert said == HUGE
                said = (await client.read()).arguments[0]
            assert said == "after"


@pytest.mark.parametrize("protocol", [JSON, MESSAGEPACK], ids=lambda protocol: protocol.name)
async def test_answer_that_cannot_be_written_is_an_error_of_that_call(protocol: HubProtocol) -> None:
    """Results, items of streams and refusals: the call ends, the connection goes on."""
    async with (
        running(app()) as url,
        hub_client(url, PATH, protocol=protocol) as client,
    ):
        result = await client.invoke("Give")
        assert result.result == HUGE if protocol is JSON else "unexpected error" in str(result.error)
        said = [(await client.read()).arguments[0] for _ in range(2 if protocol is JSON else 1)]
        assert said == ([HUGE, "after"] if protocol is JSON else ["after"])
        await client.send(StreamInvocation("s", "GiveEach", []))
        assert await client.read() == StreamItem("s", 1)
        if protocol is JSON:
            assert await client.read() == StreamItem("s", HUGE)
        ended = await client.read()
        assert isinstance(ended, Completion)
        assert (ended.error is None) == (protocol is JSON)
        assert (await client.invoke("Say")).error == "a lone ? surrogate"
        assert (await client.invoke("Echo", 7)).result == 7


@pytest.mark.parametrize("protocol", [JSON, MESSAGEPACK], ids=lambda protocol: protocol.name)
async def test_nesting_from_a_client_is_refused_where_it_comes_in(protocol: HubProtocol) -> None:
    """Arguments, items of an upload and client results: the refusal says what nests, the connection lives."""
    nested: Any = []
    for _ in range(200):
        nested = [nested]
    async with (
        running(app()) as url,
        hub_client(url, PATH, protocol=protocol) as client,
    ):
        refused = await client.invoke("Echo", nested)
        assert refused.error == "Echo: argument 'value' nests more than 32 levels deep"
        await client.send(Invocation("Sum", [], "up", ["1"]), StreamItem("1", nested), Completion("1"))
        assert "A stream item nests more than 32 levels deep" in str((await client.read()).error)
        await client.send(Invocation("AskCaller", ["Question", None], "ask"))
        question = await client.read()
        await client.send(Completion(question.invocation_id, nested))
        assert "result nests more than 32 levels deep" in str((await client.read()).error)
        assert (await client.invoke("Echo", 7)).result == 7
