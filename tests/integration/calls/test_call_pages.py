"""The page of a call that the hub serves: who gets in with what, and how far."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from conduit_widget.chat.calls.page_routes import USED
from conduit_widget.chat.calls.seats import CallSeats
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import (
    CALL_PAGE_PATH,
    CALL_SEAT_PATH,
    CHAT_HUB_PATH,
    FILES_PATH,
    STATUS_HUB_PATH,
    ChatMethod,
    ErrorText,
    StatusMethod,
    names_in,
)
from conduit_widget.errors import ConnectionFailedError, HubException
from conduit_widget.hub.backplane.memory import MemoryBackplane
from tests.support.chat.server import FAST, ChatServer, Person, chat_server
from tests.support.waiting import eventually

MEDIA = {"audio": False, "video": False, "screen": False}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChatServer]:
    """A hub."""
    async with chat_server(tmp_path / "h.db") as running:
        yield running


async def ticket_of(person: Person, conversation_id: str = "team") -> str:
    """Return a ticket of somebody who is in the conversation."""
    told = await person.invoke(ChatMethod.OPEN_CALL_PAGE, conversation_id)
    assert (told["path"], told["expiresIn"]) == (CALL_PAGE_PATH, 30)
    return str(told["ticket"])


async def give(server: ChatServer, body: Any) -> httpx2.Response:
    """Give a ticket back."""
    async with httpx2.AsyncClient(base_url=server.url) as client:
        return await client.post(CALL_SEAT_PATH, json=body)


async def key_of(server: ChatServer, person: Person) -> str:
    """Return the key of a fresh seat."""
    return str((await give(server, {"ticket": await ticket_of(person)})).json()["key"])


def connection_with(server: ChatServer, key: str, path: str = CHAT_HUB_PATH) -> HubConnection:
    """Return a connection as the page makes it."""
    return HubConnection(server.url + path, access_token=lambda: key, retry=None)


def _later(server: ChatServer, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Move the clock by which a node alone keeps tickets and seats."""
    backplane = server.chat.chat_hub.seats._backplane
    assert isinstance(backplane, MemoryBackplane)
    kept = backplane._kept_values
    now = kept._clock() + seconds
    monkeypatch.setattr(kept, "_clock", lambda: now)


async def test_the_page_is_the_same_for_everybody_and_tight(server: ChatServer) -> None:
    """It is in nobody's frame, takes scripts from here alone, and may use the camera."""
    async with httpx2.AsyncClient(base_url=server.url) as client:
        for path, kind in ((CALL_PAGE_PATH, "text/html"), (f"{CALL_PAGE_PATH}.js", "text/javascript")):
            reply = await client.get(path)
            assert reply.status_code == 200
            assert reply.headers["content-type"].startswith(kind)
            policy = reply.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "script-src 'self';" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert "camera=(self)" in reply.headers["permissions-policy"]
            assert reply.headers["referrer-policy"] == "no-referrer"


async def test_a_ticket_is_given_back_once(server: ChatServer) -> None:
    """The second time, a made-up one, and something else are refused in words."""
    async with server.person("ann") as ann:
        await ann.join("team")
        ticket = await ticket_of(ann)
        reply = await give(server, {"ticket": ticket})
        told = reply.json()
        assert reply.headers["cache-control"] == "no-store"
        assert (told["conversationId"], told["userId"], told["key"] != ticket) == ("team", "ann", True)
        for again in (ticket, "made-up", told["key"]):
            refused = await give(server, {"ticket": again})
            assert (refused.status_code, refused.json()["error"]) == (403, USED)
        refused_bodies: tuple[Any, ...] = ({}, {"ticket": 1}, [], {"ticket": ticket, "more": 1})
        for bad in refused_bodies:
            assert (await give(server, bad)).status_code == 400


async def test_a_ticket_that_is_too_old_is_refused(
    server: ChatServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After half a minute."""
    async with server.person("ann") as ann:
        await ann.join("team")
        ticket = await ticket_of(ann)
        _later(server, 31, monkeypatch)
        assert (await give(server, {"ticket": ticket})).status_code == 403


async def test_who_may_not_speak_gets_no_ticket(server: ChatServer) -> None:
    """A stranger to the conversation, who has not joined it, and one who was made a reader."""
    async with server.person("ann") as ann, server.person("eve") as eve:
        await ann.join("team")
        with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
            await ticket_of(eve)
        await ann.invoke(ChatMethod.CREATE_CONVERSATION, {"id": "ours"})
        await ann.join("ours")
        await ann.invoke(ChatMethod.ADD_MEMBER, "ours", {"userId": "eve", "role": "reader"})
        await eve.join("ours")
        with pytest.raises(HubException):
            await ticket_of(eve, "ours")


async def test_a_seat_is_for_the_call_of_one_conversation_and_nothing_else(server: ChatServer) -> None:
    """No other conversation, no other method of either hub, no file: whoever steals the key has a call."""
    async with server.person("ann") as ann:
        await ann.join("team")
        await ann.join("board")
        key = await key_of(server, ann)
        async with connection_with(server, key) as page:
            await page.invoke(ChatMethod.JOIN_CONVERSATION, "team")
            call = await page.invoke(ChatMethod.JOIN_CALL, "team", "p", MEDIA)
            assert call["peers"][0]["userId"] == "ann"
            with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                await page.invoke(ChatMethod.JOIN_CONVERSATION, "board")
            allowed = {
                *(ChatMethod.JOIN_CONVERSATION, ChatMethod.JOIN_CALL, ChatMethod.UPDATE_CALL),
                *(ChatMethod.LEAVE_CALL, ChatMethod.SEND_SIGNAL),
            }
            for name in sorted(set(names_in(ChatMethod)) - allowed):
                with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                    await page.invoke(name)
        async with connection_with(server, key, STATUS_HUB_PATH) as status:
            for name in names_in(StatusMethod):
                with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                    await status.invoke(name)
        async with httpx2.AsyncClient(
            base_url=server.url, headers={"authorization": f"Bearer {key}"}
        ) as http:
            assert (await http.get(f"{FILES_PATH}/any")).status_code == 403
            query = {"conversationId": "team", "name": "x"}
            assert (await http.post(FILES_PATH, params=query, content=b"x")).status_code == 403


async def test_who_is_removed_has_no_seat_any_more(tmp_path: Path) -> None:
    """The page is out at once, and does not come in again."""
    settings = dataclasses.replace(FAST, visibility="members")
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.invoke(ChatMethod.CREATE_CONVERSATION, {"id": "ours"})
        await ann.join("ours")
        await ann.invoke(ChatMethod.ADD_MEMBER, "ours", "bob")
        await bob.join("ours")
        key = str((await give(server, {"ticket": await ticket_of(bob, "ours")})).json()["key"])
        async with connection_with(server, key) as page:
            await page.invoke(ChatMethod.JOIN_CONVERSATION, "ours")
            await page.invoke(ChatMethod.JOIN_CALL, "ours", "p", MEDIA)
            await ann.invoke(ChatMethod.REMOVE_MEMBER, "ours", "bob")
            await eventually(lambda: ann.of("CallUpdated")[-1][1] is None, what="the page is out of the call")
            with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                await page.invoke(ChatMethod.JOIN_CALL, "ours", "p", MEDIA)
            with pytest.raises(HubException, match=ErrorText.UNAUTHORIZED):
                await page.invoke(ChatMethod.JOIN_CONVERSATION, "ours")


async def test_a_seat_ends_after_its_page(server: ChatServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute after the connection has gone the key is good for nothing."""
    async with server.person("ann") as ann:
        await ann.join("team")
        key = await key_of(server, ann)
        async with connection_with(server, key) as page:
            await page.invoke(ChatMethod.JOIN_CONVERSATION, "team")
        seats: CallSeats = server.chat.chat_hub.seats
        await eventually(lambda: not seats._pages, what="it is gone")
        _later(server, 61, monkeypatch)
        with pytest.raises(ConnectionFailedError):
            async with connection_with(server, key):
                pass


async def test_no_ticket_and_no_key_is_in_a_log(server: ChatServer, caplog: pytest.LogCaptureFixture) -> None:
    """Not of those that are taken, and not of those that are refused."""
    with caplog.at_level(logging.DEBUG):
        async with server.person("ann") as ann:
            await ann.join("team")
            ticket = await ticket_of(ann)
            key = str((await give(server, {"ticket": ticket})).json()["key"])
            await give(server, {"ticket": ticket})
            async with connection_with(server, key) as page:
                await page.invoke(ChatMethod.JOIN_CONVERSATION, "team")
                with pytest.raises(HubException):
                    await page.invoke(ChatMethod.GET_HISTORY, "team", 1, 1)
            await asyncio.sleep(0)
    told = [record.getMessage() for record in caplog.records if not record.name.startswith("websockets")]
    assert any(record.name.startswith("conduit_widget.hub") for record in caplog.records)
    assert ticket not in " ".join(told)
    assert key not in " ".join(told)
