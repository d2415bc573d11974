"""MessagePack beside JSON on the same hub: binary frames, bytes, broadcasts to both, sizes."""

from __future__ import annotations

import asyncio
from typing import Any

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.limits.hub_limits import HubLimits
from conduit_widget.protocol.messages import Close, Invocation, StreamInvocation, StreamItem
from tests.support.hub.client import JSON, MESSAGEPACK, hub_client
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, token

PATH = "/hubs/echo"


def _app(**limits: Any) -> HubApp:
    return HubApp({PATH: EchoHub()}, authenticator=authority(), limits=HubLimits(**limits))


async def test_messagepack_is_spoken_without_being_asked_for() -> None:
    """Values, bytes and streams go through binary frames."""
    async with running(_app()) as url, hub_client(url, PATH, protocol=MESSAGEPACK) as client:
        assert (await client.invoke("Echo", {"a": [1, None, b"\x00\xff"]})).result == {
            "a": [1, None, b"\x00\xff"]
        }
        assert not (await client.invoke("Nothing")).has_result
        await client.send(StreamInvocation("s", "Count", [2]))
        assert [await client.read(), await client.read()] == [StreamItem("s", 0), StreamItem("s", 1)]
        refused = await client.invoke("Weigh", 5)
        assert "argument 'parcel'" in (refused.error or "")


async def test_broadcast_reaches_both_encodings() -> None:
    """One event, two encodings."""
    async with (
        running(_app()) as url,
        hub_client(url, PATH, token("ann")) as ann,
        hub_client(url, PATH, token("bob"), protocol=MESSAGEPACK) as bob,
    ):
        await ann.invoke("ToGroup", "everyone", "hé")
        assert (await ann.read()) == (await bob.read()) == Invocation("Said", ["ann", "hé"])


async def test_oversized_invocation_is_answered_in_both_encodings() -> None:
    """The invocation fails with the limit's name, its neighbours in the frame work, the connection stays."""
    async with running(_app(max_message_bytes=2000)) as url:
        for protocol in (JSON, MESSAGEPACK):
            async with hub_client(url, PATH, protocol=protocol) as client:
                await client.send(
                    Invocation("Echo", ["first"], "a"),
                    Invocation("Echo", ["x" * 3000], "b"),
                    Invocation("Echo", ["last"], "c"),
                )
                answers = {item.invocation_id: item for item in [await client.read() for _ in range(3)]}
                assert (answers["a"].result, answers["c"].result) == ("first", "last")
                assert "exceeds the limit of 2000 bytes" in answers["b"].error


async def test_oversized_record_that_cannot_be_answered_ends_the_connection() -> None:
    """A Close message names the limit."""
    async with running(_app(max_message_bytes=2000)) as url:
        for protocol in (JSON, MESSAGEPACK):
            async with hub_client(url, PATH, protocol=protocol) as client:
                await client.send(Invocation("Echo", ["x" * 3000]))
                close = await client.read()
                assert isinstance(close, Close)
                assert close.error == "A message exceeds the limit of 2000 bytes."
                await asyncio.wait_for(client.ended, 30)
