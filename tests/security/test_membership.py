"""Membership over the wire: who may change it, what a change does at once, and what a stranger learns."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat import SqliteHistoryStore
from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.contract import ChatEvent, ChatMethod, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.types import ConversationOptions, MemberOptions
from tests.support.chat.server import FAST, Person, chat_server
from tests.support.waiting import eventually

MEMBERS = dataclasses.replace(FAST, assistant="off", visibility="members")
UNAUTHORIZED = f"^{ErrorText.UNAUTHORIZED}$"


def chat(person: Person) -> ChatHubClient:
    """Return the typed proxy over a person's connection."""
    return ChatHubClient(person.connection)


async def test_conversation_is_created_listed_and_its_own_only(tmp_path: Path) -> None:
    """Its creator owns and sees it; nobody else sees it; a retry returns the same one."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        options = ConversationOptions(id="plans", title="  Plans for דנה ", assistant="mention")
        made = await chat(ann).create_conversation(options)
        assert (made.conversation_id, made.title, made.role) == ("plans", "Plans for דנה", "owner")
        assert (made.visibility, made.assistant, made.seq) == ("members", "mention", 0)
        assert await chat(ann).create_conversation(options) == made
        second = await chat(ann).create_conversation(ConversationOptions(visibility="open"))
        assert len(second.conversation_id) == 36
        assert {item.conversation_id for item in await chat(ann).list_conversations()} == {
            "plans",
            second.conversation_id,
        }
        assert await chat(eve).list_conversations() == []
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await chat(eve).create_conversation(options)
        await ann.join("plans")
        await ann.send("newest", conversation_id="plans")
        assert [item.seq for item in await chat(ann).list_conversations()] == [1, 0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"id": ""}, "conversation id: must not be empty"),
        ({"id": "x" * 129}, "conversation id: has 129 characters"),
        ({"id": "a\u202eb"}, "conversation id: must not contain control or invisible characters"),
        ({"title": "x" * 201}, "title: has 201 characters; the limit is 200"),
        ({"title": "pay\u202eroll"}, "title: must not contain control or invisible characters"),
        ({"title": "a\nb"}, "title: must not contain control or invisible characters"),
        ({"title": 7}, "argument 'options'"),
        ({"visibility": "public"}, "argument 'options'"),
        ({"assistant": "sometimes"}, "argument 'options'"),
        ("c", "argument 'options'"),
        (None, "argument 'options'"),
    ],
)
async def test_wrong_options_are_refused_by_name(tmp_path: Path, options: Any, expected: str) -> None:
    """Nothing is created, and nothing echoed."""
    async with chat_server(tmp_path / "h.db", settings=MEMBERS) as server, server.person("ann") as ann:
        with pytest.raises(HubException, match=expected) as refused:
            await ann.invoke(ChatMethod.CREATE_CONVERSATION, options)
        for echoed in ("roll", "public", "sometimes"):
            assert echoed not in str(refused.value)
        assert await chat(ann).list_conversations() == []


async def test_owner_adds_and_removes_people_whether_anybody_is_there_or_not(tmp_path: Path) -> None:
    """A user id makes a member, the options form any role; what changes takes effect at once."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("rae") as rae,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        await chat(ann).add_member("c", "bob")
        await chat(ann).add_member("c", MemberOptions(user_id="rae", role="reader"))
        await chat(ann).add_member("c", MemberOptions(user_id="rae", role="reader"))
        assert [item.role for item in await chat(bob).list_conversations()] == ["member"]
        await bob.join()
        await rae.join()
        await bob.send("hello")
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await rae.send("me too")
        await chat(ann).add_member("c", MemberOptions(user_id="rae", role="member"))
        await rae.send("now")
        await bob.invoke(ChatMethod.START_TYPING, "c")
        await rae.got(ChatEvent.USER_TYPING)
        await chat(ann).add_member("c", MemberOptions(user_id="bob", role="reader"))
        await eventually(lambda: rae.of(ChatEvent.USER_TYPING)[-1] == ["bob", False], what="typing ended")
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await bob.send("still")
        await rae.got(ChatEvent.RECEIVE_MESSAGE, 2)
        await chat(ann).remove_member("c", "rae")
        await chat(ann).remove_member("c", "rae")
        await chat(ann).remove_member("c", "nobody")
        await ann.join()
        await ann.send("without rae")
        await bob.got(ChatEvent.RECEIVE_MESSAGE, 3)
        assert await chat(rae).list_conversations() == []
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await rae.join()
        assert len(rae.of(ChatEvent.RECEIVE_MESSAGE)) == 2


async def test_removed_member_hears_of_it_at_once_on_every_connection_and_nobody_else(tmp_path: Path) -> None:
    """Without a call of theirs; what comes later reaches them no more; added again they may come back."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("bob") as laptop,
        server.person("bob") as elsewhere,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        await chat(ann).add_member("c", MemberOptions(user_id="bob", role="reader"))
        for person in (ann, bob, laptop):
            await person.join()
        await chat(ann).add_member("c", MemberOptions(user_id="bob", role="member"))
        await chat(ann).remove_member("c", "bob")
        for connection in (bob, laptop):
            assert await connection.got(ChatEvent.REMOVED_FROM_CONVERSATION) == [["c"]]
        await ann.send("without bob")
        assert bob.of(ChatEvent.RECEIVE_MESSAGE) == []
        await chat(ann).add_member("c", "bob")
        assert len((await bob.join())["messages"]) == 1
        for person in (ann, elsewhere):
            assert person.of(ChatEvent.REMOVED_FROM_CONVERSATION) == []
        assert len(bob.of(ChatEvent.REMOVED_FROM_CONVERSATION)) == 1


async def test_only_owners_change_who_belongs(tmp_path: Path) -> None:
    """Members, readers and strangers are refused as if there were no such conversation; nothing changes."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("rae") as rae,
        server.person("eve") as eve,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        await chat(ann).add_member("c", "bob")
        await chat(ann).add_member("c", MemberOptions(user_id="rae", role="reader"))
        await bob.join()
        before = await server.chat.store.members("c")
        texts = set()
        for person in (bob, rae, eve):
            for conversation_id in ("c", "there-is-none"):
                for attempt in (
                    (ChatMethod.ADD_MEMBER, conversation_id, person.user_id),
                    (ChatMethod.ADD_MEMBER, conversation_id, {"userId": person.user_id, "role": "owner"}),
                    (ChatMethod.REMOVE_MEMBER, conversation_id, "ann"),
                    (ChatMethod.REMOVE_MEMBER, conversation_id, person.user_id),
                ):
                    with pytest.raises(HubException) as refused:
                        await person.invoke(*attempt)
                    texts.add(str(refused.value))
        assert texts == {ErrorText.UNAUTHORIZED}
        assert await server.chat.store.members("c") == before
        assert await server.chat.store.find("there-is-none") is None


async def test_last_owner_stays(tmp_path: Path) -> None:
    """A conversation never ends up without an owner; the text says what to do first."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        for attempt in (
            chat(ann).remove_member("c", "ann"),
            chat(ann).add_member("c", "ann"),
            chat(ann).add_member("c", MemberOptions(user_id="ann", role="reader")),
        ):
            with pytest.raises(HubException, match=r"last owner.*somebody else an owner"):
                await attempt
        await chat(ann).add_member("c", MemberOptions(user_id="bob", role="owner"))
        await chat(ann).remove_member("c", "ann")
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await chat(ann).add_member("c", "ann")
        assert [item.role for item in await chat(bob).list_conversations()] == ["owner"]


async def test_nobody_is_taken_out_of_an_open_conversation(tmp_path: Path) -> None:
    """Where everybody may join, removing would be an empty promise; roles can still be given."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c", visibility="open"))
        await bob.join()
        with pytest.raises(HubException, match="open to everybody"):
            await chat(ann).remove_member("c", "bob")
        await chat(ann).add_member("c", MemberOptions(user_id="bob", role="reader"))
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await bob.send("quiet")


@pytest.mark.parametrize(
    "member",
    ["", "x" * 129, "bo\u202eb", "bo\nb", 7, None, {}, {"userId": "bob", "role": "god"}],
)
async def test_member_that_cannot_be_is_refused(tmp_path: Path, member: Any) -> None:
    """A user id is what a token's subject may be; a role is one of three."""
    async with chat_server(tmp_path / "h.db", settings=MEMBERS) as server, server.person("ann") as ann:
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        with pytest.raises(HubException, match=r"user id|'member'") as refused:
            await ann.invoke(ChatMethod.ADD_MEMBER, "c", member)
        assert "god" not in str(refused.value)
        assert await server.chat.store.members("c") == [("ann", "owner")]


class SlowStore(SqliteHistoryStore):
    """Holds snapshots back until told."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.reading = asyncio.Event()
        self.go_on = asyncio.Event()

    async def snapshot(self, *args: Any, **kwargs: Any) -> Any:
        found = await super().snapshot(*args, **kwargs)
        self.reading.set()
        await self.go_on.wait()
        return found


async def test_member_removed_while_joining_is_not_let_in(tmp_path: Path) -> None:
    """Between the check at the door and the room, membership may be lost: it counts."""
    store = SlowStore(tmp_path / "h.db")
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS, store=store) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        await chat(ann).add_member("c", "bob")
        joining = asyncio.create_task(bob.join())
        await store.reading.wait()
        await chat(ann).remove_member("c", "bob")
        store.go_on.set()
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await joining
        await ann.join()
        await ann.send("secret")
        await ann.got(ChatEvent.RECEIVE_MESSAGE)
        assert bob.of(ChatEvent.RECEIVE_MESSAGE) == []
        inside = server.chat.chat_hub.groups.members("conversation:c")
        assert {member.user.user_id for member in inside} == {"ann"}
