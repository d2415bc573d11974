"""A real hub server on port 0 inside the test's loop, and a raw JSON hub client on ``websockets``."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import jwt
from websockets.asyncio.client import ClientConnection, connect

from conduit_widget.hub.app import HubApp
from conduit_widget.hub.auth.local_authority import LocalAuthority
from conduit_widget.hub.server import serve
from conduit_widget.hub.transports.long_polling import LongPollingConnection
from tests.support.signalr.client_frames import HANDSHAKE, frame, upgrade
from tests.support.waiting import PATIENCE

SECRET: Final = b"a secret of the tests, 32 bytes or more"
SEPARATOR: Final = "\x1e"


@contextlib.asynccontextmanager
async def running(app: HubApp, *, access_log: bool = False) -> AsyncIterator[str]:
    """Serve ``app`` and yield its URL; drains at the end."""
    url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    stop = asyncio.Event()
    server = asyncio.create_task(serve(app, on_ready=url.set_result, stop=stop, access_log=access_log))
    await asyncio.wait((server, url), return_when=asyncio.FIRST_COMPLETED)
    if server.done():
        await server
    try:
        yield await url
    finally:
        stop.set()
        await server


def authority() -> LocalAuthority:
    """Return the tests' authority."""
    return LocalAuthority(SECRET)


def token(user_id: str = "ann", ttl: float = 60.0) -> str:
    """Return a token of the tests' authority."""
    return authority().issue(user_id, user_id.title(), ttl)


def token_with(user_id: str, **claims: object) -> str:
    """Return a token of the tests' authority that says more of its user, such as their ``roles``."""
    known = jwt.decode(token(user_id), options={"verify_signature": False})
    return jwt.encode({**known, **claims}, SECRET, algorithm="HS256")


async def negotiate(url: str, path: str, access_token: str | None, **query: str) -> httpx2.Response:
    """POST negotiate with a Bearer token."""
    headers = {} if access_token is None else {"Authorization": f"Bearer {access_token}"}
    async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE) as http:
        return await http.post(
            f"{url}{path}/negotiate", params={"negotiateVersion": "1", **query}, headers=headers
        )


@dataclass
class RawClient:
    """One raw connection: sends records, keeps every record received."""

    socket: ClientConnection
    records: list[dict[str, Any]] = field(default_factory=list)
    _next_id: int = 0

    async def send(self, *messages: dict[str, Any]) -> None:
        """Send messages as records of one frame."""
        await self.socket.send("".join(json.dumps(message) + SEPARATOR for message in messages))

    async def read(self, within: float = PATIENCE) -> dict[str, Any]:
        """Return the next record that is not a ping."""
        deadline = time.monotonic() + within
        while True:
            while self.records:
                record = self.records.pop(0)
                if record.get("type") != 6:
                    return record
            received = await asyncio.wait_for(self.socket.recv(), max(0.01, deadline - time.monotonic()))
            assert isinstance(received, str)
            self.records += [json.loads(part) for part in received.split(SEPARATOR) if part]

    async def invoke(self, target: str, *arguments: Any) -> dict[str, Any]:
        """Invoke and return the completion; other records stay for :meth:`read`."""
        self._next_id += 1
        wanted = str(self._next_id)
        await self.send({"type": 1, "invocationId": wanted, "target": target, "arguments": list(arguments)})
        others: list[dict[str, Any]] = []
        while True:
            record = await self.read()
            if record.get("type") == 3 and record["invocationId"] == wanted:
                self.records[:0] = others
                return record
            others.append(record)


@contextlib.asynccontextmanager
async def raw_client(
    url: str,
    path: str,
    access_token: str | None = None,
    *,
    skip_negotiation: bool = False,
    handshake: bool = True,
) -> AsyncIterator[RawClient]:
    """Negotiate, connect and shake hands; yield the client."""
    access_token = access_token or token()
    query = f"access_token={access_token}"
    if not skip_negotiation:
        response = await negotiate(url, path, access_token)
        query += f"&id={response.json()['connectionToken']}"
    address = url.replace("http", "ws", 1) + path
    async with connect(f"{address}?{query}", proxy=None, ping_interval=None) as socket:
        client = RawClient(socket)
        if handshake:
            await client.send({"protocol": "json", "version": 1})
            reply = await client.read()
            assert reply == {}, reply
        yield client


def polls_waiting(app: HubApp) -> int:
    """How many polls the hub holds at present; nothing a client sees tells."""
    connections = [found.connection for found in app._registry._by_token.values()]
    return sum(isinstance(each, LongPollingConnection) and each._poll is not None for each in connections)


async def stopped_reader(
    url: str, path: str, access_token: str
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Open a hub connection on a bare socket and never read from it again."""
    host, port = url.removeprefix("http://").split(":")
    bare = socket.socket()
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    bare.setblocking(False)
    await asyncio.get_running_loop().sock_connect(bare, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=bare, limit=1024)
    writer.write(upgrade(host, int(port), f"{path}?access_token={access_token}"))
    await reader.readuntil(b"\r\n\r\n")
    writer.write(frame(HANDSHAKE))
    await reader.readexactly(5)
    writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket transport
    return reader, writer
