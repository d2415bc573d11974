"""What server-sent events and long polling share: posts wait their turn, in bounded number."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from conduit_widget.hub.transports import server_sent_events
from conduit_widget.hub.transports.http_connection import MAX_WAITING_POSTS
from conduit_widget.hub.transports.server_sent_events import ServerSentEventsConnection
from tests.support.waiting import eventually


class Receiver:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self.received.append(data)

    def __getattr__(self, _name: str) -> object:
        return lambda *_: None


async def test_posts_wait_in_bounded_number_when_the_hub_does_not_read() -> None:
    """So many wait and come in their order; one more is refused; later there is room again."""
    connection, receiver = ServerSentEventsConnection(), Receiver()
    connection.attach(receiver)  # type: ignore[arg-type]
    connection.pause_reading()
    bodies = [b"%d" % number for number in range(MAX_WAITING_POSTS)]
    waiting = [asyncio.create_task(connection.accept_post(body)) for body in bodies]
    await asyncio.sleep(0)
    refused = await asyncio.wait_for(connection.accept_post(b"one more"), 30)
    assert refused.status == 429
    assert receiver.received == []
    connection.resume_reading()
    assert {(await task).status for task in waiting} == {202}
    assert receiver.received == bodies
    assert (await connection.accept_post(b"later")).status == 202


async def test_stopped_reader_of_events_costs_nothing_while_more_events_wait(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loop sleeps: events for somebody who does not read are put aside, and that is all."""
    connection, receiver, reads = ServerSentEventsConnection(), Receiver(), asyncio.Event()
    connection.attach(receiver)  # type: ignore[arg-type]
    sent: list[bytes] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        if len(sent) >= 2:
            await reads.wait()
        sent.append(message.get("body", b""))

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    serving = asyncio.create_task(connection.serve(receive, send, {}))
    for number in range(3):
        connection.write(b"%d" % number)
        await asyncio.sleep(0.01)
    loop: Any = asyncio.get_running_loop()
    turns = 0
    run_once = loop._run_once

    def counting() -> None:
        nonlocal turns
        turns += 1
        run_once()

    monkeypatch.setattr(loop, "_run_once", counting)
    await asyncio.sleep(0.2)
    assert turns < 20
    reads.set()
    await eventually(lambda: b"".join(sent).endswith(b"012"))
    connection.close()
    await asyncio.wait_for(serving, 30)


async def test_stopped_reader_of_events_is_cut_after_a_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """The close does not wait for somebody who does not read."""
    monkeypatch.setattr(server_sent_events, "CLOSE_TIMEOUT", 0.05)
    connection, receiver = ServerSentEventsConnection(), Receiver()
    connection.attach(receiver)  # type: ignore[arg-type]
    begun = asyncio.Event()

    async def send(message: MutableMapping[str, Any]) -> None:
        if "status" not in message:
            await asyncio.Event().wait()
        begun.set()

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    serving = asyncio.create_task(connection.serve(receive, send, {}))
    await asyncio.wait_for(begun.wait(), 30)
    connection.write(b"1")
    connection.close()
    await asyncio.wait_for(serving, 30)
    assert connection.lost
