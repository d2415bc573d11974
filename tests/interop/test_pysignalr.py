"""pysignalr (PyPI) connects to our hub, in both encodings.

The token travels as a header: 1.3.3 asks its token factory only after negotiate.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.hub.interop_hub import PATH, interop_app
from tests.support.hub.server import running, token
from tests.support.waiting import eventually

client_module = importlib.import_module("pysignalr.client")
json_module = importlib.import_module("pysignalr.protocol.json")
messagepack_module = importlib.import_module("pysignalr.protocol.messagepack")


@pytest.fixture(
    params=[json_module.JSONProtocol, messagepack_module.MessagepackProtocol], ids=["json", "messagepack"]
)
async def client(request: pytest.FixtureRequest) -> AsyncIterator[Any]:
    """Yield a connected pysignalr client."""
    async with running(interop_app()) as url:
        made = client_module.SignalRClient(
            url + PATH, protocol=request.param(), headers={"Authorization": f"Bearer {token('ann')}"}
        )
        opened = asyncio.Event()

        async def on_open() -> None:
            opened.set()

        made.on_open(on_open)
        running_client = asyncio.create_task(made.run())
        try:
            await asyncio.wait_for(opened.wait(), 30)
            yield made
        finally:
            running_client.cancel()
            await asyncio.gather(running_client, return_exceptions=True)


async def _call(client: Any, method: str, *arguments: Any) -> Any:
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def completed(message: Any) -> None:
        if not answer.done():
            answer.set_result(message)

    client.on_error(completed)
    await client.send(method, list(arguments), completed)
    return await asyncio.wait_for(answer, 30)


async def test_calls_and_events_work_when_the_client_is_pysignalr(client: Any) -> None:
    """Results and errors come back; events arrive in order."""
    assert (await _call(client, "Echo", {"text": "grüße 😀"})).result == {"text": "grüße 😀"}
    assert (await _call(client, "Nothing")).error is None
    assert (await _call(client, "Refuse", "not today")).error == "not today"
    numbers: list[int] = []

    async def number(arguments: list[int]) -> None:
        numbers.extend(arguments)

    client.on("Number", number)
    await client.send("ToCaller", [50])
    await eventually(lambda: numbers == list(range(50)))


async def test_streams_work_both_ways_when_the_client_is_pysignalr(client: Any) -> None:
    """A server-to-client stream ends after its items; an upload's items reach the method."""
    items: list[int] = []
    ended = asyncio.Event()

    async def on_next(item: int) -> None:
        items.append(item)

    async def on_complete(message: Any) -> None:
        ended.set()

    await client.stream("Count", [20], on_next, on_complete)
    await asyncio.wait_for(ended.wait(), 30)
    assert items == list(range(20))

    said: list[Any] = []

    async def on_said(arguments: list[Any]) -> None:
        said.append(arguments)

    client.on("Said", on_said)
    async with client.client_stream("TellSum") as upload:
        for value in (1, 2, 3):
            await upload.send(value)
    await eventually(lambda: said == [["ann", "6"]])


async def test_client_results_come_back_when_the_client_is_pysignalr(client: Any) -> None:
    """The hub asks the client and gets what its handler returned."""

    async def double(arguments: list[int]) -> int:
        return 2 * arguments[0]

    client.on("Double", double)
    assert (await _call(client, "AskCaller", "Double", 21)).result == 42
