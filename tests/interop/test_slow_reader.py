"""The official @microsoft/signalr client stops reading and is healed by its own automatic reconnect."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from conduit_widget.contract import CHAT_HUB_PATH
from tests.integration.test_slow_readers import LARGE, serving
from tests.support.hub_server import token
from tests.support.node import find_node, npm_ci, run_script
from tests.support.waiting import eventually

HERE = Path(__file__).parent


@pytest.mark.timeout(120)
# Not in the ordinary run: on a busy machine filling the sockets outlasts the pause (known flaw of the test).
@pytest.mark.soak
async def test_official_client_misses_nothing_when_it_was_closed_as_a_slow_reader(tmp_path: Path) -> None:
    """Closed with allowReconnect while its loop blocks, it resumes with every message, once, in order."""
    node = find_node()
    npm_ci(HERE, node)
    async with (
        serving(tmp_path / "h.db", lagging_timeout=0.3) as server,
        server.person("ann") as ann,
    ):
        await ann.join("slow")
        settings = {"url": server.url + CHAT_HUB_PATH, "token": token("bob"), "blockMs": 4000}
        script = asyncio.create_task(run_script(HERE / "slow_reader.mjs", node, settings, within=60))
        lifetime = server.chat.chat_hub.clients._lifetime
        await eventually(lambda: lifetime.of_user("bob"), within=20)
        [connection] = lifetime.of_user("bob")
        groups = server.chat.chat_hub.groups
        await eventually(lambda: groups.groups_of(connection.connection_id))
        sent = 0
        while not connection.lagging:
            await ann.send(LARGE, conversation_id="slow", respond=False)
            sent += 1
            assert sent < 2000
        await eventually(lambda: connection.closed, within=30)
        await ann.send(conversation_id="slow", respond=False)
        results = await script
    assert results[-1] == {
        "check": "a_stopped_reader_is_healed_by_automatic_reconnect_and_resume",
        "ok": True,
    }
    assert results[-2] == {"last": sent + 1}
