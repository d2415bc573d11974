"""A hub on loopback that a proxy makes known to others is one for others, not one of this machine's user."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import httpx2
import pytest

from conduit_widget.client import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, METRICS_PATH, MINT_PATH
from conduit_widget.errors import HubException
from conduit_widget.hub.limits.hub_limits import HubLimits
from tests.support.hub.live_hub import LiveHub
from tests.support.processes.command import run_command

HOST: Final = {"Host": "hub.example"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHub]:
    """A hub as it stands behind a proxy on its own machine."""
    options = ["--allow-host", "hub.example"]
    running = LiveHub(tmp_path_factory.mktemp("hub"), {"CONDUIT_PROVIDER": "local"}, options).start()
    yield running
    running.stop()


async def test_operators_pages_want_an_operator(hub: LiveHub) -> None:
    """Whoever the proxy lets through sees no figures; an operator's key shows them."""
    key = run_command("key", "create", "ops", "--role", "operator", "--data-dir", str(hub.data_dir))
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, headers=HOST) as http:
        assert (await http.get(METRICS_PATH)).status_code == 401
        member = {"Authorization": f"Bearer {hub.token('ann')}"}
        assert (await http.get(METRICS_PATH, headers=member)).status_code == 403
        operator = {"Authorization": f"Bearer {key}"}
        assert (await http.get(METRICS_PATH, headers=operator)).status_code == 200


async def test_nobody_gets_a_token_for_being_on_this_machine(hub: LiveHub) -> None:
    """There is no mint, and no file by which this user's widgets would find it."""
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, headers=HOST) as http:
        assert (await http.post(MINT_PATH, json={})).status_code == 404
    assert not (hub.data_dir / "hub.json").exists()


async def test_conversations_are_for_their_members(hub: LiveHub) -> None:
    """Who begins one owns it; others are let in by name."""
    url = hub.url + CHAT_HUB_PATH
    async with (
        HubConnection(url, access_token=hub.token("ann")) as ann,
        HubConnection(url, access_token=hub.token("bob")) as bob,
    ):
        await ann.invoke("CreateConversation", {"id": "team"})
        with pytest.raises(HubException, match="Unauthorized"):
            await bob.invoke("JoinConversation", "team")
        await ann.invoke("AddMember", "team", "bob")
        await bob.invoke("JoinConversation", "team")


async def test_clients_behind_the_proxy_are_counted_by_their_address(hub: LiveHub) -> None:
    """One that asks too often is refused, its neighbour is not, and nobody named the proxy."""
    limits = HubLimits()
    async with httpx2.AsyncClient(base_url=hub.url, trust_env=False, headers=HOST) as http:

        async def ask(client: str) -> int:
            headers = {"X-Forwarded-For": f"198.51.100.9, {client}"}
            return (await http.post(f"{CHAT_HUB_PATH}/negotiate", headers=headers)).status_code

        tries = 0
        while await ask("203.0.113.5") == 401:
            tries += 1
            assert tries < 20 * limits.negotiate_burst
        assert await ask("203.0.113.5") == 429
        assert await ask("203.0.113.6") == 401
