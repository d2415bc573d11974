"""What an operator announces reaches everybody; nobody else may announce."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat_client import StatusHubClient
from conduit_widget.client import HubConnection
from conduit_widget.contract import STATUS_HUB_PATH, ErrorText, StatusEvent
from conduit_widget.errors import HubException
from conduit_widget.types import Announcement
from tests.support.chat.server import chat_server
from tests.support.hub.server import token, token_with
from tests.support.waiting import eventually


async def test_an_operators_announcement_reaches_both_hubs(tmp_path: Path) -> None:
    """With its text and priority, on StatusHub and ChatHub; a text that says nothing is refused."""
    async with chat_server(tmp_path / "h.db") as server, server.person("ann") as ann:
        heard: list[dict[str, Any]] = []
        operator = token_with("olga", roles=["operator"])
        connection = HubConnection(server.url + STATUS_HUB_PATH, access_token=operator, retry=None)
        connection.on(StatusEvent.SYSTEM_ANNOUNCEMENT, heard.append)
        async with connection:
            status = StatusHubClient(connection)
            told = await status.announce(Announcement(text="Down for repair at six.", priority=2))
            ((notice,),) = await ann.got(StatusEvent.SYSTEM_ANNOUNCEMENT)
            assert notice == told.to_wire()
            assert (notice["text"], notice["priority"]) == ("Down for repair at six.", 2)
            await eventually(lambda: heard == [notice])
            for text, priority, said in ((" ", 1, "text"), ("a\u202eb", 1, "text"), ("Hi", 4, "priority")):
                with pytest.raises(HubException, match=said):
                    await status.announce(Announcement(text=text, priority=priority))


async def test_nobody_else_may_announce(tmp_path: Path) -> None:
    """A user without the role is refused, and nobody hears anything."""
    async with chat_server(tmp_path / "h.db") as server, server.person("ann") as ann:
        connection = HubConnection(server.url + STATUS_HUB_PATH, access_token=token("eve"), retry=None)
        async with connection:
            with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                await StatusHubClient(connection).announce(Announcement(text="Buy things."))
        await ann.join()
        assert ann.of(StatusEvent.SYSTEM_ANNOUNCEMENT) == []
