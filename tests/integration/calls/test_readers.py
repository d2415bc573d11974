"""Who may only read takes no part in a call: by an access that only reads, or by the role of a reader."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conduit_widget.chat.call_settings import CallSettings
from conduit_widget.client.hub_connection import HubConnection
from conduit_widget.contract import (
    ACCESS_CLAIM,
    CHAT_HUB_PATH,
    READ_ONLY_ACCESS,
    ChatEvent,
    ChatMethod,
    ErrorText,
)
from conduit_widget.errors import HubException
from tests.support.chat.server import FAST, ChatServer, Person, chat_server
from tests.support.hub.server import token_with

OFFER = {"description": {"type": "offer", "sdp": "v=0"}}
SECRET = "the-secret-of-north-that-is-long-enough"
SITE = CallSettings(
    turn_urls=("turn:t.example",),
    turn_secret="the-shared-secret",
    livekit_url="wss://l.example",
    livekit_key="north",
    livekit_secret=SECRET,
)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChatServer]:
    """A hub whose site has servers for calls, so that there is something to be had."""
    settings = dataclasses.replace(FAST, calls=SITE, visibility="members")
    async with chat_server(tmp_path / "h.db", settings=settings) as running:
        yield running


@contextlib.asynccontextmanager
async def reader(server: ChatServer, kind: str) -> AsyncIterator[Person]:
    """Connect somebody who may only read."""
    claims = {ACCESS_CLAIM: READ_ONLY_ACCESS} if kind == "access" else {}
    access_token = token_with("eve", **claims)
    connection = HubConnection(server.url + CHAT_HUB_PATH, access_token=lambda: access_token, retry=None)
    person = Person(connection, "eve")
    async with connection:
        yield person


@pytest.mark.parametrize(
    ("kind", "role", "why"),
    [("access", "member", ErrorText.READ_ONLY), ("role", "reader", ErrorText.UNAUTHORIZED)],
)
async def test_who_may_only_read_is_refused(server: ChatServer, kind: str, role: str, why: str) -> None:
    """Neither a place in the call, nor a signal, nor a ticket; they see that there is one."""
    async with server.person("ann") as ann, reader(server, kind) as eve:
        await ann.invoke(ChatMethod.CREATE_CONVERSATION, {"id": "ours"})
        await ann.invoke(ChatMethod.ADD_MEMBER, "ours", {"userId": "eve", "role": role})
        await ann.join("ours")
        await ann.invoke(ChatMethod.JOIN_CALL, "ours", "a", {"audio": True})
        joined = await eve.join("ours")
        assert [peer["peerId"] for peer in joined["call"]["peers"]] == ["a"]
        for method, arguments in (
            (ChatMethod.JOIN_CALL, ("e", {"audio": True})),
            (ChatMethod.JOIN_CALL, ("a", {})),
            (ChatMethod.UPDATE_CALL, ("a", {})),
            (ChatMethod.SEND_SIGNAL, ("e", "a", OFFER)),
            (ChatMethod.SEND_SIGNAL, ("a", "e", OFFER)),
            (ChatMethod.OPEN_CALL_PAGE, ()),
        ):
            with pytest.raises(HubException, match=why):
                await eve.invoke(method, "ours", *arguments)
        with contextlib.suppress(HubException):
            await eve.invoke(ChatMethod.LEAVE_CALL, "ours", "a")
        call = await ann.invoke(ChatMethod.JOIN_CALL, "ours", "a", {"audio": True})
        assert [peer["peerId"] for peer in call["peers"]] == ["a"]
        assert ann.of(ChatEvent.SIGNAL) == []
        told = repr((joined, eve.events))
        for secret in (call["iceServers"][0]["credential"], call["sfu"]["token"], SECRET):
            assert secret not in told
