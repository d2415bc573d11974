"""Deleting messages over real sockets: who may, what is left, answers under way, two nodes, coming back."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.contract import ChatEvent, ChatMethod, ErrorText
from conduit_widget.errors import HubException
from tests.support.chat.cluster import NODES, cluster, postgres_cluster
from tests.support.chat.server import FAST, Person, chat_server
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.servers.postgres import shared_postgres
from tests.support.waiting import eventually

QUIET = dataclasses.replace(FAST, assistant="off")
SECRET = "the-combination-is-4711"


async def deleted(person: Person, message_id: str) -> dict[str, Any]:
    """Wait for a message's tombstone."""

    def found() -> dict[str, Any] | None:
        updates = [message for (message,) in person.of(ChatEvent.MESSAGE_UPDATED)]
        return next((m for m in updates if m["id"] == message_id and "deletedAt" in m["metadata"]), None)

    tombstone: dict[str, Any] = await eventually(found, what="the tombstone")
    return tombstone


async def test_author_and_owner_delete_and_nobody_else(tmp_path: Path) -> None:
    """What is left says who wrote it and who deleted it; a second call changes nothing."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
        server.person("cem") as cem,
    ):
        joined = await ann.join()
        for person in (bob, cem):
            await person.join()
        await bob.send(SECRET, id_="b1", note=SECRET)
        await bob.send(SECRET, id_="b2")
        with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
            await cem.invoke(ChatMethod.DELETE_MESSAGE, "b1")
        with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
            await bob.invoke(ChatMethod.DELETE_MESSAGE, "nothing")
        await bob.invoke(ChatMethod.DELETE_MESSAGE, "b1")
        await bob.invoke(ChatMethod.DELETE_MESSAGE, "b1")
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "b2")
        tombstone = await deleted(cem, "b2")
        assert tombstone["author"] == {"userId": "bob", "userName": "Bob"}
        assert (tombstone["content"], tombstone["metadata"]["deletedBy"]) == ("", "ann")
        assert cem.log() == [1, 2, 3, 4]
        cem.events.clear()
        page = await cem.invoke(ChatMethod.GET_HISTORY, "c", 100, 50)
        resumed = await cem.invoke(ChatMethod.RESUME_CONVERSATION, "c", joined["epoch"], 0)
        assert [event["seq"] for event in resumed["events"]] == [1, 2, 3, 4]
        assert SECRET not in repr((page, resumed, await cem.join()))
        receipt = await bob.send("again", id_="b1")
        assert receipt["seq"] == 1
        assert "again" not in repr(await cem.join())


async def test_answer_being_written_is_stopped_when_it_is_deleted(tmp_path: Path) -> None:
    """The provider's call ends, the text is gone, and the next question is answered."""
    never = asyncio.Event()
    provider = ScriptedProvider([SECRET, never], ["fine"])
    async with (
        chat_server(tmp_path / "h.db", provider, settings=FAST) as server,
        server.person("ann") as owner,
        server.person("bob") as bob,
    ):
        await owner.join()
        await bob.join()
        answer_id = (await bob.send("say it"))["answerId"]
        await owner.got(ChatEvent.STREAM_TOKEN)
        await bob.invoke(ChatMethod.DELETE_MESSAGE, answer_id)
        await deleted(owner, answer_id)
        await eventually(lambda: not server.chat.busy, what="the end of the generation")
        second = (await bob.send("and now"))["answerId"]
        assert (await owner.final(second))["content"] == "fine"
        joined = await owner.join()
        assert SECRET not in repr(joined)
        assert joined["streams"] == []


async def test_answers_to_a_deleted_question_stop_and_later_prompts_lack_it(tmp_path: Path) -> None:
    """A model never reads a deleted text; an answer that has begun ends with what it has."""
    never = asyncio.Event()
    provider = ScriptedProvider(["part", never], ["fine"])
    async with chat_server(tmp_path / "h.db", provider, settings=FAST) as server, server.person("ann") as ann:
        await ann.join()
        receipt = await ann.send(SECRET)
        await ann.got(ChatEvent.STREAM_TOKEN)
        await ann.invoke(ChatMethod.DELETE_MESSAGE, receipt["id"])
        assert (await ann.final(receipt["answerId"]))["metadata"]["finishReason"] == "cancelled"
        await ann.final((await ann.send("next"))["answerId"])
        assert SECRET not in repr(provider.requests[-1].messages)


async def test_id_copied_into_another_conversation_stands_in_for_no_message(tmp_path: Path) -> None:
    """Of several messages of one id one's own is meant, else the oldest."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        for person in (eve, ann):
            await person.join("hers")
            await person.join("c")
        await ann.send(SECRET, id_="m")
        await eve.send("copy", id_="m", conversation_id="hers")
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m")
        assert (await deleted(eve, "m"))["metadata"]["conversationId"] == "c"
        assert "copy" in repr(await eve.join("hers"))


@pytest.mark.parametrize("where", ["the writer's node", "the other node"])
@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_deletion_holds_on_every_node(tmp_path: Path, store: str, where: str) -> None:
    """Wherever it is asked for: the answer stops where it is written, and no node gives the text again."""
    never = asyncio.Event()
    providers = ScriptedProvider([SECRET, never]), ScriptedProvider(["fine"])
    run = (
        cluster(tmp_path / "h.db", *providers, settings=NODES)
        if store == "sqlite"
        else postgres_cluster(shared_postgres().new_database(), *providers, settings=NODES)
    )
    async with run as (running, nodes), nodes[0].person("ann") as ann, nodes[1].person("ann") as other:
        joined = await ann.join()
        await other.join()
        receipt = await ann.send(SECRET)
        await ann.got(ChatEvent.STREAM_TOKEN)
        await other.got(ChatEvent.STREAM_TOKEN)
        asks = ann if where == "the writer's node" else other
        await asks.invoke(ChatMethod.DELETE_MESSAGE, receipt["answerId"])
        await asks.invoke(ChatMethod.DELETE_MESSAGE, receipt["id"])
        for person in (ann, other):
            await deleted(person, receipt["answerId"])
            await deleted(person, receipt["id"])
        await eventually(lambda: not nodes[0].chat.busy, what="the end of the generation")
        assert SECRET not in repr(await nodes[1].backplane.window("conversation:c", 0))
        for person in (ann, other):
            resumed = await person.invoke(ChatMethod.RESUME_CONVERSATION, "c", joined["epoch"], 0)
            assert resumed["recovered"]
            assert SECRET not in repr((resumed, await person.join()))
        third = await running.node(ScriptedProvider(["fine"]))
        async with third.person("ann") as late:
            assert SECRET not in repr(await late.join())
            assert (await late.final((await late.send("next"))["answerId"]))["content"] == "fine"
