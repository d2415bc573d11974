"""A token that runs out while connected: a warning first, refresh in place, Close only without one."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from conduit_widget.chat_client.token_refresh import keep_token_fresh
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import CHAT_HUB_PATH, STATUS_HUB_PATH, TOKEN_EXPIRING
from conduit_widget.errors import HubException
from tests.support.chat.server import chat_server
from tests.support.hub.server import token
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

SHORT = 3.0


async def test_connection_outlives_its_first_token_when_the_client_refreshes(tmp_path: Path) -> None:
    """On both hubs: the warning is answered with a newer token; the same connection outlives the first."""

    async def outlive(address: str) -> None:
        dropped: list[object] = []
        asked = asyncio.Event()

        async def fresh_token() -> str:
            asked.set()
            return token("ann", 600)

        expires_at = time.time() + SHORT
        connection = HubConnection(address, access_token=token("ann", SHORT), retry=None)
        keep_token_fresh(connection, fresh_token)
        connection.on_close(dropped.append)
        async with connection:
            await asyncio.wait_for(asked.wait(), 30)
            await eventually(lambda: time.time() > expires_at + 0.5, what="the first token expires")
            assert await connection.invoke("RequestProviderStatus") is not None
            assert dropped == []

    async with chat_server(tmp_path / "h", ScriptedProvider([])) as server, asyncio.TaskGroup() as together:
        for path in (CHAT_HUB_PATH, STATUS_HUB_PATH):
            together.create_task(outlive(server.url + path))


async def test_connection_is_closed_for_reconnect_when_nobody_refreshes(tmp_path: Path) -> None:
    """Without a refresh the hub warns, then closes at expiry, and the client may come back."""
    async with chat_server(tmp_path / "h", ScriptedProvider([])) as server:
        warned: list[float] = []
        ended = asyncio.Event()
        connection = HubConnection(server.url + CHAT_HUB_PATH, access_token=lambda: token("ann", SHORT))
        connection.on(TOKEN_EXPIRING, warned.append)
        connection.on_reconnecting(lambda _error: ended.set())
        async with connection:
            await asyncio.wait_for(ended.wait(), 30)
        assert warned
        assert warned[0] <= SHORT


@pytest.mark.parametrize("bad", ["garbage", "somebody else's"])
async def test_refresh_with_a_token_that_is_not_ours_changes_nothing(tmp_path: Path, bad: str) -> None:
    """Another subject's or a broken token is refused; the connection stays as it was."""
    async with chat_server(tmp_path / "h", ScriptedProvider([])) as server, server.person("ann") as ann:
        with pytest.raises(HubException):
            await ann.invoke("RefreshToken", "garbage" if bad == "garbage" else token("bob", 600))
        assert (await ann.join())["participants"][0]["userId"] == "ann"
