"""The in-memory transport, under a session at each end."""

from __future__ import annotations

import pytest

from conduit_widget.errors import ConnectionFailedError
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.memory import MemoryTransport
from tests.support.waiting import eventually


class End:
    """One end with what it reports."""

    def __init__(self, accept: End | None = None) -> None:
        self.data: list[bytes | str] = []
        self.closes: list[Exception | None] = []
        self.transport: MemoryTransport = MemoryTransport(
            on_data=self.data.append,
            on_close=self.closes.append,
            accept=accept.transport.link if accept is not None else None,
        )

    async def connect(self) -> None:
        """Connect to the accepting end."""
        await self.transport.connect("memory:", transfer_format=TransferFormat.TEXT, headers={}, ssl=None)


async def test_data_arrives_in_order_and_never_reentrantly() -> None:
    """Both ways, on a later turn of the loop."""
    server = End()
    client = End(accept=server)
    await client.connect()
    client.transport.send(b"1")
    client.transport.send(b"2")
    assert server.data == []
    await eventually(lambda: server.data == [b"1", b"2"])
    server.transport.send(b"3")
    await eventually(lambda: client.data == [b"3"])


async def test_close_follows_what_was_sent_and_is_reported_once_at_each_end() -> None:
    """The last words arrive before the end."""
    server = End()
    client = End(accept=server)
    await client.connect()
    client.transport.send(b"bye")
    await client.transport.close()
    client.transport.abort()
    await eventually(lambda: server.closes == [None])
    assert server.data == [b"bye"]
    assert client.closes == [None]


async def test_failure_reaches_both_ends() -> None:
    """A broken network looks broken from everywhere."""
    server = End()
    client = End(accept=server)
    await client.connect()
    error = OSError("cut")
    server.transport.fail(error)
    await eventually(lambda: client.closes == [error] and server.closes == [error])


async def test_connect_without_acceptor_fails() -> None:
    """Nobody there is an error, not a silence."""
    with pytest.raises(ConnectionFailedError):
        await End().connect()
