"""StreamToken through aiosignalr; see measure.py."""

from __future__ import annotations

import asyncio
from typing import Any

from aiosignalr.client import (  # type: ignore[import-untyped,import-not-found,unused-ignore] # installed by client.py
    HubConnection,
)

from tests.load.peers.measure import Measure


async def main() -> None:
    """Run every phase."""
    measure = Measure()
    left = 0
    connection = HubConnection()
    done = asyncio.Event()

    async def on_token(*arguments: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    connection.on("StreamToken", on_token)
    await connection.start(measure.url)
    for phase in measure.phases():
        left = measure.left
        done.clear()
        await connection.send("Go", *phase)
        await done.wait()
    measure.report()


asyncio.run(main())
