"""A HubConnection on a scripted raw server, and what the two say to each other."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

from conduit_widget.client import DelayRetry, HubConnection
from tests.support.signalr.raw_signalr_server import RawSignalRServer, RawSocket

AT_ONCE: Final = DelayRetry((0.0,), jitter=0.0, min_spread=0.0)


@contextlib.asynccontextmanager
async def connected(
    server: RawSignalRServer, *, with_records: str = "", **options: Any
) -> AsyncIterator[tuple[HubConnection, RawSocket]]:
    """Start a connection and shake hands from the server's side; stop it afterwards."""
    connection = HubConnection(server.url, **{"retry": AT_ONCE, **options})
    starting = asyncio.ensure_future(connection.start())
    socket = await server.accept()
    await socket.handshake(with_records=with_records)
    await starting
    try:
        yield connection, socket
    finally:
        await connection.stop()


def completion(invocation: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the completion of a received invocation."""
    return {"type": 3, "invocationId": invocation["invocationId"], **fields}


def event(target: str, *arguments: Any) -> dict[str, Any]:
    """Return an invocation without an id."""
    return {"type": 1, "target": target, "arguments": list(arguments)}
