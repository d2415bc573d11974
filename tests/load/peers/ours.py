"""StreamToken through our own client; see measure.py."""

from __future__ import annotations

import asyncio

from conduit_widget.client import HubConnection
from tests.load.peers.measure import Measure


async def main() -> None:
    """Run every phase."""
    measure = Measure()
    left = 0
    async with HubConnection(measure.url, retry=None) as connection:
        done = asyncio.Event()

        def on_token(conversation: str, token: str, metadata: dict[str, object]) -> None:
            nonlocal left
            left -= 1
            if not left:
                done.set()

        connection.on("StreamToken", on_token)
        for phase in measure.phases():
            left = measure.left
            done.clear()
            await connection.send("Go", *phase)
            await done.wait()
    measure.report()


asyncio.run(main())
