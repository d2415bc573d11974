"""What server-sent events and long polling share: posts wait their turn, in bounded number."""

from __future__ import annotations

import asyncio

from conduit_widget.hub.http_connection import MAX_WAITING_POSTS
from conduit_widget.hub.server_sent_events import ServerSentEventsConnection


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
    waiting = [asyncio.create_task(connection.take(body)) for body in bodies]
    await asyncio.sleep(0)
    refused = await asyncio.wait_for(connection.take(b"one more"), 30)
    assert refused.status == 429
    assert receiver.received == []
    connection.resume_reading()
    assert {(await task).status for task in waiting} == {202}
    assert receiver.received == bodies
    assert (await connection.take(b"later")).status == 202
