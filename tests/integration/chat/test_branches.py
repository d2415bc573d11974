"""Edits, other answers and what a model reads of a branch, over real sockets."""

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


def newest(person: Person, message_id: str) -> dict[str, Any]:
    """Return the newest version of a message that the person was sent."""
    names = (ChatEvent.RECEIVE_MESSAGE, ChatEvent.MESSAGE_UPDATED)
    versions = [args[0] for name, args in person.events if name in names and args[0]["id"] == message_id]
    version: dict[str, Any] = versions[-1]
    return version


async def test_unanswered_message_is_edited_in_its_place(tmp_path: Path) -> None:
    """Its version counts up, the old text is gone, also for whoever reads the log from its beginning."""
    async with (
        chat_server(tmp_path / "h.db", settings=QUIET) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        joined = await bob.join()
        await ann.join()
        sent = await ann.send("first wording", id_="m", mine=1)
        receipt = await ann.invoke(ChatMethod.EDIT_MESSAGE, "m", "second wording")
        assert receipt == sent
        [[edited]] = await bob.got(ChatEvent.MESSAGE_UPDATED)
        assert (edited["content"], edited["metadata"]["version"]) == ("second wording", 2)
        assert (edited["metadata"]["seq"], edited["metadata"]["mine"]) == (1, 1)
        assert edited["metadata"]["editedAt"]
        await ann.invoke(ChatMethod.EDIT_MESSAGE, "m", "second wording")
        await ann.invoke(ChatMethod.EDIT_MESSAGE, "m", [{"type": "text", "text": "third wording"}])
        await bob.got(ChatEvent.MESSAGE_UPDATED, 2)
        assert bob.log() == [1, 2, 3]
        resumed = await bob.invoke(ChatMethod.RESUME_CONVERSATION, "c", joined["epoch"], 0)
        assert "first" not in repr((resumed, await bob.join()))
        assert "second" not in repr(resumed)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("", "message: is empty"),
        ("x" * 32_769, "message: has 32769 bytes"),
        (7, "message: must be text or a list of parts"),
        ([{"type": "file"}], "message: must have only text and image_url parts"),
    ],
)
async def test_wrong_text_is_refused_by_name(tmp_path: Path, content: Any, expected: str) -> None:
    """As in a new message."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        await ann.send("hello", id_="m")
        with pytest.raises(HubException, match=expected):
            await ann.invoke(ChatMethod.EDIT_MESSAGE, "m", content)


async def test_nobody_edits_what_they_did_not_write(tmp_path: Path) -> None:
    """Not an owner, not an answer, not what was deleted."""
    async with (
        chat_server(tmp_path / "h.db", ScriptedProvider(["fine"]), settings=FAST) as server,
        server.person("ann") as owner,
        server.person("bob") as bob,
    ):
        await owner.join()
        await bob.join()
        receipt = await bob.send("hello", id_="m")
        await bob.final(receipt["answerId"])
        for message_id in ("m", receipt["answerId"], "nothing"):
            with pytest.raises(HubException, match=f"^{ErrorText.UNAUTHORIZED}$"):
                await owner.invoke(ChatMethod.EDIT_MESSAGE, message_id, "mine")
        await bob.invoke(ChatMethod.DELETE_MESSAGE, "m")
        with pytest.raises(HubException, match="message: was deleted"):
            await bob.invoke(ChatMethod.EDIT_MESSAGE, "m", "again")
        with pytest.raises(HubException, match="cannot be answered again: its question was deleted"):
            await bob.invoke(ChatMethod.REGENERATE_MESSAGE, receipt["answerId"])


async def test_answered_message_gets_a_sibling_that_is_answered_anew(tmp_path: Path) -> None:
    """The old branch stays; the prompt of the new answer has the chain of its own ancestors only."""
    provider = ScriptedProvider(["one"], ["two"], ["two again"], ["after"])
    async with chat_server(tmp_path / "h.db", provider, settings=FAST) as server, server.person("ann") as ann:
        await ann.join()
        first = await ann.send("the root", id_="q1", parameters={"temperature": 0.5})
        await ann.final(first["answerId"])
        second = await ann.send("old wording", id_="q2")
        await ann.final(second["answerId"])
        receipt = await ann.invoke(ChatMethod.EDIT_MESSAGE, "q2", "new wording")
        assert receipt["id"] not in ("q1", "q2")
        await ann.final(receipt["answerId"])
        sibling = newest(ann, receipt["id"])
        assert (sibling["parentId"], sibling["metadata"]["editOf"]) == (first["answerId"], "q2")
        assert [each.content for each in provider.requests[-1].messages[1:]] == [
            *("the root", "one", "new wording"),
        ]
        again = await ann.invoke(ChatMethod.EDIT_MESSAGE, "q2", "new wording")
        assert again == receipt
        children = await server.chat.store.children("c", first["answerId"])
        assert children == ["q2", receipt["id"]]
        root = await ann.invoke(ChatMethod.EDIT_MESSAGE, "q1", "another root")
        await ann.final(root["answerId"])
        assert await server.chat.store.children("c", None) == ["q1", root["id"]]
        assert [each.content for each in provider.requests[-1].messages[1:]] == ["another root"]
        assert provider.requests[-1].parameters.temperature == 0.5
        assert "parentId" not in newest(ann, root["id"])
        assert (newest(ann, "q1"))["content"] == "the root"


async def test_edit_after_a_deleted_edit_makes_another_sibling(tmp_path: Path) -> None:
    """A tombstone is nobody's receipt."""
    async with (
        chat_server(tmp_path / "h.db", ScriptedProvider(["fine"]), settings=FAST) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        await ann.final((await ann.send("old", id_="q"))["answerId"])
        first = await ann.invoke(ChatMethod.EDIT_MESSAGE, "q", "new")
        await ann.final(first["answerId"])
        await ann.invoke(ChatMethod.DELETE_MESSAGE, first["id"])
        second = await ann.invoke(ChatMethod.EDIT_MESSAGE, "q", "new")
        assert second["id"] != first["id"]
        await ann.final(second["answerId"])


async def test_question_is_answered_again_as_it_asked_or_as_the_options_say(tmp_path: Path) -> None:
    """The new answer stands beside the old one; the same ``answerId`` again begins no other."""
    provider = ScriptedProvider(["one"], ["two"], ["three"])
    async with chat_server(tmp_path / "h.db", provider, settings=FAST) as server, server.person("ann") as ann:
        await ann.join()
        first = await ann.send("hello", id_="q", parameters={"temperature": 0.25, "maxTokens": 9})
        await ann.final(first["answerId"])
        options = {
            "answerId": "again",
            "model": "m2",
            "parameters": {"maxTokens": 5},
            "systemPrompt": "Brief.",
        }
        receipt = await ann.invoke(ChatMethod.REGENERATE_MESSAGE, first["answerId"], options)
        assert (receipt["id"], receipt["answerId"], receipt["seq"]) == ("again", "again", 4)
        final = await ann.final("again")
        assert (final["parentId"], final["content"]) == ("q", "two")
        assert await ann.invoke(ChatMethod.REGENERATE_MESSAGE, "q", options) == receipt
        request = provider.requests[-1]
        assert len(provider.requests) == 2
        assert [(each.role, each.content) for each in request.messages] == [
            ("system", "Brief."),
            ("user", "hello"),
        ]
        assert (request.model, request.parameters.temperature, request.parameters.max_tokens) == (
            "m2",
            0.25,
            5,
        )
        plain = await ann.invoke(ChatMethod.REGENERATE_MESSAGE, "q")
        assert (await ann.final(plain["answerId"]))["content"] == "three"
        assert await server.chat.store.children("c", "q") == [
            *(first["answerId"], "again", plain["answerId"]),
        ]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"model": 7}, "model: must be text"),
        ({"parameters": []}, "parameters: must be an object"),
        ({"parameters": {"temperature": 9}}, "temperature: must be a number from 0 to 2"),
        ({"systemPrompt": 1}, "system_prompt: must be text"),
        ({"answerId": ""}, "answerId: must not be empty"),
        ({"answerId": "q"}, "answerId: is already in use"),
    ],
)
async def test_wrong_options_are_refused_by_name(tmp_path: Path, options: Any, expected: str) -> None:
    """And nothing is begun."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        await ann.send("hello", id_="q")
        with pytest.raises(HubException, match=expected):
            await ann.invoke(ChatMethod.REGENERATE_MESSAGE, "q", options)
        assert not server.chat.busy
        assert (await ann.join())["seq"] == 1


async def test_question_that_had_no_answer_has_one_then(tmp_path: Path) -> None:
    """It counts as answered from there on: an edit is a sibling."""
    async with chat_server(tmp_path / "h.db", settings=QUIET) as server, server.person("ann") as ann:
        await ann.join()
        await ann.send("hello", id_="q")
        receipt = await ann.invoke(ChatMethod.REGENERATE_MESSAGE, "q")
        await ann.final(receipt["answerId"])
        edited = await ann.invoke(ChatMethod.EDIT_MESSAGE, "q", "hallo")
        assert edited["id"] != "q"
        await ann.final(edited["answerId"])


async def test_message_continues_the_branch_it_names(tmp_path: Path) -> None:
    """A view that looks at an older branch sends the id of the last message it shows."""
    provider = ScriptedProvider(["one"], ["two"], ["three"])
    async with chat_server(tmp_path / "h.db", provider, settings=FAST) as server, server.person("ann") as ann:
        await ann.join()
        first = await ann.send("hello", id_="q")
        await ann.final(first["answerId"])
        await ann.final((await ann.invoke(ChatMethod.REGENERATE_MESSAGE, "q"))["answerId"])
        message = {"id": "q2", "role": "user", "content": "go on", "parentId": first["answerId"]}
        receipt = await ann.invoke(ChatMethod.SEND_MESSAGE, "c", message)
        await ann.final(receipt["answerId"])
        assert [each.content for each in provider.requests[-1].messages[1:]] == ["hello", "one", "go on"]
        for field, value, expected in (
            ("parentId", "nothing", "parent id: names no message of this conversation"),
            ("metadata", {"replyTo": "nothing"}, "replyTo: names no message of this conversation"),
            ("metadata", {"replyTo": 7}, "replyTo: must be text"),
            ("metadata", {"mentions": "bob"}, "mentions: must be a list"),
            ("metadata", {"mentions": ["x"] * 51}, "mentions: has 51 entries; the limit is 50"),
            ("metadata", {"mentions": ["x" * 129]}, "mentions: has 129 characters; the limit is 128"),
        ):
            wrong = {"id": "q3", "role": "user", "content": "hello", field: value}
            with pytest.raises(HubException, match=expected):
                await ann.invoke(ChatMethod.SEND_MESSAGE, "c", wrong)
        reply = await ann.send("to that", id_="q4", replyTo="q", mentions=["bob"], respond=False)
        assert reply["seq"] > receipt["seq"]
        metadata = (newest(ann, "q4"))["metadata"]
        assert (metadata["replyTo"], metadata["mentions"]) == ("q", ["bob"])


async def test_mentioned_model_answers(tmp_path: Path) -> None:
    """Where only who is mentioned answers, a mark counts as the text does."""
    settings = dataclasses.replace(FAST, assistant="mention")
    async with chat_server(tmp_path / "h.db", settings=settings) as server, server.person("ann") as ann:
        await ann.join()
        assert "answerId" not in await ann.send("hello", mentions=["bob"])
        receipt = await ann.send("hello", mentions=["bob", "assistant"])
        await ann.final(receipt["answerId"])


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
async def test_branches_are_the_same_on_every_node(tmp_path: Path, store: str) -> None:
    """Edited and answered again on the other node: one log, one tree, each answer written once."""
    providers = ScriptedProvider(["one"]), ScriptedProvider(["two"], ["three"])
    run = (
        cluster(tmp_path / "h.db", *providers, settings=NODES)
        if store == "sqlite"
        else postgres_cluster(shared_postgres().new_database(), *providers, settings=NODES)
    )
    async with run as (_, nodes), nodes[0].person("ann") as ann, nodes[1].person("ann") as other:
        await ann.join()
        await other.join()
        await other.final((await ann.send("hello", id_="q"))["answerId"])
        edited, again = await asyncio.gather(
            other.invoke(ChatMethod.EDIT_MESSAGE, "q", "hallo"),
            other.invoke(ChatMethod.REGENERATE_MESSAGE, "q"),
        )
        for person in (ann, other):
            for receipt in (edited, again):
                await person.final(receipt["answerId"])
        await eventually(lambda: len(ann.log()) == len(other.log()) == 8, what="the whole log")
        assert ann.log() == other.log() == list(range(1, 9))
        assert len(providers[1].requests) == 2


@pytest.mark.parametrize("node", [0, 1])
async def test_asking_again_for_an_answer_under_way_does_not_silence_it(tmp_path: Path, node: int) -> None:
    """The same id again, as after a lost connection, on whatever node: the deltas go on for everybody."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["one"], ["begun, ", gate, "ended"])
    async with (
        cluster(tmp_path / "h.db", provider, None, settings=NODES) as (_, nodes),
        nodes[0].person("ann") as ann,
        nodes[1].person("ann") as other,
    ):
        await ann.join()
        await other.join()
        await other.final((await ann.send("hello", id_="q"))["answerId"])
        receipt = await ann.invoke(ChatMethod.REGENERATE_MESSAGE, "q", {"answerId": "a"})
        for person in (ann, other):
            await eventually(lambda person=person: person.streamed("a") == "begun, ", what="the beginning")  # type: ignore[misc]
        retries = (ann, other)[node]
        assert await retries.invoke(ChatMethod.REGENERATE_MESSAGE, "q", {"answerId": "a"}) == receipt
        gate.set()
        for person in (ann, other):
            assert (await person.final("a"))["content"] == person.streamed("a") == "begun, ended"
        assert len(provider.requests) == 2
