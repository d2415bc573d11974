"""The hub's disk is full, then freed: people are told, nothing is lost, and it goes on by itself."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.chat.live import answer_writing, conversation_work
from conduit_widget.chat.status.readiness import store_check
from conduit_widget.contract import ChatEvent, ErrorText
from conduit_widget.errors import HubException, StoreFullError
from conduit_widget.types import Author, ChatMessage
from tests.support.chat.server import FAST, Person, chat_server
from tests.support.chat.small_disk import SmallDisk, small_disk
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

TEXT = "word " * 2000
IMPATIENT = dataclasses.replace(FAST, finish_patience=0.0)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """A disk of 3 MiB."""
    with small_disk(tmp_path) as disk:
        yield disk


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_writing, "RETRY", 0.1)
    monkeypatch.setattr(conversation_work, "RETRY", 0.1)


async def refused_for_room(person: Person) -> bool:
    """Send until there is no room: whatever is in the file's free pages takes a message or two."""
    try:
        await person.send(TEXT, respond=False)
    except HubException as error:
        return str(error) == ErrorText.DISK_FULL
    return False


@pytest.mark.parametrize("settings", [FAST, IMPATIENT], ids=["soon", "late"])
async def test_answer_has_its_end_and_text_when_there_is_room_again(
    disk: SmallDisk, tmp_path: Path, settings: Any
) -> None:
    """Senders hear that the disk is full, ``/readyz`` too; once freed the answer ends with all its text."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["The whole ", gate, TEXT * 4])
    ready = store_check(disk.store).check
    async with (
        chat_server(tmp_path, provider, store=disk.store, settings=settings) as server,
        server.person("ann") as ann,
    ):
        await ann.join()
        answer_id = (await ann.send("a question"))["answerId"]
        await eventually(lambda: ann.streamed(answer_id) == "The whole ")
        assert await ready() is None
        await disk.fill()
        await eventually(lambda: refused_for_room(ann), what="a full disk")
        assert await ready() == ErrorText.DISK_FULL
        gate.set()
        await eventually(lambda: provider.running == 0)
        await eventually(ready)
        assert not [m for (m,) in ann.of(ChatEvent.MESSAGE_UPDATED) if m["id"] == answer_id]
        await disk.free()
        final = await ann.final(answer_id)
        assert (final["content"], final["metadata"]["status"]) == ("The whole " + TEXT * 4, "complete")
        assert await ready() is None
        receipt = await ann.send("and on", respond=False)
        await eventually(lambda: receipt["seq"] in ann.log())
        assert ann.log() == list(range(1, receipt["seq"] + 1))


async def test_readiness_is_back_without_a_write_of_anybody(disk: SmallDisk) -> None:
    """Nothing need be said for the hub to know that there is room again."""
    store: HistoryStore = disk.store
    await store.start()
    await store.create("c", owner_id="ann", visibility="open", assistant="off")
    await disk.fill()
    message = ChatMessage(id="m", role="user", content=TEXT, author=Author(user_id="ann", user_name="Ann"))

    async def is_full() -> bool:
        nonlocal message
        message = ChatMessage(id=message.id + "x", role="user", content=TEXT, author=message.author)
        try:
            await store.append("c", "ann", message)
        except StoreFullError:
            return True
        return False

    await eventually(is_full)
    ready = store_check(store).check
    assert await ready() == ErrorText.DISK_FULL
    await disk.free()
    assert await ready() is None
    await store.aclose()
