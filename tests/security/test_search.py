"""Search over the wire: only what the caller may read is found, and nothing of what was taken away."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.contract import ChatMethod, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.types import ConversationOptions, MemberOptions, SearchOptions
from tests.support.chat.server import FAST, Person, chat_server

MEMBERS = dataclasses.replace(FAST, assistant="off", visibility="members")
UNAUTHORIZED = f"^{ErrorText.UNAUTHORIZED}$"


def chat(person: Person) -> ChatHubClient:
    """Return the typed proxy over a person's connection."""
    return ChatHubClient(person.connection)


async def found(person: Person, query: str, **options: Any) -> list[str]:
    """The texts of the hits."""
    result = await chat(person).search_messages(query, SearchOptions(**options))
    return [hit.message["content"] for hit in result.hits]


async def test_only_what_the_caller_may_read_is_found(tmp_path: Path) -> None:
    """A stranger finds nothing, a reader what they may read, a removed member nothing any more."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("rae") as rae,
        server.person("eve") as eve,
    ):
        await ann.join("plans")
        await ann.join("private")
        await ann.send("the treasure is here", conversation_id="plans")
        await ann.send("my treasure", conversation_id="private")
        await chat(ann).add_member("plans", MemberOptions(user_id="rae", role="reader"))
        await eve.join("own")
        assert await found(ann, "treasure") == ["my treasure", "the treasure is here"]
        assert await found(rae, "treasure") == ["the treasure is here"]
        assert await found(rae, "treasure", conversation_id="plans") == ["the treasure is here"]
        assert await found(eve, "treasure") == []
        for person, conversation_id in ((eve, "plans"), (rae, "private"), (eve, "nowhere")):
            with pytest.raises(HubException, match=UNAUTHORIZED):
                await found(person, "treasure", conversation_id=conversation_id)
        await rae.join("plans")
        await chat(ann).remove_member("plans", "rae")
        assert await found(rae, "treasure") == []
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await found(rae, "treasure", conversation_id="plans")


async def test_a_role_that_was_just_lost_takes_nothing_else_from_a_search(tmp_path: Path) -> None:
    """Before the hub has heard of it: that conversation is passed over, the others are searched."""
    store = SqliteHistoryStore(tmp_path / "h.db")
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS, store=store) as server,
        server.person("ann") as ann,
        server.person("rae") as rae,
    ):
        await ann.join("plans")
        await ann.send("the treasure is here", conversation_id="plans")
        await chat(ann).add_member("plans", MemberOptions(user_id="rae", role="reader"))
        await rae.join("plans")
        await rae.join("own")
        await rae.send("a treasure of my own", conversation_id="own")
        await store.set_role("plans", "rae", None)
        assert await found(rae, "treasure") == ["a treasure of my own"]


async def test_an_open_conversation_is_searched_by_who_is_in_it(tmp_path: Path) -> None:
    """Joined without a role: it is found while one is there."""
    settings = dataclasses.replace(MEMBERS, visibility="open")
    async with (
        chat_server(tmp_path / "h.db", settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        await ann.send("a treasure")
        assert await found(bob, "treasure") == []
        await bob.join()
        assert await found(bob, "treas") == ["a treasure"]
        assert await found(bob, "treasure", author="bob") == []


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("",), "query: needs a letter or a digit"),
        (("* ' \"", {}), "query: needs a letter or a digit"),
        (("x" * 201, {}), "query: has 201 characters; the limit is 200"),
        (("x", {"limit": 0}), "limit: must be from 1 to 50"),
        (("x", {"limit": 51}), "limit: must be from 1 to 50"),
        (("x", {"since": "yesterday"}), "since: must be a time"),
        (("x", {"until": "9" * 30}), "until: must be a time"),
        (("x", {"beforeSeq": 0, "conversationId": "c"}), "beforeSeq: must be from 1"),
        (("x", {"beforeSeq": 9}), "beforeSeq: is a position in one conversation"),
        (("x", {"role": "owner"}), "argument 'options'"),
        (("x", {"author": ""}), "user id: must not be empty"),
    ],
)
async def test_wrong_searches_are_refused_by_name(tmp_path: Path, arguments: Any, expected: str) -> None:
    """The field and its limit are named."""
    async with chat_server(tmp_path / "h.db", settings=MEMBERS) as server, server.person("ann") as ann:
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        with pytest.raises(HubException, match=expected):
            await ann.invoke(ChatMethod.SEARCH_MESSAGES, *arguments)
