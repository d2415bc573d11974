"""One suite for every client transport: what the Transport seam promises, whatever carries the bytes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from conduit_widget.errors import AuthenticationError, ConnectionFailedError, ConnectionLostError
from conduit_widget.protocol.hub_protocol import TransferFormat
from conduit_widget.transports.client.long_polling import LongPollingTransport
from conduit_widget.transports.client.server_sent_events import ServerSentEventsTransport
from conduit_widget.transports.client.websocket import WebSocketTransport
from conduit_widget.transports.memory import MemoryTransport
from conduit_widget.transports.transport import Transport
from tests.support.network.ports import free_port
from tests.support.signalr.raw_http_transports import raw_http_server
from tests.support.signalr.raw_signalr_server import raw_signalr_server
from tests.support.waiting import eventually, stays

TEXT, BINARY = TransferFormat.TEXT, TransferFormat.BINARY
HEADERS = {"Authorization": "Bearer t", "X-Extra": "1"}
NETWORKED: dict[str, Any] = {
    "WebSockets": WebSocketTransport,
    "ServerSentEvents": ServerSentEventsTransport,
    "LongPolling": LongPollingTransport,
}
ALL = [*NETWORKED, "Memory"]


class Link:
    """A connected transport with what it reports, and its peer's ways to speak and to leave."""

    transport: Transport
    send: Callable[[bytes], None]
    peer_close: Callable[[], None]
    peer_cut: Callable[[], None]
    peer_received: Callable[[], bytes]
    peer: Any = None

    def __init__(self) -> None:
        self.data = b""
        self.closes: list[Exception | None] = []

    def take(self, data: bytes | str) -> None:
        """What ``on_data`` gets."""
        self.data += data.encode() if isinstance(data, str) else data


@contextlib.asynccontextmanager
async def linked(name: str, transfer_format: TransferFormat = TEXT) -> AsyncIterator[Link]:
    """Connect a transport to a peer; close it afterwards."""
    async with contextlib.AsyncExitStack() as stack:
        link = Link()
        if name == "Memory":
            await _link_memory(link)
        else:
            link.transport = NETWORKED[name](
                on_data=link.take, on_close=link.closes.append, max_message_bytes=1 << 22
            )
            listening: Any = raw_signalr_server() if name == "WebSockets" else raw_http_server()
            server = await stack.enter_async_context(listening)
            async with asyncio.timeout(60):
                await link.transport.connect(
                    f"{'ws' if name == 'WebSockets' else 'http'}://127.0.0.1:{server.port}/hub?id=t",
                    transfer_format=transfer_format,
                    headers=HEADERS,
                    ssl=None,
                )
            peer = link.peer = await server.accept()
            binary = transfer_format is BINARY or name != "WebSockets"
            link.send = peer.send_binary if binary else lambda data: peer.send_text(data.decode())
            link.peer_close, link.peer_cut = peer.close, peer.abort
            link.peer_received = lambda: peer.received
        try:
            yield link
        finally:
            await link.transport.close()


async def _link_memory(link: Link) -> None:
    received = bytearray()
    peer = MemoryTransport(
        on_data=lambda data: received.extend(data.encode() if isinstance(data, str) else data),
        on_close=lambda _error: None,
    )
    link.transport = MemoryTransport(on_data=link.take, on_close=link.closes.append, accept=peer.link)
    await link.transport.connect("memory:", transfer_format=TEXT, headers={}, ssl=None)
    link.send, link.peer_close = peer.send, lambda: peer._shut(None)
    link.peer_cut = lambda: peer.fail(ConnectionLostError("cut"))
    link.peer_received = lambda: bytes(received)


@pytest.mark.parametrize("name", ALL)
async def test_data_goes_both_ways_in_order(name: str) -> None:
    """Every byte, once, in order, text beyond ASCII too."""
    sent = [f'{{"ž":{number}}}\x1e'.encode() for number in range(200)]
    async with linked(name) as link:
        for record in sent:
            link.send(record)
            link.transport.send(record)
        await eventually(lambda: link.data == b"".join(sent))
        await eventually(lambda: link.peer_received() == b"".join(sent))
        assert link.closes == []


@pytest.mark.parametrize("name", ["WebSockets", "LongPolling", "Memory"])
async def test_binary_data_is_not_touched(name: str) -> None:
    """All byte values, both ways."""
    data = bytes(range(256)) * 4
    async with linked(name, BINARY) as link:
        link.send(data)
        link.transport.send(data)
        await eventually(lambda: link.data == data and link.peer_received() == data)


@pytest.mark.parametrize("name", ALL)
async def test_two_megabytes_travel_whole(name: str) -> None:
    """Records larger than any buffer on the way."""
    data = b'"' + b"x" * (2 << 20) + b'"\x1e'
    async with linked(name) as link:
        link.send(data)
        link.transport.send(data)
        await eventually(lambda: len(link.data) == len(data) == len(link.peer_received()))
        assert link.data == data == link.peer_received()


@pytest.mark.parametrize("name", ALL)
async def test_close_comes_after_what_was_sent_and_is_reported_once(name: str) -> None:
    """The last words arrive; a second end changes nothing, nothing is sent after it."""
    async with linked(name) as link:
        link.transport.send(b'"bye"\x1e')
        await link.transport.close()
        await link.transport.close()
        link.transport.abort()
        link.transport.send(b'"late"\x1e')
        await link.transport.drain()
        await eventually(lambda: link.peer_received() == b'"bye"\x1e')
        assert link.closes == [None]
        if link.peer is not None:
            await eventually(link.peer.closed.is_set)


@pytest.mark.parametrize("name", ALL)
async def test_orderly_end_of_the_peer_is_no_error(name: str) -> None:
    """Reported once, without an error, after its last data."""
    async with linked(name) as link:
        link.send(b'"last"\x1e')
        link.peer_close()
        await eventually(lambda: link.closes)
        assert (link.data, link.closes) == (b'"last"\x1e', [None])


@pytest.mark.parametrize("name", [*NETWORKED, "Memory"])
async def test_cut_is_an_error(name: str) -> None:
    """A connection that breaks says so, once."""
    async with linked(name) as link:
        link.send(b'"last"\x1e')
        await eventually(lambda: link.data)
        link.peer_cut()
        await eventually(lambda: link.closes)
        await link.transport.drain()
        (error,) = link.closes
        if name != "ServerSentEvents" or error is not None:  # a stream may end anywhere
            assert isinstance(error, ConnectionLostError)


@pytest.mark.parametrize("name", ALL)
async def test_abort_ends_at_once(name: str) -> None:
    """Reported once; what arrives later is not delivered."""
    async with linked(name) as link:
        link.transport.abort()
        with contextlib.suppress(ConnectionError, asyncio.QueueFull):
            link.send(b'"late"\x1e')
        await eventually(lambda: len(link.closes) == 1)
        assert link.data == b""


@pytest.mark.parametrize("name", NETWORKED)
@pytest.mark.parametrize(
    ("status", "expected"), [(401, AuthenticationError), (403, AuthenticationError), (503, Exception)]
)
async def test_refusal_is_told_from_failure(name: str, status: int, expected: type[Exception]) -> None:
    """401 and 403 are about the token; any other status is a failed connection. No end is reported."""
    closes: list[Exception | None] = []
    transport = NETWORKED[name](on_data=print, on_close=closes.append, max_message_bytes=1024)
    async with raw_signalr_server() as websockets, raw_http_server() as http:
        websockets.refuse_upgrade_with = http.refuse_with = status
        port = websockets.port if name == "WebSockets" else http.port
        scheme = "ws" if name == "WebSockets" else "http"
        with pytest.raises(ConnectionFailedError, match=str(status)) as caught:
            await transport.connect(
                f"{scheme}://127.0.0.1:{port}/hub?id=t", transfer_format=TEXT, headers={}, ssl=None
            )
        assert isinstance(caught.value, expected)
        await transport.close()
    assert closes == []


@pytest.mark.parametrize("name", NETWORKED)
async def test_nobody_there_is_a_failed_connection(name: str) -> None:
    """The text names host and port, not the secret token."""
    port = free_port()
    transport = NETWORKED[name](on_data=print, on_close=print, max_message_bytes=1024)
    scheme = "ws" if name == "WebSockets" else "http"
    with pytest.raises(ConnectionFailedError, match=str(port)) as caught:
        await transport.connect(
            f"{scheme}://127.0.0.1:{port}/hub?id=secret", transfer_format=TEXT, headers={}, ssl=None
        )
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("name", NETWORKED)
async def test_headers_travel_with_every_request(name: str) -> None:
    """The token and the user's own headers: never in the URL."""
    async with linked(name) as link:
        link.transport.send(b'"1"\x1e')
        await eventually(link.peer_received)
        requests = getattr(link.peer, "requests", [link.peer.request])
        assert all(request.headers["authorization"] == "Bearer t" for request in requests)
        assert all(request.headers["x-extra"] == "1" for request in requests)
        assert len(requests) >= (1 if name == "WebSockets" else 2)


@pytest.mark.parametrize("name", ["ServerSentEvents", "LongPolling"])
async def test_drain_waits_for_a_slow_peer(name: str) -> None:
    """A sender above the high-water mark is held until posts are answered; they share requests meanwhile."""
    async with linked(name) as link:
        link.peer.answer_posts.clear()
        for _ in range(40):
            link.transport.send(b'"' + b"x" * 10_000 + b'"\x1e')
        draining = asyncio.ensure_future(link.transport.drain())
        await stays(lambda: not draining.done())
        link.peer.answer_posts.set()
        await asyncio.wait_for(draining, 30)
        await eventually(lambda: len(link.peer_received()) == 40 * 10_003)
        assert all(len(body) <= 32 * 1024 for body in link.peer.bodies)
        assert len(link.peer.bodies) <= 14


@pytest.mark.parametrize("name", ["ServerSentEvents", "LongPolling"])
async def test_refused_post_ends_the_connection(name: str) -> None:
    """Records that did not arrive are not passed over in silence; whoever waits for room is let go."""
    async with linked(name) as link:
        link.peer.post_status = 500
        link.transport.send(b'"1"\x1e')
        await eventually(lambda: link.closes)
        await link.transport.drain()
        (error,) = link.closes
        assert isinstance(error, ConnectionLostError)
        assert "500" in str(error)


async def test_empty_poll_is_followed_by_another() -> None:
    """200 with nothing means: poll again."""
    async with linked("LongPolling") as link:
        link.send(b"")
        link.send(b"")
        link.send(b'"1"\x1e')
        await eventually(lambda: link.data == b'"1"\x1e')
        assert link.closes == []


async def test_server_sent_events_refuse_binary() -> None:
    """MessagePack cannot travel in an event stream; no request is made."""
    transport = ServerSentEventsTransport(on_data=print, on_close=print, max_message_bytes=1024)
    with pytest.raises(ConnectionFailedError, match="JSON"):
        await transport.connect("http://127.0.0.1:1/hub", transfer_format=BINARY, headers={}, ssl=None)
