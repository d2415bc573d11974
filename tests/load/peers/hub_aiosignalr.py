"""aiosignalr's server: a hub method that sends to all."""

from __future__ import annotations

import asyncio

from aiosignalr.server import (  # type: ignore[import-untyped,import-not-found,unused-ignore] # installed by hub.py
    Hub,
    SignalRServer,
)

from tests.load.peers.hub_common import allow_files, ready, text

TEXT = text(len('{"type":1,"target":"Said","arguments":[""]}\x1e'))


class Echo(Hub):  # type: ignore[misc,unused-ignore] # untyped
    """One method."""

    async def go(self) -> None:
        """Send to everybody."""
        await self.clients.all_.send("Said", TEXT)


async def main() -> None:
    """Serve until killed."""
    allow_files()
    server = SignalRServer(Echo)
    _, port = await server.serve("127.0.0.1", 0, path="/hub")
    ready(port)
    await asyncio.get_running_loop().create_future()


asyncio.run(main())
