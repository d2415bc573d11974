"""Search, history, export, the list and what views ask for around them, on a real hub."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import conduit_widget
from conduit_widget.errors import HubException, ValidationError
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from tests.support.chat.server import FAST, ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import CommLedger, recorded_comms
from tests.support.waiting import eventually

SILENT = dataclasses.replace(FAST, assistant="off")
MESSAGES = 230
"""More than a page of history."""


@pytest.fixture
def comms(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CommLedger]:
    """Recorded comms and a stand-in browser part."""
    (tmp_path / "chat.js").write_text("export default {};")
    monkeypatch.setattr(front_end, "STATIC", tmp_path)
    with recorded_comms(monkeypatch) as ledger:
        yield ledger
    stop_loop_thread()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ChatServer]:
    """A running hub with a conversation of many messages."""
    async with chat_server(tmp_path / "history.sqlite3", settings=SILENT) as running:
        async with running.person("ann") as ann:
            await ann.join("team")
            for n in range(MESSAGES):
                await ann.send(f"number {n}", conversation_id="team")
        yield running


@pytest.fixture
async def chat(server: ChatServer, comms: CommLedger) -> AsyncIterator[Chat]:
    """Ann's live chat of it."""
    chat = Chat("team", hub_url=server.url, token=token("ann"))
    await asyncio.to_thread(chat.wait_connected, 30)
    yield chat
    await asyncio.to_thread(chat.close)


async def asked(comms: CommLedger, **content: Any) -> Any:
    """Send a view's request; return the reply."""
    id_ = f"r{len(comms.view.custom)}-{content['kind']}"
    comms.view.receive({"requestId": id_, **content})

    def reply() -> dict[str, Any] | None:
        return next((m for m in comms.view.custom if m.get("requestId") == id_), None)

    found = await eventually(reply, what="a reply")
    return found["result"] if found["ok"] else found["error"]


async def test_search_finds_in_the_whole_conversation(chat: Chat) -> None:
    """Also what was never loaded here; hits are a table, and a wrong query is refused in one line."""
    found = await chat.search('"number 7"')
    assert [hit.message["content"] for hit in found] == ["number 7"]
    assert "number 7" in repr(found)
    assert "<mark>number 7</mark>" in found._repr_mimebundle_()["text/html"]
    assert len(await chat.search("number", limit=50)) == 50
    with pytest.raises(HubException, match="query: needs a letter"):
        await chat.search("?")
    with pytest.raises(ValidationError, match=r"^query: must be a string, not NoneType"):
        chat.search(None)  # type: ignore[arg-type]
    for options in ({"since": "2026-01-01"}, {"until": "2026-01-01"}):
        with pytest.raises(ValidationError, match=r": must be a datetime\.datetime, not str"):
            chat.search("number", **options)  # type: ignore[arg-type]


async def test_history_is_everything_in_order(chat: Chat) -> None:
    """Page by page, in a plain and in an async cell, without loading it into the view."""
    expected = [f"number {n}" for n in range(MESSAGES)]
    assert [message.text async for message in chat.history()] == expected
    assert await asyncio.to_thread(lambda: [message.text for message in chat.history()]) == expected
    assert len(chat.messages) == 50
    assert repr(chat.history()) == "<history: read it with `for` or `async for`>"


async def test_export_writes_the_whole_conversation(chat: Chat, tmp_path: Path) -> None:
    """The suffix says how; no token is in it."""
    for name in ("chat.md", "chat.json", "chat.html", "chat.ipynb"):
        path = await chat.export(tmp_path / name)
        text = path.read_text(encoding="utf-8")
        assert all(f"number {n}" in text for n in (0, 117, MESSAGES - 1))
        assert token("ann")[:20] not in text
    assert len(json.loads((tmp_path / "chat.json").read_text())["messages"]) == MESSAGES
    with pytest.raises(ValidationError, match="format"):
        chat.export(tmp_path / "chat.docx")


async def test_conversations_are_a_table_whose_rows_open(server: ChatServer, chat: Chat) -> None:
    """Titles, unread counts and the newest message; a row opens its chat."""
    table = await asyncio.to_thread(conduit_widget.conversations, hub_url=server.url, token=token("ann"))
    assert [entry.info.conversation_id for entry in table] == ["team"]
    assert "number 229" in repr(table)
    assert "<table" in table._repr_mimebundle_()["text/html"]
    other = table[0].open()
    await asyncio.to_thread(other.wait_connected, 30)
    assert other.conversation_id == "team"
    await asyncio.to_thread(other.close)
    with pytest.raises(KeyError):
        table.open("nowhere")


async def test_views_are_served(server: ChatServer, chat: Chat, comms: CommLedger) -> None:
    """What a view asks for: search, a jump, the list, settings, members, an export; and that it was read."""
    chat._repr_mimebundle_()
    found = await asked(comms, kind="search", query="number 3", options={"limit": 5})
    assert found["hits"][0]["conversationId"] == "team"
    await asked(comms, kind="around", seq=10)
    loaded = [message.metadata["seq"] for message in chat.messages]
    assert loaded == list(range(loaded[0], MESSAGES + 1)), "the transcript has no holes"
    assert loaded[0] <= 10
    (shown,) = await asked(comms, kind="conversations")
    assert shown["conversationId"] == "team"
    renamed = await asked(comms, kind="conversation", action="rename", title="Our plans")
    assert renamed["title"] == "Our plans"
    updated = await asked(comms, kind="conversation", action="update", systemPrompt="Be brief.", pinned=True)
    assert (updated["title"], updated["pinned"]) == ("Our plans", True)
    ops = await eventually(
        lambda: [op for m in comms.view.custom for op in m.get("ops", ()) if op["op"] == "conversation"]
    )
    assert ops[0]["conversation"]["title"] == "Our plans"
    made = await asked(comms, kind="conversation", action="create", title="New", visibility="members")
    assert made["role"] == "owner"
    await asked(comms, kind="members", action="add", userId="bob", role="reader")
    members = await asked(comms, kind="members", action="list")
    assert {(each["userId"], each["role"]) for each in members} == {("ann", "owner"), ("bob", "reader")}
    taken = await asked(comms, kind="export", format="markdown")
    assert taken["name"] == "Our-plans.md"
    assert "number 0" in taken["text"]
    comms.view.receive({"kind": "read", "seq": 100})
    comms.view.receive({"kind": "read", "seq": 90})
    store = server.chat.store

    async def is_marked() -> bool:
        return await store.read_marks("team") == {"ann": 100}

    await eventually(is_marked, what="the read mark")
    await asked(comms, kind="conversation", action="delete", conversationId=made["conversationId"])
    assert await store.find(made["conversationId"]) is None
    for wrong in (
        {"kind": "search", "query": "", "options": {}},
        {"kind": "search", "query": "x", "options": {"limit": "many"}},
        {"kind": "conversation", "action": "explode"},
        {"kind": "conversation", "action": "rename", "title": 7},
        {"kind": "members", "action": "role", "userId": "bob", "role": "king"},
        {"kind": "export", "format": "pdf"},
    ):
        assert (await asked(comms, **wrong))["code"] in ("invalid", "refused")
