"""Conversations over the wire: read marks, settings, the list, and the end; alone and over two nodes."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat_client.hub_proxies import ChatHubClient
from conduit_widget.contract import ChatEvent, ErrorText
from conduit_widget.errors import HubException
from conduit_widget.types import ConversationOptions, ConversationPatch, MemberInfo, MemberOptions
from tests.support.chat.cluster import NODES, cluster
from tests.support.chat.server import FAST, Person, chat_server
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

SILENT = dataclasses.replace(FAST, assistant="off")
MEMBERS = dataclasses.replace(SILENT, visibility="members")
UNAUTHORIZED = f"^{ErrorText.UNAUTHORIZED}$"


def chat(person: Person) -> ChatHubClient:
    """Return the typed proxy over a person's connection."""
    return ChatHubClient(person.connection)


def marks(person: Person, conversation_id: str = "c") -> dict[str, int]:
    """Return the read marks that a person was told of since they joined."""
    told: dict[str, int] = {}
    for id_, risen in person.of(ChatEvent.READ_MARKS_UPDATED):
        assert id_ == conversation_id
        assert all(seq > told.get(user_id, 0) for user_id, seq in risen.items()), "a mark fell"
        told.update(risen)
    return told


async def test_read_marks_are_told_kept_and_never_fall(tmp_path: Path) -> None:
    """Everybody hears of them at most once a second; later joins and the list of people have them."""
    async with (
        chat_server(tmp_path / "h.db", settings=SILENT) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        assert (await ann.join())["readMarks"] == {}
        await bob.join()
        for _ in range(4):
            await ann.send()
        for seq in (1, 3, 2, 4, 1):
            await chat(bob).mark_read("c", seq)
        await chat(bob).mark_read("c", 10**9)
        await eventually(lambda: marks(ann) == {"bob": 4}, what="the newest mark")
        assert len(ann.of(ChatEvent.READ_MARKS_UPDATED)) <= 2
        joined = await ann.join()
        assert joined["readMarks"] == {"bob": 4}
        assert {p["userId"]: p["lastReadSeq"] for p in joined["participants"]} == {"ann": 0, "bob": 4}
    async with chat_server(tmp_path / "h.db", settings=SILENT) as server, server.person("ann") as ann:
        assert (await ann.join())["readMarks"] == {"bob": 4}


async def test_strangers_mark_nothing_and_readers_do(tmp_path: Path) -> None:
    """A mark needs the right to read, not to write, and goes with it; a position out of range is refused."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("rae") as rae,
        server.person("eve") as eve,
    ):
        await ann.join()
        await ann.send()
        await chat(ann).add_member("c", MemberOptions(user_id="rae", role="reader"))
        await rae.join()
        await chat(rae).mark_read("c", 1)
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await chat(eve).mark_read("c", 1)
        with pytest.raises(HubException, match="seq: must be from 0"):
            await chat(rae).mark_read("c", -1)
        assert await server.chat.store.read_marks("c") == {"rae": 1}
        await chat(ann).remove_member("c", "rae")
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await chat(rae).mark_read("c", 1)
        assert await server.chat.store.read_marks("c") == {}


async def test_list_shows_title_unread_and_the_newest_message(tmp_path: Path) -> None:
    """The list has what a switcher shows; somebody who has read it all has nothing unread."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c", title="Plans"))
        await chat(ann).add_member("c", "bob")
        await ann.join()
        await bob.join()
        receipt = await ann.send("  first   line\n" + "word " * 100)
        (shown,) = await chat(bob).list_conversations()
        assert (shown.title, shown.unread, shown.last_read_seq, shown.role) == ("Plans", 1, 0, "member")
        assert shown.last_message is not None
        assert (shown.last_message.id, shown.last_message.author) == (receipt["id"], "Ann")
        assert shown.last_message.preview.startswith("first line word word")
        assert len(shown.last_message.preview) == 120
        await chat(bob).mark_read("c", receipt["seq"])
        (shown,) = await chat(bob).list_conversations()
        assert (shown.unread, shown.last_read_seq) == (0, receipt["seq"])
        assert (await chat(ann).list_conversations())[0].unread == 0


async def test_owner_changes_settings_and_everybody_is_told(tmp_path: Path) -> None:
    """Title, assistant, system prompt and pin reach all; only an owner may; a joiner gets them whole."""
    async with (
        chat_server(tmp_path / "h.db", settings=MEMBERS) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        joined = await ann.join()
        assert joined["conversation"] == {
            "conversationId": "c",
            "visibility": "members",
            "assistant": "off",
            "role": "owner",
        }
        await chat(ann).add_member("c", "bob")
        assert (await bob.join())["conversation"]["role"] == "member"
        patch = ConversationPatch(
            title=" Plans ", system_prompt="Be brief.", pinned=True, assistant="mention"
        )
        changed = await chat(ann).update_conversation("c", patch)
        assert (changed.title, changed.system_prompt, changed.pinned) == ("Plans", "Be brief.", True)
        ((told,),) = await bob.got(ChatEvent.CONVERSATION_UPDATED)
        assert told == {
            "conversationId": "c",
            "visibility": "members",
            "assistant": "mention",
            "title": "Plans",
            "systemPrompt": "Be brief.",
            "pinned": True,
        }
        for refused in (bob,):
            with pytest.raises(HubException, match=UNAUTHORIZED):
                await chat(refused).update_conversation("c", patch)
        with pytest.raises(HubException, match="title: has 201 characters"):
            await chat(ann).update_conversation("c", ConversationPatch(title="x" * 201))
        with pytest.raises(HubException, match="system_prompt: has 5000 bytes"):
            await chat(ann).update_conversation("c", ConversationPatch(system_prompt="x" * 5000))
        await chat(ann).add_member("c", MemberOptions(user_id="bob", role="reader"))
        role = await bob.got(ChatEvent.CONVERSATION_UPDATED, 2)
        assert role[-1][0]["role"] == "reader"
        assert await chat(bob).list_members("c") == [
            MemberInfo(user_id="ann", role="owner"),
            MemberInfo(user_id="bob", role="reader"),
        ]


async def test_system_prompt_of_the_conversation_is_read_unless_the_message_has_its_own(
    tmp_path: Path,
) -> None:
    """The model is told what the owner has set; a question's own prompt goes before it."""
    provider = ScriptedProvider(["one"], ["two"], ["three"])
    async with chat_server(tmp_path / "h.db", provider) as server, server.person("ann") as ann:
        await ann.join()
        await chat(ann).update_conversation("c", ConversationPatch(system_prompt="Speak Latin."))
        await ann.final((await ann.send("hi"))["answerId"])
        await ann.final((await ann.send("hi", parameters={"systemPrompt": "Speak Greek."}))["answerId"])
        await chat(ann).update_conversation("c", ConversationPatch(system_prompt=""))
        await ann.final((await ann.send("hi"))["answerId"])
    systems = [request.messages[0].content for request in provider.requests]
    assert systems == ["Speak Latin.", "Speak Greek.", "You are a helpful assistant."]


async def test_deleted_conversation_is_gone_for_everybody(tmp_path: Path) -> None:
    """Only an owner deletes it; who is in is told, an answer under way ends, and nothing is left to read."""
    provider = ScriptedProvider(["half", asyncio.Event()])
    settings = dataclasses.replace(FAST, visibility="members", create_on_join=False)
    async with (
        chat_server(tmp_path / "h.db", provider, settings=settings) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        await chat(ann).add_member("c", "bob")
        await ann.join()
        await bob.join()
        receipt = await ann.send("a secret")
        await eventually(lambda: ann.streamed(receipt["answerId"]) == "half", what="the answer's beginning")
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await chat(bob).delete_conversation("c")
        await chat(ann).delete_conversation("c")
        assert await bob.got(ChatEvent.REMOVED_FROM_CONVERSATION) == [["c"]]
        await eventually(lambda: not server.chat.busy, what="the answer's end")
        for person in (ann, bob):
            assert await chat(person).list_conversations() == []
            for call in (person.join(), person.send(), chat(person).get_history("c", 10, 10)):
                with pytest.raises(HubException, match=UNAUTHORIZED):
                    await call
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await chat(ann).delete_conversation("c")
        await chat(bob).create_conversation(ConversationOptions(id="c"))
        assert (await bob.join())["messages"] == []


async def test_deleted_conversations_count_no_longer(tmp_path: Path) -> None:
    """A connection may have so many conversations at a time, and any number one after the other."""
    settings = dataclasses.replace(FAST, assistant="off", conversations_per_connection=2)
    async with chat_server(tmp_path / "h.db", settings=settings) as server, server.person("ann") as ann:
        for name in ("a", "b", "c", "d"):
            await ann.join(name)
            await chat(ann).delete_conversation(name)
        assert await ann.got(ChatEvent.REMOVED_FROM_CONVERSATION, 4) == [["a"], ["b"], ["c"], ["d"]]


async def test_settings_marks_and_the_end_reach_the_other_node(tmp_path: Path) -> None:
    """What one node is told holds on the other; a deleted conversation is left there, too."""
    settings = dataclasses.replace(NODES, assistant="off", visibility="members", create_on_join=False)
    provider = ScriptedProvider(["half", asyncio.Event()])
    async with (
        cluster(tmp_path / "h.db", None, provider, settings=settings) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("bob") as bob,
    ):
        await chat(ann).create_conversation(ConversationOptions(id="c"))
        await chat(ann).add_member("c", "bob")
        await ann.join()
        await bob.join()
        await ann.send()
        await bob.got(ChatEvent.RECEIVE_MESSAGE)
        await chat(bob).mark_read("c", 1)
        await eventually(lambda: marks(ann) == {"bob": 1}, what="a mark over the bus")
        await chat(ann).update_conversation("c", ConversationPatch(title="T", assistant="always"))
        ((told,),) = await bob.got(ChatEvent.CONVERSATION_UPDATED)
        assert told["title"] == "T"
        receipt = await bob.send("is answered now")
        await eventually(lambda: bob.streamed(receipt["answerId"]) == "half", what="the answer's beginning")
        await chat(ann).delete_conversation("c")
        assert await bob.got(ChatEvent.REMOVED_FROM_CONVERSATION) == [["c"]]
        await eventually(lambda: not nodes[1].chat.busy, what="the answer's end on the other node")
        for node in nodes:
            assert await node.backplane.window("conversation:c", 0) == []
        with pytest.raises(HubException, match=UNAUTHORIZED):
            await bob.join()


async def test_resume_tells_what_was_read_and_set_meanwhile(tmp_path: Path) -> None:
    """What stands in no log is whole in a resume's result."""
    async with (
        chat_server(tmp_path / "h.db", settings=SILENT) as server,
        server.person("ann") as ann,
    ):
        joined = await ann.join()
        await ann.send()
        async with server.person("bob") as bob:
            before: dict[str, Any] = await bob.join()
        await chat(ann).mark_read("c", 1)
        await chat(ann).update_conversation("c", ConversationPatch(title="New"))
        async with server.person("bob") as bob:
            resumed = await chat(bob).resume_conversation("c", joined["epoch"], before["seq"])
            assert resumed is not None
            assert resumed.recovered
            assert resumed.read_marks == {"ann": 1}
            assert resumed.conversation is not None
            assert (resumed.conversation.title, resumed.conversation.role) == ("New", "member")
