"""Conversations brought in over real sockets: whose they are, how they are marked, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conduit_widget.contract import ChatMethod
from conduit_widget.errors import HubException
from tests.support.chat.server import chat_server
from tests.support.providers.scripted_provider import ScriptedProvider


def batch(*messages: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """A batch of messages."""
    return {"source": "chatgpt", "messages": list(messages), **rest}


def said(id_: str, text: str = "words", role: str = "user", **rest: Any) -> dict[str, Any]:
    """A message of a batch."""
    return {"id": id_, "role": role, "content": text, **rest}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("", batch(said("q")), "key: must not be empty"),
    ("k", batch(said("q")) | {"source": ""}, "source: must be a name of 1 to 32 characters"),
    ("k", batch(said("q")) | {"title": "t" * 201}, "title: has 201 characters; the limit is 200"),
    ("k", batch(*[said(f"q{n}") for n in range(201)]), "messages: are 201 at once; the limit is 200"),
    ("k", batch(said("q", "")), "message: is empty"),
    ("k", batch(said("q", "x" * 32769)), "message: has 32769 bytes of text"),
    ("k", batch(said("q", timestamp="yesterday")), "timestamp: must be a time in ISO 8601"),
    ("k", batch(said("q", timestamp="0001-01-01T00:00:00+23:59")), "timestamp: must be a time in ISO 8601"),
    ("k", batch(said("q", parentId="p")), "parent id: names no message that stands before this one"),
    ("k", batch(said("q", replyTo="p")), "replyTo: names no message that stands before this one"),
    ("k", batch(said("q", role="system")), "batch"),
    ("k", batch({"id": "q", "role": "user", "content": 7}), "batch"),
    ("k", {"messages": []}, "batch"),
]


async def test_what_is_brought_in_is_its_owners_marked_and_not_answered(tmp_path: Path) -> None:
    """A model is asked only by what is said there afterwards, which continues what was brought in."""
    model = ScriptedProvider(["fine"])
    async with (
        chat_server(tmp_path / "h.db", model) as server,
        server.person("ann") as ann,
        server.person("eve") as eve,
    ):
        told = {"title": "Old talk", "done": False}
        when = "2020-01-02T03:04:05+02:00"
        first = batch(said("q", "Which?", author="Bob", timestamp=when), **told)
        receipt = await ann.invoke(ChatMethod.IMPORT_CONVERSATION, "file-1", first)
        id_ = receipt["conversationId"]
        assert (receipt["messages"], receipt["done"], receipt["existed"]) == (1, False, False)
        assert await ann.invoke(ChatMethod.LIST_CONVERSATIONS) == []
        for person in (ann, eve):
            with pytest.raises(HubException, match="Unauthorized"):
                await person.invoke(ChatMethod.JOIN_CONVERSATION, id_)
        last = batch(said("a", "That.", "assistant", parentId="q", model="gpt-9"), done=True)
        receipt = await ann.invoke(ChatMethod.IMPORT_CONVERSATION, "file-1", last)
        assert (receipt["conversationId"], receipt["messages"], receipt["done"]) == (id_, 2, True)
        again = await ann.invoke(ChatMethod.IMPORT_CONVERSATION, "file-1", first)
        assert (again["conversationId"], again["existed"], again["done"]) == (id_, True, True)
        other = await eve.invoke(ChatMethod.IMPORT_CONVERSATION, "file-1", first)
        assert other["conversationId"] != id_
        with pytest.raises(HubException, match="Unauthorized"):
            await eve.invoke(ChatMethod.JOIN_CONVERSATION, id_)
        joined = await ann.invoke(ChatMethod.JOIN_CONVERSATION, id_)
        question, reply = joined["messages"]
        assert question["author"] == {"userId": "imported:Bob", "userName": "Bob"}
        assert question["metadata"]["timestamp"] == "2020-01-02T01:04:05.000Z"
        assert (reply["metadata"]["model"], reply["metadata"]["status"]) == ("gpt-9", "complete")
        for each in (question, reply):
            imported = each["metadata"]["imported"]
            assert (imported["source"], imported["by"]) == ("chatgpt", "ann")
        assert (joined["conversation"]["title"], joined["conversation"]["visibility"]) == (
            "Old talk",
            "members",
        )
        assert model.requests == []


async def test_nobody_can_pretend_that_a_message_was_brought_in(tmp_path: Path) -> None:
    """The mark is the hub's alone; a message brought in never stands for another of the same id."""
    async with chat_server(tmp_path / "h.db") as server, server.person("ann") as ann:
        await ann.join()
        forged: dict[str, Any] = {"imported": {"by": "bob"}, "pinned": {"by": "bob"}, "respond": False}
        await ann.send("hello", id_="m", **forged)
        copy = batch(said("m", "other words", timestamp="1999-01-01T00:00:00Z"), done=True)
        receipt = await ann.invoke(ChatMethod.IMPORT_CONVERSATION, "k", copy)
        await ann.invoke(ChatMethod.JOIN_CONVERSATION, receipt["conversationId"])
        await ann.invoke(ChatMethod.DELETE_MESSAGE, "m")
        [message] = (await ann.join())["messages"]
        assert "deletedAt" in message["metadata"]
        assert not {"imported", "pinned"} & message["metadata"].keys()


async def test_a_refusal_names_the_field_and_nothing_is_left(tmp_path: Path) -> None:
    """In one line; a time to come is no error, it is left out."""
    async with chat_server(tmp_path / "h.db") as server, server.person("ann") as ann:
        for key, sent, expected in REFUSED:
            with pytest.raises(HubException) as refused:
                await ann.invoke(ChatMethod.IMPORT_CONVERSATION, key, sent)
            assert expected in str(refused.value)
            assert "\n" not in str(refused.value)
        assert await ann.invoke(ChatMethod.LIST_CONVERSATIONS) == []
        future = batch(said("q", timestamp="2999-01-01T00:00:00Z"), done=True)
        receipt = await ann.invoke(ChatMethod.IMPORT_CONVERSATION, "k", future)
        joined = await ann.invoke(ChatMethod.JOIN_CONVERSATION, receipt["conversationId"])
        assert joined["messages"][0]["metadata"]["timestamp"] < "2999"
