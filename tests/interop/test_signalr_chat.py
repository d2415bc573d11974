"""The official @microsoft/signalr client chats on the real hub, with the real local model."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.hub.live_hub import LiveHub
from tests.support.processes.node import find_node, npm_ci, run_script

HERE = Path(__file__).parent


@pytest.mark.timeout(600)
async def test_official_client_joins_sends_and_receives_on_the_real_hub(tmp_path: Path) -> None:
    """Join, messages, a streamed answer, stop, resume and refusals work for Microsoft's own client."""
    node = find_node()
    npm_ci(HERE, node)
    hub = LiveHub(tmp_path / "data", {"CONDUIT_PROVIDER": "local"}).start()
    try:
        settings = {
            "url": f"{hub.url}/hubs/chat",
            "ada": hub.token("ada", "--name", "Ada"),
            "bo": hub.token("bo", "--name", "Bo"),
        }
        results = await run_script(HERE / "chat_hub.mjs", node, settings, within=200)
    finally:
        hub.stop()
    assert [result["ok"] for result in results] == [True] * 8
