"""A person who does not wait for the schedule: over a real hub that was gone for a while."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

from conduit_widget.chat_client.state.changes import ConnectionInfo
from conduit_widget.widget.chat.chat import Chat
from tests.integration.widget.test_chat import closed, comms
from tests.support.chat.server import chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import CommLedger
from tests.support.network.fault_proxy import FaultProxy
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

__all__ = ["comms"]  # the fixture

LONG_MS = 5_000


async def test_now_cuts_a_long_wait_short(tmp_path: Path, comms: CommLedger) -> None:
    """The hub is back while the chat still waits for many seconds: the view's button connects at once."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server:
        way = FaultProxy([urlsplit(server.url).port or 0], None)
        listener = await asyncio.start_server(way.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        chat = Chat("team", hub_url=f"http://127.0.0.1:{port}", token=token("ann"))
        await asyncio.to_thread(chat.wait_connected, 30)
        connectivity = chat._backend.conversation.connectivity

        def waits_long() -> ConnectionInfo | None:
            info = connectivity.info
            return info if (info.retry_at or 0) - time.time() * 1000 > LONG_MS else None

        listener.close()
        await way.drop_all()
        waiting = await eventually(waits_long, within=30)
        assert waiting.state == "reconnecting"
        listener = await asyncio.start_server(way.serve, "127.0.0.1", port)
        comms.view.receive({"kind": "retry"})
        await eventually(lambda: connectivity.info.state == "live")
        assert waiting.retry_at is not None
        assert time.time() * 1000 < waiting.retry_at, "it would have been back by then anyway"
        await closed(chat)
        listener.close()
        await way.drop_all()
