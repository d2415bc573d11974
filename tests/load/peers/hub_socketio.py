"""python-socketio on uvicorn: an event that is emitted to all."""

from __future__ import annotations

import asyncio

import socketio  # type: ignore[import-untyped,import-not-found,unused-ignore] # installed by hub.py
import uvicorn

from tests.load.peers.hub_common import allow_files, ready, text

TEXT = text(len('42["said",""]'))


async def main() -> None:
    """Serve until killed."""
    allow_files()
    server = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")

    @server.on("go")  # type: ignore[untyped-decorator,unused-ignore] # untyped
    async def go(_sid: str) -> None:
        await server.emit("said", TEXT)

    app = socketio.ASGIApp(server)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws_per_message_deflate=False)
    runner = uvicorn.Server(config)
    serving = asyncio.create_task(runner.serve())
    while not runner.started:  # noqa: ASYNC110 - uvicorn tells nobody
        await asyncio.sleep(0.01)
    ready(runner.servers[0].sockets[0].getsockname()[1])
    await serving


asyncio.run(main())
