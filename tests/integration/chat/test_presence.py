"""Presence, typing and provider status over real sockets."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import STATUS_HUB_PATH, ChatEvent, ChatMethod, StatusEvent, StatusMethod
from conduit_widget.types import ProviderState, ProviderStatus
from tests.support.chat.server import FAST, chat_server
from tests.support.hub.server import token
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

QUIET = dataclasses.replace(FAST, assistant="off")


async def test_user_is_one_entry_when_connected_twice(tmp_path: Path) -> None:
    """A user joins once and leaves once, after the last connection's grace."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
    ):
        assert [p["userId"] for p in (await ann.join())["participants"]] == ["ann"]
        async with server.person("bob") as bob:
            join = await bob.join()
            assert [p["userId"] for p in join["participants"]] == ["ann", "bob"]
            [entry] = [p for p in join["participants"] if p["userId"] == "bob"]
            assert (entry["userName"], entry["initials"], entry["state"]) == ("Bob", "B", "active")
            assert await ann.got(ChatEvent.USER_JOINED) == [["bob", "Bob"]]
            async with server.person("bob") as second:
                await second.join()
            await eventually(lambda: ann.sees() == ["ann", "bob"])
        await ann.got(ChatEvent.USER_LEFT)
        await eventually(lambda: ann.sees() == ["ann"])
        assert ann.of(ChatEvent.USER_JOINED) == [["bob", "Bob"]]
        assert ann.of(ChatEvent.USER_LEFT) == [["bob"]]
        assert bob.of(ChatEvent.USER_JOINED) == []


async def test_goodbye_is_seen_at_once(tmp_path: Path) -> None:
    """Who leaves is gone without any grace, but for those who are there by another connection."""
    settings = dataclasses.replace(QUIET, presence_grace=10_000.0)
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("bob") as second,
    ):
        for person in (ann, bob, second):
            await person.join()
        await bob.invoke(ChatMethod.LEAVE_CONVERSATION, "c")
        await ann.send("mark")
        await ann.got(ChatEvent.RECEIVE_MESSAGE)
        assert ann.of(ChatEvent.USER_LEFT) == []
        await second.invoke(ChatMethod.LEAVE_CONVERSATION, "c")
        assert await ann.got(ChatEvent.USER_LEFT) == [["bob"]]
        await eventually(lambda: ann.sees() == ["ann"])
        await ann.invoke(ChatMethod.LEAVE_CONVERSATION, "c")
        assert server.chat.chat_hub.conversations.live("c") is None


async def test_reload_shows_nothing_when_back_within_grace(tmp_path: Path) -> None:
    """Who comes back within the grace never left."""
    settings = dataclasses.replace(QUIET, presence_grace=30.0)
    async with chat_server(tmp_path / "h.db", settings=settings) as server, server.person("ann") as ann:
        await ann.join()
        for _ in range(2):
            async with server.person("bob") as bob:
                await bob.join()
        await eventually(lambda: ann.sees() == ["ann", "bob"])
        await ann.send("mark")
        await ann.got(ChatEvent.RECEIVE_MESSAGE)
        assert ann.of(ChatEvent.USER_JOINED) == [["bob", "Bob"]]
        assert ann.of(ChatEvent.USER_LEFT) == []


async def test_typing_expires_when_not_refreshed(tmp_path: Path) -> None:
    """Typing is shown to the others, once, and ends by itself, and can begin again."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        for count in (2, 4):
            await bob.invoke(ChatMethod.START_TYPING, "c")
            await ann.got(ChatEvent.USER_TYPING, count)
        assert ann.of(ChatEvent.USER_TYPING) == [["bob", True], ["bob", False]] * 2
        assert ann.of(ChatEvent.TYPING_UPDATE) == [["c", ["bob"]], ["c", []]] * 2
        assert bob.of(ChatEvent.USER_TYPING) == []


async def test_typing_is_shown_once_until_it_is_stopped_or_sent(tmp_path: Path) -> None:
    """However often it is said; it ends by StopTyping and by sending."""
    settings = dataclasses.replace(QUIET, typing_ttl=600.0)
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await bob.join()
        await bob.invoke(ChatMethod.START_TYPING, "c")
        await bob.invoke(ChatMethod.START_TYPING, "c")
        await bob.invoke(ChatMethod.STOP_TYPING, "c")
        await bob.invoke(ChatMethod.STOP_TYPING, "c")
        await bob.invoke(ChatMethod.START_TYPING, "c")
        await bob.send("done typing")
        await ann.got(ChatEvent.RECEIVE_MESSAGE)
        assert ann.of(ChatEvent.USER_TYPING) == [["bob", True], ["bob", False]] * 2
        assert ann.of(ChatEvent.TYPING_UPDATE) == [["c", ["bob"]], ["c", []]] * 2
        assert bob.of(ChatEvent.USER_TYPING) == []
        names = [name for name, _ in ann.events]
        assert names.index(ChatEvent.RECEIVE_MESSAGE) > max(
            at for at, name in enumerate(names) if name == ChatEvent.USER_TYPING
        )


async def test_status_is_sent_at_most_once_an_interval_when_it_changes(tmp_path: Path) -> None:
    """Both hubs answer a request, and get changes: the first at once, then the newest after the interval."""
    settings = dataclasses.replace(QUIET, status_interval=0.2)
    async with (
        chat_server(tmp_path / "h.db", ScriptedProvider(), settings=settings) as server,
        server.person("ann") as ann,
        HubConnection(server.url + STATUS_HUB_PATH, access_token=token("bob"), retry=None) as status,
    ):
        seen: list[str] = []
        status.on(StatusEvent.PROVIDER_STATUS_UPDATE, lambda _name, body: seen.append(body["state"]))
        for result in (
            await ann.invoke(ChatMethod.REQUEST_PROVIDER_STATUS),
            await status.invoke(StatusMethod.REQUEST_PROVIDER_STATUS),
        ):
            assert [(item["provider"], item["state"], item["models"]) for item in result] == [
                ("scripted", "healthy", ["script-1"])
            ]
        await ann.got(ChatEvent.PROVIDER_STATUS_UPDATE)
        await eventually(lambda: seen == ["healthy"])
        started = asyncio.get_running_loop().time()
        states: tuple[ProviderState, ...] = ("degraded", "rate_limited", "down")
        for state in states:
            server.directory.report(ProviderStatus(provider="scripted", state=state))
        await eventually(lambda: seen == ["healthy", "degraded", "down"])
        assert asyncio.get_running_loop().time() - started >= 0.2
        await eventually(lambda: len(ann.of(ChatEvent.PROVIDER_STATUS_UPDATE)) == 3)
