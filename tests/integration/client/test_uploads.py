"""Client-to-server streams against a scripted raw server: what the wire shows, and who is told of an end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest

from conduit_widget.client import HubConnection
from conduit_widget.errors import ConnectionLostError, HubException, InvocationTimeoutError
from tests.support.signalr.raw_connection import connected
from tests.support.signalr.raw_signalr_server import RawSocket, raw_signalr_server
from tests.support.waiting import eventually


@pytest.fixture
async def ends() -> AsyncIterator[tuple[HubConnection, RawSocket]]:
    """Return both ends of a connection."""
    async with raw_signalr_server() as server, connected(server, retry=None) as both:
        yield both


Ends = tuple[HubConnection, RawSocket]


async def each(*items: Any) -> AsyncGenerator[Any, None]:
    """Yield the items."""
    for item in items:
        yield item


class Endless:
    """A source that goes on until it is closed, and notes that."""

    def __init__(self) -> None:
        self.given = 0
        self.closed = asyncio.Event()

    async def items(self, item: Any = 0) -> AsyncGenerator[Any, None]:
        """Yield for ever."""
        try:
            while True:
                self.given += 1
                yield item
                await asyncio.sleep(0)
        finally:
            self.closed.set()


async def records(socket: RawSocket, count: int) -> list[dict[str, Any]]:
    """Return the next records."""
    return [await socket.receive() for _ in range(count)]


async def test_streams_mix_with_arguments_and_run_side_by_side(ends: Ends) -> None:
    """Plain arguments stay in order, streams get ids of their own; each has its items, then its end."""
    connection, socket = ends
    call = asyncio.ensure_future(connection.invoke("Sum", "a", each(1, 2), "b", each(3)))
    invocation, *rest = await records(socket, 6)
    assert invocation["arguments"] == ["a", "b"]
    first, second = invocation["streamIds"]
    assert len({first, second, invocation["invocationId"]}) == 3
    of_first = [record for record in rest if record["invocationId"] == first]
    of_second = [record for record in rest if record["invocationId"] == second]
    assert of_first == [
        {"type": 2, "invocationId": first, "item": 1},
        {"type": 2, "invocationId": first, "item": 2},
        {"type": 3, "invocationId": first},
    ]
    assert of_second == [{"type": 2, "invocationId": second, "item": 3}, {"type": 3, "invocationId": second}]
    socket.send({"type": 3, "invocationId": invocation["invocationId"], "result": 6})
    assert await call == 6


async def test_stream_goes_up_while_another_comes_down(ends: Ends) -> None:
    """A streaming invocation with an upload: an item out for each item in."""
    connection, socket = ends
    got: list[int] = []

    async def read() -> None:
        async for item in connection.stream("Double", each(1, 2)):
            got.append(item)

    reading = asyncio.ensure_future(read())
    invocation, one, two, end = await records(socket, 4)
    assert invocation["type"] == 4
    assert [one["item"], two["item"], end["type"]] == [1, 2, 3]
    for item in (2, 4):
        socket.send({"type": 2, "invocationId": invocation["invocationId"], "item": item})
    socket.send({"type": 3, "invocationId": invocation["invocationId"]})
    await reading
    assert got == [2, 4]


async def test_send_returns_when_its_streams_have_ended(ends: Ends) -> None:
    """No answer is wanted, but everything is handed over."""
    connection, socket = ends
    await connection.send("Upload", each(1, 2))
    invocation, one, two, end = await records(socket, 4)
    assert "invocationId" not in invocation
    assert invocation["streamIds"] == [end["invocationId"]]
    assert [one["item"], two["item"]] == [1, 2]


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (HubException("no more for today"), "no more for today"),
        (OSError("secret"), "The client's stream failed."),
    ],
)
async def test_failing_source_ends_its_stream_with_an_error(
    ends: Ends, error: Exception, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The hub learns that the stream is incomplete; the text of an unexpected error stays here."""
    caplog.set_level(logging.CRITICAL, logger="conduit_widget.client.uploads")
    connection, socket = ends

    async def failing() -> AsyncGenerator[int, None]:
        yield 1
        raise error

    call = asyncio.ensure_future(connection.invoke("Upload", failing()))
    invocation, item, end = await records(socket, 3)
    assert (item["item"], end) == (
        1,
        {"type": 3, "invocationId": invocation["streamIds"][0], "error": text},
    )
    socket.send({"type": 3, "invocationId": invocation["invocationId"], "error": "incomplete"})
    with pytest.raises(HubException, match="incomplete"):
        await call


async def test_item_that_cannot_be_encoded_ends_its_stream(
    ends: Ends, caplog: pytest.LogCaptureFixture
) -> None:
    """Only that stream: the connection stays."""
    caplog.set_level(logging.CRITICAL, logger="conduit_widget.client.uploads")
    connection, socket = ends
    await connection.send("Upload", each(object()))
    assert (await records(socket, 2))[1]["error"] == "The client's stream failed."
    await connection.send("Next")
    assert (await socket.receive())["target"] == "Next"


async def test_cancelled_invocation_ends_its_streams(ends: Ends) -> None:
    """The source is closed, and the hub that still reads is told; so is it at a timeout."""
    connection, socket = ends
    for how in ("cancel", "timeout"):
        source = Endless()
        timeout = 0.05 if how == "timeout" else None
        call = asyncio.ensure_future(connection.invoke("Upload", source.items(), timeout=timeout))
        invocation = await socket.receive_type(1)
        if how == "cancel":
            call.cancel()
        with pytest.raises((asyncio.CancelledError, InvocationTimeoutError)):
            await call
        assert source.closed.is_set()
        end = await socket.receive_type(3)
        assert end["invocationId"] == invocation["streamIds"][0]
        assert "cancelled" in end["error"]


async def test_answer_before_the_end_stops_the_streams(ends: Ends) -> None:
    """A hub that has answered wants no more items, nor an end."""
    connection, socket = ends
    source = Endless()
    call = asyncio.ensure_future(connection.invoke("First", source.items()))
    invocation = await socket.receive_type(1)
    socket.send({"type": 3, "invocationId": invocation["invocationId"], "result": "enough"})
    assert await call == "enough"
    assert source.closed.is_set()
    await connection.send("Marker")
    while (record := await socket.receive())["type"] != 1:
        assert record["type"] == 2


async def test_closing_a_stream_ends_its_uploads(ends: Ends) -> None:
    """Cancellation travels both ways."""
    connection, socket = ends
    source = Endless()
    stream = connection.stream("Both", source.items())
    reading = asyncio.ensure_future(anext(stream))
    invocation = await socket.receive_type(4)
    socket.send({"type": 2, "invocationId": invocation["invocationId"], "item": 1})
    assert await reading == 1
    await stream.aclose()
    assert source.closed.is_set()
    assert (await socket.receive_type(5))["invocationId"] == invocation["invocationId"]
    assert (await socket.receive_type(3))["invocationId"] == invocation["streamIds"][0]


@pytest.mark.parametrize("call", ["invoke", "send", "stream"])
async def test_drop_ends_the_streams(ends: Ends, call: str) -> None:
    """Nothing hangs, also not at a source that gives nothing; the source is closed."""
    connection, socket = ends
    closed = asyncio.Event()

    async def silent() -> AsyncGenerator[int, None]:
        try:
            await asyncio.Event().wait()
            yield 1
        finally:
            closed.set()

    async def use() -> None:
        if call == "stream":
            async for _ in connection.stream("Upload", silent()):
                pass
        else:
            await getattr(connection, call)("Upload", silent())

    using = asyncio.ensure_future(use())
    await socket.receive()
    socket.abort()
    with pytest.raises(ConnectionLostError):
        await asyncio.wait_for(using, 30)
    assert closed.is_set()


async def test_one_sender_that_gives_up_does_not_end_the_others_wait(ends: Ends) -> None:
    """Several wait for the same room in the buffer; a cancelled one is no concern of the rest."""
    connection, socket = ends
    socket._writer.transport.pause_reading()  # type: ignore[attr-defined] # a reading transport
    big = "x" * (4 << 20)
    sends = [asyncio.ensure_future(connection.send("Big", big)) for _ in range(3)]
    for _ in range(50):  # turns in which one that need not wait would end
        await asyncio.sleep(0)
    assert not any(send.done() for send in sends)
    sends[0].cancel()
    await eventually(sends[0].done)
    assert [send.done() for send in sends] == [True, False, False]
    socket._writer.transport.resume_reading()  # type: ignore[attr-defined] # as above
    await asyncio.wait_for(asyncio.gather(*sends[1:]), 30)


async def test_source_waits_for_a_slow_hub(ends: Ends) -> None:
    """Back-pressure: a hub that reads nothing stops the source within the buffers between them."""
    connection, socket = ends
    socket._writer.transport.pause_reading()  # type: ignore[attr-defined] # a reading transport
    source = Endless()
    call = asyncio.ensure_future(connection.send("Upload", source.items("x" * 65536)))
    seen, looks = -1, 0

    def stands_still() -> bool:
        nonlocal seen, looks
        looks, seen = looks + 1 if seen == source.given else 0, source.given
        return looks >= 20 and seen > 1  # the system's own buffers may grow a little first

    await eventually(stands_still)
    assert source.given <= seen + 1
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    socket.abort()
