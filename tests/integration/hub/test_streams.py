"""Client-to-server streams and client results: several, mixed, bounded, ended by whoever ends them."""

from __future__ import annotations

import asyncio
import base64
import os
from typing import Any

import pytest

from conduit_widget.errors import ConnectionLostError, HubException
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import (
    CancelInvocation,
    Completion,
    Invocation,
    StreamInvocation,
    StreamItem,
)
from tests.support.hub.client import JSON, MESSAGEPACK, HubClient, hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, raw_client, running, token
from tests.support.waiting import at_rest, eventually

PATH = "/hubs/echo"
BOTH = pytest.mark.parametrize("protocol", [JSON, MESSAGEPACK], ids=lambda item: item.name)


def _app(hub: EchoHub | None = None, **limits: Any) -> HubApp:
    return HubApp({PATH: hub or EchoHub()}, authenticator=authority(), limits=HubLimits(**limits))


@BOTH
async def test_streams_mixed_with_arguments_arrive_in_their_places(protocol: Any) -> None:
    """Stream ids match the stream parameters in order; items of several streams may interleave."""
    async with running(_app()) as url, hub_client(url, PATH, protocol=protocol) as client:
        await client.send(
            Invocation("Weave", ["<", "|"], "1", ["l", "r"]),
            StreamItem("r", "c"),
            StreamItem("l", "a"),
            StreamItem("l", "b"),
            Completion("l"),
            StreamItem("r", "d"),
            Completion("r"),
        )
        assert await client.read() == Completion("1", "<ab|cd!")
        await client.send(
            StreamInvocation("2", "EchoStream", [], ["s"]), StreamItem("s", {"n": 1}), Completion("s")
        )
        assert [await client.read(), await client.read()] == [StreamItem("2", {"n": 1}), Completion("2")]


async def test_upload_fails_in_the_method_when_the_client_ends_it_with_an_error_or_a_wrong_item() -> None:
    """The method sees a refusal, its caller an error, the connection stays."""
    async with running(_app()) as url, hub_client(url, PATH) as client:
        await client.send(
            Invocation("Sum", [], "1", ["s"]), StreamItem("s", 1), Completion("s", error="gave up")
        )
        assert await client.read() == Completion("1", error="gave up")
        await client.send(Invocation("Sum", [], "2", ["t"]), StreamItem("t", 1), StreamItem("t", "secret"))
        answer = await client.read()
        assert "wrong kind" in answer.error
        assert "secret" not in answer.error
        await client.send(StreamItem("t", 1), Completion("t"), StreamItem("never", 1))
        assert (await client.invoke("Echo", 1)).result == 1


async def test_upload_ends_with_an_error_when_the_connection_drops() -> None:
    """No method waits for ever for a client that is gone."""
    hub = EchoHub()
    async with running(_app(hub)) as url, hub_client(url, PATH) as client:
        await client.send(Invocation("Sum", [], "1", ["s"]), StreamItem("s", 1))
        await eventually(lambda: not hub.upload_errors)
        assert client.socket is not None
        client.socket.transport.abort()
        await eventually(lambda: hub.upload_errors)
        assert isinstance(hub.upload_errors[0], ConnectionLostError)
        await eventually(lambda: hub.disconnected)


async def test_upload_invocation_is_cancelled_when_the_client_asks() -> None:
    """A cancelled upload answers, and its id is free again."""
    async with running(_app()) as url, hub_client(url, PATH) as client:
        await client.send(Invocation("Sum", [], "1", ["s"]))
        await client.invoke("Nothing")
        await client.send(CancelInvocation("1"))
        assert "cancelled" in (await client.read()).error
        await client.send(Invocation("Sum", [], "1", ["s"]), StreamItem("s", 4), Completion("s"))
        assert await client.read() == Completion("1", 4)


async def test_wrong_streams_are_refused_by_name() -> None:
    """Too few, too many, twice, or where none is taken."""
    async with running(_app(streams_per_connection=2)) as url, hub_client(url, PATH) as client:
        assert (await client.invoke("Sum")).error == "Sum: expected 1 streams, got 0"
        assert (await client.invoke("Sum", stream_ids=["a", "b"])).error == "Sum: expected 1 streams, got 2"
        assert (await client.invoke("Echo", 1, stream_ids=["a"])).error == "Echo takes no streams"
        answer = await client.invoke("Weave", "a", "b", stream_ids=["x", "x"])
        assert answer.error == "A stream with this id is open"
        await client.send(Invocation("Sum", [], "1", ["s"]))
        assert "2 streams at a time" in (
            (await client.invoke("Weave", "", "", stream_ids=["l", "r"])).error or ""
        )


async def test_connection_is_not_read_while_an_upload_is_full() -> None:
    """A fast sender is held back: memory stays bounded, nothing is lost, other connections go on."""
    hub = EchoHub()
    app = _app(hub, upload_buffer_items=4, client_timeout=1.0)
    items, text = 1200, base64.b64encode(os.urandom(15_000)).decode()  # compresses little
    async with running(app) as url, hub_client(url, PATH) as client:
        await client.send(Invocation("SumAtGate", [], "1", ["s"]))
        await eventually(lambda: hub.calls)
        sent = 0

        async def pour() -> None:
            nonlocal sent
            for _ in range(items):
                await client.send(StreamItem("s", text))
                sent += 1
            await client.send(Completion("s"))

        pouring = asyncio.create_task(pour())
        await eventually(lambda: sent > 4)
        assert await at_rest(lambda: sent) < items
        assert not pouring.done()
        async with hub_client(url, PATH) as other:  # only now: whoever is silent for a second is closed
            assert (await other.invoke("Echo", 1)).result == 1
        hub.gate.set()
        assert (await client.read(within=60)) == Completion("1", items * len(text))
        await pouring


# Client results


async def _answer(client: HubClient, target: str, **completion: Any) -> None:
    call = await client.read()
    assert (call.target, call.invocation_id is not None) == (target, True)
    await client.send(Completion(call.invocation_id, **completion))


@BOTH
async def test_hub_awaits_results_of_its_caller_and_of_others(protocol: Any) -> None:
    """Values and errors come back; the hub method waits without holding up the answer's way."""
    async with (
        running(_app()) as url,
        hub_client(url, PATH, protocol=protocol) as ann,
        hub_client(url, PATH, token("bob")) as bob,
    ):
        asking = asyncio.create_task(ann.invoke("AskClient", bob.connection_id, "Name"))
        await _answer(bob, "Name", result="Bob")
        assert (await asking).result == "Bob"
        await ann.send(Invocation("AskCaller", ["Add", 2], "1"))
        await _answer(ann, "Add", result=3)
        assert await ann.read() == Completion("1", 3)
        await ann.send(Invocation("AskCaller", ["Add", 2], "2"))
        await _answer(ann, "Add", error="no such method")
        assert await ann.read() == Completion("2", error="no such method")


async def test_a_stream_ends_when_its_cancellation_comes_in_the_same_breath() -> None:
    """A cancellation right behind the invocation, before its turn, is not lost."""
    hub = EchoHub()
    async with running(_app(hub)) as url, raw_client(url, PATH) as client:
        call = {"type": 4, "invocationId": "s", "target": "Forever", "arguments": []}
        await client.send(call, {"type": 5, "invocationId": "s"})
        await asyncio.wait_for(hub.stream_ended.wait(), 30)
        assert (await client.invoke("Echo", 1))["result"] == 1


async def test_client_result_fails_at_once_when_the_client_leaves_or_was_never_there() -> None:
    """A drop is an error for whoever asked, with an error id; a timeout says so."""
    hub = EchoHub()
    async with running(_app(hub)) as url, hub_client(url, PATH) as ann:
        async with hub_client(url, PATH, token("bob")) as bob:
            asking = asyncio.ensure_future(hub.clients.client(bob.connection_id).invoke("Name"))
            await bob.read()
        with pytest.raises(ConnectionLostError):
            await asyncio.wait_for(asking, 30)
        with pytest.raises(ConnectionLostError):
            await hub.clients.client("nobody").invoke("Name")
        await ann.send(Invocation("AskCaller", ["Slow", 1, 0.05], "1"))
        late = await ann.read()
        assert "unexpected error" in (await ann.read()).error
        await ann.send(Completion(late.invocation_id, "too late"))
        assert (await ann.invoke("Echo", 1)).result == 1


async def test_a_client_may_owe_only_so_many_results() -> None:
    """What one client owes is bounded."""
    hub = EchoHub()
    async with running(_app(hub)) as url, hub_client(url, PATH) as client:
        proxy = hub.clients.client(client.connection_id)
        asking = [asyncio.ensure_future(proxy.invoke("Name")) for _ in range(100)]
        await client.read()
        with pytest.raises(HubException, match="100 results"):
            await proxy.invoke("Name")
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)
