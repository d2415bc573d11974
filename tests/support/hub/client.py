"""A raw hub client for the hub's tests: any transport, any hub protocol, hub messages in and out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import httpx2
from websockets.asyncio.client import ClientConnection, connect

from conduit_widget.event_stream import EventDataDecoder
from conduit_widget.protocol.hub_protocol import HubProtocol, TransferFormat
from conduit_widget.protocol.json_protocol import JsonHubProtocol
from conduit_widget.protocol.messagepack_protocol import MessagePackHubProtocol
from conduit_widget.protocol.messages import Completion, HubMessage, Invocation, Ping
from conduit_widget.protocol.session import HandshakeCompleted, HandshakeRefused, Session
from tests.support.hub.server import negotiate, token
from tests.support.waiting import PATIENCE

JSON: Final = JsonHubProtocol()
MESSAGEPACK: Final = MessagePackHubProtocol()
MAX_BYTES: Final = 64 << 20

Put = Callable[[bytes], Awaitable[None]]


class HubClient:
    """One end of a hub connection; every message received but pings is kept until it is read."""

    def __init__(self, protocol: HubProtocol, put: Put) -> None:
        self.session = Session.client(protocol, max_message_bytes=MAX_BYTES)
        self.shaken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.socket: ClientConnection | None = None
        self.connection_id = ""
        self.connection_token = ""
        self.put = put
        self._messages: list[HubMessage] = []
        self._arrived = asyncio.Event()
        self._next_id = 0

    def take(self, data: bytes | str) -> None:
        """Take what the transport received."""
        for event in self.session.receive(data):
            if isinstance(event, HandshakeCompleted):
                self.shaken.set_result(None)
            elif isinstance(event, HandshakeRefused):
                self.shaken.set_exception(ConnectionRefusedError(event.error))
            elif not isinstance(event, Ping):
                self._messages.append(event)
                self._arrived.set()

    async def send(self, *messages: HubMessage) -> None:
        """Send messages in one transport message."""
        await self.put(b"".join(self.session.send(message) for message in messages))

    async def read(self, within: float = PATIENCE) -> Any:
        """Return the next message that is not a ping."""
        async with asyncio.timeout(within):
            while not self._messages:
                self._arrived.clear()
                await self._arrived.wait()
        return self._messages.pop(0)

    async def invoke(self, target: str, *arguments: Any, stream_ids: list[str] | None = None) -> Completion:
        """Invoke and return the completion; other messages stay for :meth:`read`."""
        self._next_id += 1
        wanted = f"i{self._next_id}"
        await self.send(Invocation(target, list(arguments), wanted, stream_ids))
        others: list[HubMessage] = []
        while True:
            message = await self.read()
            if isinstance(message, Completion) and message.invocation_id == wanted:
                self._messages[:0] = others
                return message
            others.append(message)


@contextlib.asynccontextmanager
async def hub_client(
    url: str,
    path: str,
    access_token: str | None = None,
    *,
    protocol: HubProtocol = JSON,
    transport: str = "WebSockets",
    **query: str,
) -> AsyncIterator[HubClient]:
    """Negotiate, connect over ``transport`` and shake hands; yield the client."""
    access_token = access_token or token()
    answer = (await negotiate(url, path, access_token, **query)).json()
    parameters = {"id": answer["connectionToken"], "access_token": access_token}
    open_transport = {"WebSockets": _websocket, "ServerSentEvents": _events, "LongPolling": _polls}[transport]
    async with open_transport(url + path, parameters, protocol) as client:
        client.connection_id, client.connection_token = answer["connectionId"], answer["connectionToken"]
        await client.put(client.session.start(2 if query.get("useStatefulReconnect") else 1))
        await asyncio.wait_for(asyncio.shield(client.shaken), 30)
        yield client


@contextlib.asynccontextmanager
async def _websocket(
    address: str, parameters: dict[str, str], protocol: HubProtocol
) -> AsyncIterator[HubClient]:
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    async with connect(
        f"{address.replace('http', 'ws', 1)}?{query}", proxy=None, ping_interval=None, max_size=MAX_BYTES
    ) as socket:
        binary = protocol.transfer_format is TransferFormat.BINARY

        async def put(data: bytes) -> None:
            await socket.send(data, text=not binary)

        client = HubClient(protocol, put)
        client.socket = socket

        async def read() -> None:
            async for frame in socket:
                assert isinstance(frame, bytes) is binary
                client.take(frame)

        async with _reading(client, read()):
            yield client


@contextlib.asynccontextmanager
async def _events(
    address: str, parameters: dict[str, str], protocol: HubProtocol
) -> AsyncIterator[HubClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=30, params=parameters) as http:
        client = HubClient(protocol, _poster(http, address))
        opened = asyncio.Event()

        async def read() -> None:
            async with http.stream("GET", address, headers={"Accept": "text/event-stream"}) as response:
                response.raise_for_status()
                assert response.headers["content-type"].startswith("text/event-stream")
                opened.set()
                decoder = EventDataDecoder(MAX_BYTES)
                async for data in response.aiter_bytes():
                    for payload in decoder.feed(data):
                        client.take(payload)

        async with _reading(client, read()):
            await asyncio.wait_for(opened.wait(), 30)
            yield client


@contextlib.asynccontextmanager
async def _polls(address: str, parameters: dict[str, str], protocol: HubProtocol) -> AsyncIterator[HubClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=30, params=parameters) as http:
        client = HubClient(protocol, _poster(http, address))
        first = await http.get(address)
        assert (first.status_code, first.content) == (200, b""), first.text

        async def read() -> None:
            while True:
                response = await http.get(address)
                if response.status_code == 204:
                    return
                response.raise_for_status()
                if response.content:
                    client.take(response.content)

        async with _reading(client, read()):
            yield client
        await http.delete(address)


def _poster(http: httpx2.AsyncClient, address: str) -> Put:
    async def post(data: bytes) -> None:
        response = await http.post(address, content=data)
        assert response.status_code == 202, response.text

    return post


@contextlib.asynccontextmanager
async def _reading(client: HubClient, reading: Any) -> AsyncIterator[None]:
    async def run() -> None:
        try:
            await reading
        finally:
            if not client.ended.done():
                client.ended.set_result(None)

    task = asyncio.create_task(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
