"""StreamToken through pysignalr; see measure.py."""

from __future__ import annotations

import asyncio
from typing import Any

from pysignalr.client import (  # type: ignore[import-untyped,import-not-found,unused-ignore] # installed by client.py
    SignalRClient,
)

from tests.load.peers.measure import Measure


async def main() -> None:
    """Run every phase."""
    measure = Measure()
    left = 0
    client = SignalRClient(measure.url)
    opened, done = asyncio.Event(), asyncio.Event()

    async def on_open() -> None:
        opened.set()

    async def on_token(arguments: list[Any]) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    client.on_open(on_open)
    client.on("StreamToken", on_token)
    running = asyncio.create_task(client.run())
    await opened.wait()
    for phase in measure.phases():
        left = measure.left
        done.clear()
        arguments: list[Any] = list(phase)
        await client.send("Go", arguments)
        await done.wait()
    running.cancel()
    measure.report()


asyncio.run(main())
