"""Importing from Python and from a view, on a real hub that can go away in the middle."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

import conduit_widget
from conduit_widget.chat_client.conversation.requests import Requests
from conduit_widget.contract import ErrorText
from conduit_widget.errors import ConnectionLostError, HubException, ValidationError
from conduit_widget.kernel.loop_thread import stop_loop_thread
from conduit_widget.types import ImportBatch, ImportReceipt
from conduit_widget.widget.browser import front_end
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.take_along import bringing
from conduit_widget.widget.take_along.bringing import PIECE_BYTES
from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import CommLedger, recorded_comms
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

TURNS = 130
"""More than a batch of messages."""


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
    """A running hub whose model answers."""
    async with chat_server(tmp_path / "history.sqlite3", ScriptedProvider(["fine"])) as running:
        yield running


@pytest.fixture
async def chat(server: ChatServer, comms: CommLedger) -> AsyncIterator[Chat]:
    """Ann's live chat."""
    chat = Chat("team", hub_url=server.url, token=token("ann"))
    await asyncio.to_thread(chat.wait_connected, 30)
    yield chat
    await asyncio.to_thread(chat.close)


def exported(title: str, turns: int = TURNS, text: str = "Question") -> dict[str, Any]:
    """A conversation as ChatGPT exports it, with a question asked twice at its end."""
    mapping: dict[str, Any] = {}

    def node(id_: str, parent: str | None, role: str, said: str) -> None:
        content = {"content_type": "text", "parts": [said]}
        message = {"author": {"role": role}, "content": content, "create_time": 1.6e9 + len(mapping)}
        mapping[id_] = {"message": message, "parent": parent}

    for n in range(turns):
        node(f"q{n}", f"a{n - 1}" if n else None, "user", f"{text} {n}")
        node(f"a{n}", f"q{n}", "assistant", f"Answer {n}")
    node("other", f"q{turns - 1}", "assistant", "Another answer")
    return {
        "title": title,
        "mapping": mapping,
        "current_node": f"a{turns - 1}",
        "default_model_slug": "gpt-4o",
    }


async def test_a_file_becomes_conversations_of_ones_own_once(
    server: ChatServer, chat: Chat, tmp_path: Path
) -> None:
    """In order, with branches, times and models; a long text in parts; a new question continues it."""
    path = tmp_path / "conversations.json"
    long = "".join(f'Line {n} of "quoted" text.\n' for n in range(4000))
    path.write_text(json.dumps([exported("Long ago"), exported("Longer", 1, long), {"title": "Broken"}]))
    told: list[tuple[int, int]] = []
    table = await chat.import_(path, on_progress=lambda done, total: told.append((done, total)))
    assert [(each.info.title, each.info.messages, each.info.existed) for each in table] == [
        ("Long ago", 2 * TURNS + 1, False),
        ("Longer", 3, False),
        ("Broken", 0, False),
    ]
    assert told == sorted(told)
    assert told[-1] == (2 * TURNS + 4, 2 * TURNS + 4)
    assert len(told) > 3
    assert "not imported: has no messages" in repr(table)
    assert "<table" in table._repr_mimebundle_()["text/html"]
    with pytest.raises(KeyError):
        table[2].open()
    imported = table[0].open()
    await asyncio.to_thread(imported.wait_connected, 30)
    everything = [message async for message in imported.history()]
    assert len(everything) == 2 * TURNS + 1
    assert [each.text for each in everything[-2:]] == ["Another answer", f"Answer {TURNS - 1}"]
    assert {each.parent_id for each in everything[-2:]} == {everything[-3].id}
    assert everything[1].metadata["model"] == "gpt-4o"
    assert everything[0].metadata["timestamp"] == "2020-09-13T12:26:40.000Z"
    assert (await imported.ask("And now?")).text == "fine"
    await asyncio.to_thread(imported.close)
    longer = table[1].open()
    parts = [message async for message in longer.history()]
    assert "".join(part.text for part in parts[:-2]) == f"{long} 0"
    assert all(len(json.dumps(part.text)) <= PIECE_BYTES for part in parts)
    await asyncio.to_thread(longer.close)

    again = await asyncio.to_thread(
        conduit_widget.import_conversation, path, hub_url=server.url, token=token("ann")
    )
    assert [each.info.existed for each in again] == [True, True, False]
    assert [each.info.conversation_id for each in again] == [each.info.conversation_id for each in table]
    listed = await asyncio.to_thread(conduit_widget.conversations, hub_url=server.url, token=token("ann"))
    assert sorted(entry.info.title or "" for entry in listed) == ["", "Long ago", "Longer"]


async def test_what_was_cut_off_goes_on_and_is_not_seen_before(
    server: ChatServer, chat: Chat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that is lost or comes too soon is sent again, goes in once; a killed run ends whole later."""
    path = tmp_path / "conversations.json"
    path.write_text(json.dumps([exported("Long ago")]))
    send = Requests.import_batch
    calls = 0

    async def lossy(self: Requests, key: str, batch: ImportBatch) -> ImportReceipt:
        nonlocal calls
        if not calls:
            calls += 1
            raise HubException(ErrorText.RATE_LIMIT)
        calls += 1
        receipt = await send(self, key, batch)
        if calls == 3:
            raise ConnectionLostError("lost")
        if calls == 4:
            raise asyncio.CancelledError
        return receipt

    monkeypatch.setattr(Requests, "import_batch", lossy)
    monkeypatch.setattr(bringing, "_RATE_PAUSE", 0.0)
    cut = chat.import_(path)
    await eventually(cut.done, what="the end of the first run")
    listed = await asyncio.to_thread(conduit_widget.conversations, hub_url=server.url, token=token("ann"))
    assert [entry.info.title for entry in listed] == [None]
    [entry] = await chat.import_(path)
    assert not entry.info.existed
    imported = entry.open()
    assert len([message async for message in imported.history()]) == 2 * TURNS + 1
    await asyncio.to_thread(imported.close)


async def test_a_view_hands_a_file_over(chat: Chat, comms: CommLedger) -> None:
    """Piece by piece; another file takes its place; what is wrong is said."""

    async def ask(action: str, **rest: Any) -> Any:
        id_ = f"{len(comms.view.custom)}-{action}"
        comms.view.receive({"kind": "import", "requestId": id_, "action": action, **rest})

        def reply() -> dict[str, Any] | None:
            return next((m for m in comms.view.custom if m.get("requestId") == id_), None)

        found = await eventually(reply, what="a reply")
        return found["result"] if found["ok"] else found["error"]["message"]

    data = json.dumps([exported("One", 1), exported("Two", 1)]).encode()
    assert "the limit is 32 MiB" in await ask("begin", size=2**25 + 1)
    first = await ask("begin", size=3)
    upload = await ask("begin", size=len(data))
    assert "taken the place" in await ask("part", id=first, at=0, data="AAAA")
    half = base64.b64encode(data[:900]).decode()
    for _ in range(2):
        assert await ask("part", id=upload, at=0, data=half) is None
    assert "came damaged" in await ask("part", id=upload, at=900, data="?")
    assert "has changed" in await ask("part", id=upload, at=901, data="AAAA")
    assert "in part only" in await ask("read", id=upload)
    await ask("part", id=upload, at=900, data=base64.b64encode(data[900:]).decode())
    assert await ask("read", id=upload) == {"conversations": 2, "messages": 6}
    one = await ask("next", id=upload)
    assert (one["left"], one["conversation"]["title"], one["conversation"]["problem"]) == (1, "One", None)
    assert (await ask("next", id=upload))["left"] == 0
    assert "taken the place" in await ask("next", id=upload)
    assert "file: is no JSON" in await read_bad(ask)
    assert "action" in await ask("other")


async def read_bad(ask: Any) -> Any:
    """Hand over what is no JSON."""
    upload = await ask("begin", size=3)
    await ask("part", id=upload, at=0, data=base64.b64encode(b"{x}").decode())
    return await ask("read", id=upload)


async def test_what_is_no_file_is_said_at_once(chat: Chat, tmp_path: Path) -> None:
    """Before anything is done."""
    for wrong, expected in ((3, "must be a string"), (tmp_path, "names no file"), ("no", "names no file")):
        with pytest.raises(ValidationError, match=expected):
            chat.import_(wrong)  # type: ignore[arg-type]
