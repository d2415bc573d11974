"""The official @microsoft/signalr client (npm, pinned) against our hub on our server."""

from __future__ import annotations

from pathlib import Path

import pytest

from conduit_widget.hub.app import HubApp
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.server import authority, running, token
from tests.support.processes.node import find_node, npm_ci, run_script

HERE = Path(__file__).parent


@pytest.mark.timeout(600)
async def test_official_client_passes_every_check_when_it_drives_our_hub() -> None:
    """Everything from negotiate to reconnect works for Microsoft's own client."""
    node = find_node()
    npm_ci(HERE, node)
    app = HubApp({"/hubs/echo": EchoHub()}, authenticator=authority())
    async with running(app) as url:
        settings = {
            "url": f"{url}/hubs/echo",
            "token": token("ann", ttl=600),
            "otherToken": token("bob", ttl=600),
            "expired": token("ann", ttl=-10),
        }
        results = await run_script(HERE / "echo_hub.mjs", node, settings, within=200)
    assert len(results) >= 22
    assert all(result["ok"] for result in results)
