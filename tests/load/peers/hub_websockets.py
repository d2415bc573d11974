"""``websockets.broadcast`` to every connection."""

from __future__ import annotations

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast, serve

from tests.load.peers.hub_common import allow_files, ready, text

TEXT = text(0)


async def main() -> None:
    """Serve until killed."""
    allow_files()
    members: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        members.add(connection)
        try:
            async for _ in connection:
                broadcast(members, TEXT)
        finally:
            members.discard(connection)

    async with serve(handle, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=4096) as server:
        ready(next(iter(server.sockets)).getsockname()[1])
        await asyncio.get_running_loop().create_future()


asyncio.run(main())
