"""The chat at the prompt while the hub is away: what it keeps, shows and sends, over a real hub."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from conduit_widget.chat_client.sending.queue_view import queue_of
from conduit_widget.widget.attachments.waiting_files import PREFIX
from conduit_widget.widget.chat.chat import Chat
from conduit_widget.widget.requests import files, messages
from conduit_widget.widget.requests.handler import Handler
from conduit_widget.widget.tables.queued_table import QueuedTable
from tests.integration.widget.test_chat import closed, comms
from tests.support.chat.server import ChatServer, chat_server
from tests.support.hub.server import token
from tests.support.kernel.comm import CommLedger
from tests.support.network.fault_proxy import FaultProxy
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

__all__ = ["comms"]  # the fixture


class Way:
    """A way to the hub that can be cut."""

    def __init__(self, server: ChatServer) -> None:
        self._proxy = FaultProxy([urlsplit(server.url).port or 0], None)
        self._listener: asyncio.Server | None = None
        self.port = 0

    async def open(self) -> None:
        """Let everybody through, at the same address as before."""
        self._listener = await asyncio.start_server(self._proxy.serve, "127.0.0.1", self.port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Let nobody through."""
        if self._listener is not None:
            self._listener.close()
        await self._proxy.drop_all()


@asynccontextmanager
async def away(tmp_path: Path) -> AsyncIterator[tuple[ChatServer, Way, Chat]]:
    """A chat that has lost its hub."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server:
        way = Way(server)
        await way.open()
        chat = Chat("team", hub_url=f"http://127.0.0.1:{way.port}", token=token("ann"))
        await asyncio.to_thread(chat.wait_connected, 30)
        connectivity = chat._backend.conversation.connectivity
        await way.cut()
        await eventually(lambda: connectivity.info.message is not None, what="the loss is noticed")
        try:
            yield server, way, chat
        finally:
            await closed(chat)
            await way.cut()


async def back(way: Way, chat: Chat) -> None:
    """The hub is back."""
    await way.open()
    backend = chat._backend
    chat._thread.call(backend.conversation.retry_now)
    await asyncio.to_thread(chat.wait_connected, 30)


async def begun_at_hub(chat: Chat, name: str, size: int) -> dict[str, Any]:
    """Begin to attach a file until the hub has it: on a machine that stood still the hub may seem away."""

    async def begun() -> dict[str, Any] | None:
        found: dict[str, Any] = await asked(chat, files.handle, kind="fileBegin", name=name, size=size)
        return None if found["path"].startswith(PREFIX) else found

    found: dict[str, Any] = await eventually(begun, what="the hub takes the file")
    return found


async def queued(chat: Chat, count: int) -> QueuedTable:
    """Wait until so much waits."""
    found: list[QueuedTable] = []

    async def look() -> bool:
        found[:] = [await asyncio.to_thread(lambda: chat.queued)]
        return len(found[0]) == count

    await eventually(look, what=f"{count} wait")
    return found[0]


async def test_queue_at_the_prompt(tmp_path: Path, comms: CommLedger) -> None:
    """It is listed, edited, ordered and emptied, and what is left of it arrives in order."""
    async with away(tmp_path) as (server, way, chat):
        sent = []
        for number in range(3):
            sent.append(chat.send(f"text {number}", respond=False))
            table = await queued(chat, number + 1)
        assert "text 1" in repr(table)
        assert "waits" in table._repr_mimebundle_()["text/html"]
        await asyncio.to_thread(table[0].edit, "other words")
        await asyncio.to_thread(table[2].move, 0)
        await asyncio.to_thread(table[1].delete)
        assert [each.text for each in await queued(chat, 2)] == ["text 2", "other words"]
        await back(way, chat)
        await queued(chat, 0)
        async with server.person("bob") as bob:
            said = (await bob.join("team"))["messages"]
        assert [each["content"] for each in said] == ["text 2", "other words"]
        told = await asyncio.gather(*sent, return_exceptions=True)
        assert ["deleted from the queue" in str(each) for each in told] == [False, True, False]


async def test_files_wait_with_their_message(tmp_path: Path, comms: CommLedger) -> None:
    """They are read when they are sent; the hub has them before the message."""
    path = tmp_path / "figures.csv"
    path.write_text("a,b\n1,2\n")
    async with away(tmp_path) as (_, way, chat):
        sending = chat.send("This month's.", files=[path, b"more"], respond=False)
        await queued(chat, 1)
        path.unlink()
        await back(way, chat)
        receipt = await sending
        assert receipt.seq > 0
        await queued(chat, 0)
        message = chat.messages[-1]
        assert [file.name for file in message.files][:1] == ["figures.csv"]
        assert await asyncio.to_thread(message.files[0].read) == b"a,b\n1,2\n"


async def asked(chat: Chat, handle: Handler, **content: Any) -> Any:
    """Ask as a view of the chat does; return the result."""
    works: list[Coroutine[Any, Any, Any]] = []
    assert handle({"requestId": "r", **content}, chat._backend, lambda _, work: works.append(work))
    return await asyncio.wrap_future(chat._thread.submit(works[0]))


async def attached(chat: Chat, name: str, content: bytes) -> str:
    """Attach a file in a view, in two pieces; return its id."""
    begun = await asked(chat, files.handle, kind="fileBegin", name=name, size=len(content))
    half = len(content) // 2
    piece = {"kind": "filePiece", "path": begun["path"]}
    first = {**piece, "start": 0, "last": False, "buffers": [content[:half]]}
    assert await asked(chat, files.handle, **first) == {"offset": half}
    assert await asked(chat, files.handle, **first) == {"offset": half}, "asked twice, it is there once"
    rest = {**piece, "start": half, "last": True, "buffers": [content[half:]]}
    told = await asked(chat, files.handle, **rest)
    assert told["file"]["name"] == name
    return str(told["file"]["id"])


async def test_files_attached_in_a_view_wait_with_their_message(tmp_path: Path, comms: CommLedger) -> None:
    """What a view hands over while the hub is away is in the queue, on disk, with the message."""
    async with away(tmp_path) as (_, way, chat):
        ids = [await attached(chat, "a.txt", b"first file"), await attached(chat, "b.txt", b"the second")]
        message = {"kind": "send", "id": "m1", "text": "Two files", "files": ids, "respond": False}
        sending = asyncio.ensure_future(asked(chat, messages.handle, **message))
        [entry] = await queued(chat, 1)
        assert entry.text == "Two files"
        outbox = chat._backend.conversation.sender.outbox
        assert outbox is not None
        assert [file.name for file in outbox.shown[0].files] == ["a.txt", "b.txt"]
        assert [item.files for item in queue_of(outbox, None).items] == [["a.txt", "b.txt"]]
        await back(way, chat)
        await sending
        await queued(chat, 0)
        said = next(each for each in chat.messages if each.id == "m1")
        assert [await asyncio.to_thread(file.read) for file in said.files] == [b"first file", b"the second"]


async def test_file_whose_upload_the_hub_left_begins_anew_here(
    tmp_path: Path, comms: CommLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view hears that it is gone, and hands the file over again; one that the hub has goes along."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server:
        way = Way(server)
        await way.open()
        chat = Chat("team", hub_url=f"http://127.0.0.1:{way.port}", token=token("ann"))
        await asyncio.to_thread(chat.wait_connected, 30)
        there = await attached(chat, "there.txt", b"at the hub")
        begun = await begun_at_hub(chat, "cut.txt", size=4)
        monkeypatch.setattr(files, "GIVEN_UP_AFTER", 0.1)
        await way.cut()
        piece = {"kind": "filePiece", "path": begun["path"], "start": 0, "last": True, "buffers": [b"cut!"]}
        assert await asked(chat, files.handle, **piece) == {"offset": -1}
        ids = [there, await attached(chat, "cut.txt", b"cut!")]
        message = {"kind": "send", "id": "m1", "text": "", "files": ids}
        sending = asyncio.ensure_future(asked(chat, messages.handle, **message))
        await queued(chat, 1)
        await back(way, chat)
        await sending
        said = next(each for each in chat.messages if each.id == "m1")
        assert [file.name for file in said.files] == ["there.txt", "cut.txt"]
        await closed(chat)
        await way.cut()


async def test_changes_at_the_prompt_wait(tmp_path: Path, comms: CommLedger) -> None:
    """An edit and a reaction are kept, and done when the hub is back."""
    async with chat_server(tmp_path / "h", ScriptedProvider(["fine"])) as server:
        way = Way(server)
        await way.open()
        chat = Chat("team", hub_url=f"http://127.0.0.1:{way.port}", token=token("ann"))
        receipt = await chat.send("before", respond=False)
        connectivity = chat._backend.conversation.connectivity
        await way.cut()
        await eventually(lambda: connectivity.info.message is not None)
        edit, reaction = chat.edit(receipt, "after"), chat.react(receipt, "!")
        table = await queued(chat, 2)
        assert {each.kind for each in table} == {"edit", "react"}
        await back(way, chat)
        await edit
        await reaction
        await eventually(lambda: chat.messages[-1].text == "after")
        await eventually(lambda: chat.messages[-1].metadata.get("reactions") == {"!": ["ann"]})
        await closed(chat)
        await way.cut()
