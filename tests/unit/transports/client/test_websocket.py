"""The client's WebSocket transport on its own, against the raw server and plain sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from websockets.frames import Opcode

from conduit_widget.errors import AuthenticationError, ConnectionFailedError, ConnectionLostError
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.client.websocket import WebSocketTransport
from tests.support.signalr.raw_signalr_server import RawSignalRServer, RawSocket, raw_signalr_server
from tests.support.waiting import eventually


@pytest.fixture
async def server() -> AsyncIterator[RawSignalRServer]:
    """Return a raw server on a free port."""
    async with raw_signalr_server() as raw:
        yield raw


class End:
    """A transport with what it reports."""

    def __init__(self) -> None:
        self.data = b""
        self.closes: list[Exception | None] = []
        self.transport = WebSocketTransport(
            on_data=self._take, on_close=self.closes.append, max_message_bytes=1 << 20
        )

    def _take(self, data: bytes | str) -> None:
        assert isinstance(data, bytes)
        self.data += data

    async def connect(self, port: int, transfer_format: TransferFormat = TransferFormat.TEXT) -> None:
        """Connect to the raw server."""
        await self.transport.connect(
            f"ws://127.0.0.1:{port}/hub",
            transfer_format=transfer_format,
            headers={"Authorization": "Bearer t", "Host": "hub.example"},
            ssl=None,
        )


async def opened(server: RawSignalRServer, transfer_format: TransferFormat) -> tuple[End, RawSocket]:
    """Return both ends of a fresh connection."""
    end = End()
    await end.connect(server.port, transfer_format)
    return end, await server.accept()


@pytest.mark.parametrize(
    ("transfer_format", "opcode"),
    [(TransferFormat.TEXT, Opcode.TEXT), (TransferFormat.BINARY, Opcode.BINARY)],
)
async def test_data_goes_out_in_the_frames_of_its_format(
    server: RawSignalRServer, transfer_format: TransferFormat, opcode: Opcode
) -> None:
    """JSON in text frames, MessagePack in binary ones: the official client needs it so."""
    end, socket = await opened(server, transfer_format)
    end.transport.send(b'{"a":1}\x1e')
    assert await socket.receive() == {"a": 1}
    assert socket.opcodes == [opcode]
    assert socket.request.headers["host"] == "hub.example"
    await end.transport.close()


async def test_close_is_orderly_and_reported_once(server: RawSignalRServer) -> None:
    """Our close sends a Close frame, the peer's answer ends it; a second close changes nothing."""
    end, socket = await opened(server, TransferFormat.TEXT)
    await end.transport.close()
    await end.transport.close()
    end.transport.send(b"too late")
    end.transport.abort()
    assert end.closes == [None]
    await eventually(socket.closed.is_set)
    assert socket.opcodes == [Opcode.CLOSE]


@pytest.mark.parametrize(("code", "orderly"), [(1000, True), (1011, False)])
async def test_peers_close_is_reported_with_its_code(
    server: RawSignalRServer, code: int, orderly: bool
) -> None:
    """Code 1000 is an orderly end, any other an error that names it."""
    end, socket = await opened(server, TransferFormat.TEXT)
    socket.close(code)
    await eventually(lambda: end.closes)
    assert (end.closes == [None]) == orderly
    assert orderly or "1011" in str(end.closes[0])


async def test_cut_connection_is_an_error(server: RawSignalRServer) -> None:
    """A drop without a closing handshake is told apart, in words of no protocol."""
    end, socket = await opened(server, TransferFormat.TEXT)
    socket.abort()
    await eventually(lambda: end.closes)
    assert isinstance(end.closes[0], ConnectionLostError)
    assert str(end.closes[0]) == "The connection to the hub is lost."
    assert len(end.closes) == 1


async def test_large_outgoing_data_waits_in_drain(server: RawSignalRServer) -> None:
    """Send never waits; drain returns once the peer took enough."""
    end, socket = await opened(server, TransferFormat.TEXT)
    end.transport.send(b'"' + b"x" * 20_000_000 + b'"\x1e')
    async with asyncio.timeout(60):
        await end.transport.drain()
        assert len(str(await socket._records.get())) == 20_000_002
    await end.transport.close()


async def test_refused_upgrade_raises_by_status(server: RawSignalRServer) -> None:
    """401 and 403 are about the token, others about the address; nothing is reported as closed."""
    for status, kind in (
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, ConnectionFailedError),
    ):
        server.refuse_upgrade_with = status
        end = End()
        with pytest.raises(kind, match=str(status)):
            await end.connect(server.port)
        await asyncio.sleep(0)
        assert end.closes == []


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"hello\r\n\r\n", b""])
async def test_server_that_is_no_websocket_server_fails_connect(answer: bytes) -> None:
    """A wrong port gives one line, whatever is listening."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    end = End()
    with pytest.raises(ConnectionFailedError) as caught:
        await end.connect(listener.sockets[0].getsockname()[1])
    assert "\n" not in str(caught.value)
    assert end.closes == []
    listener.close()
    await listener.wait_closed()


async def test_cancelled_connect_leaves_no_socket() -> None:
    """A server that accepts and says nothing: giving up closes the connection."""
    came, gone = asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        try:
            await reader.read()
        except ConnectionError:
            pass
        finally:
            gone.set()
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    end = End()
    connecting = asyncio.create_task(end.connect(listener.sockets[0].getsockname()[1]))
    await asyncio.wait_for(came.wait(), 30)
    connecting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await connecting
    await asyncio.wait_for(gone.wait(), 30)
    assert end.closes == []
    listener.close()
    await listener.wait_closed()
