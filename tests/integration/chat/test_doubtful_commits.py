"""Writes that were done although the store could not say so: nothing of them is lost, doubled or stuck."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat import SqliteHistoryStore
from conduit_widget.chat.live import answer_writing, conversation_work, posting
from conduit_widget.contract import ChatEvent, ChatMethod
from conduit_widget.errors import HubException, StoreUnavailableError
from tests.support.chat.cluster import NODES, cluster
from tests.support.chat.server import FAST, Person, chat_server
from tests.support.providers.scripted_provider import ScriptedProvider
from tests.support.waiting import eventually

SETTINGS = dataclasses.replace(FAST, gap_delay=0.02)


class DoubtfulStore(SqliteHistoryStore):
    """The next of the ``doubtful`` writes is done, and nobody is told; those ``away`` are not done."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.doubtful: set[str] = set()
        self.away: set[str] = set()
        self.gate: asyncio.Event | None = None

    async def append(self, *arguments: Any, on_commit: Any = None, **options: Any) -> Any:
        """Append; say so or not."""
        return await self._doubt("append", super().append, on_commit, *arguments, **options)

    async def update(self, *arguments: Any, on_commit: Any = None, **options: Any) -> Any:
        """Update; say so or not."""
        return await self._doubt("update", super().update, on_commit, *arguments, **options)

    async def _doubt(self, name: str, write: Any, on_commit: Any, *arguments: Any, **options: Any) -> Any:
        if name in self.away:
            raise StoreUnavailableError
        if name not in self.doubtful:
            return await write(*arguments, on_commit=on_commit, **options)
        self.doubtful.remove(name)
        if self.gate is not None:
            await self.gate.wait()
        await write(*arguments, **options)
        raise StoreUnavailableError


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_writing, "RETRY", 0.1)
    monkeypatch.setattr(posting, "SETTLE_DELAY", 0.1)
    monkeypatch.setattr(conversation_work, "RETRY", 0.1)


@contextlib.asynccontextmanager
async def scene(
    path: Path, nodes: int, provider: ScriptedProvider
) -> AsyncIterator[tuple[DoubtfulStore, Person, Person]]:
    """Two people, on one hub or on two nodes; the first one's has the model."""
    store = DoubtfulStore(path)
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        if nodes == 1:
            server = await enter(chat_server(path, provider, settings=SETTINGS, store=store))
            servers = [server, server]
        else:
            settings = dataclasses.replace(NODES, finish_patience=5.0)
            _, found = await enter(cluster(path, provider, None, settings=settings, store=store))
            servers = [*found]
        ann, bob = [
            await enter(server.person(user)) for server, user in zip(servers, ("ann", "bob"), strict=True)
        ]
        await ann.join()
        await bob.join()
        yield store, ann, bob


@pytest.mark.parametrize("nodes", [1, 2])
async def test_message_is_there_once_when_its_commit_was_doubtful(tmp_path: Path, nodes: int) -> None:
    """The sender is told to try again, and gets the receipt of what was done; its question is answered."""
    async with scene(tmp_path / "h.db", nodes, ScriptedProvider(["fine"])) as (store, ann, bob):
        store.doubtful.add("append")
        with pytest.raises(HubException, match="timed out"):
            await ann.send("?", id_="q")
        receipt = await ann.send("?", id_="q")
        await ann.send("after", respond=False)
        for person in (ann, bob):
            final = await person.final(receipt["answerId"])
            assert final["content"] == person.streamed(receipt["answerId"]) == "fine"
            await eventually(lambda person=person: sorted(person.log()) == [1, 2, 3, 4])  # type: ignore[misc]
            assert person.log() == [1, 2, 3, 4]


@pytest.mark.parametrize("nodes", [1, 2])
async def test_message_is_seen_by_everybody_when_it_was_sent_again(tmp_path: Path, nodes: int) -> None:
    """What was stored without anybody hearing of it is sent to everybody when its sender tries again."""
    async with scene(tmp_path / "h.db", nodes, ScriptedProvider()) as (store, ann, bob):
        store.doubtful.add("append")
        with pytest.raises(HubException, match="timed out"):
            await ann.send("!", id_="m", respond=False)
        assert (await ann.send("!", id_="m", respond=False))["seq"] == 1
        for person in (ann, bob):
            [(message,)] = await person.got(ChatEvent.RECEIVE_MESSAGE)
            assert message["id"] == "m"


@pytest.mark.parametrize("nodes", [1, 2])
async def test_answer_ends_whole_when_its_commit_was_doubtful(tmp_path: Path, nodes: int) -> None:
    """What was said last, and that it is done, come before the final text, though that was stored before."""
    gate = asyncio.Event()
    provider = ScriptedProvider(["one ", gate, "two ", "three"])
    async with scene(tmp_path / "h.db", nodes, provider) as (store, ann, bob):
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: bob.streamed(answer_id) == "one ")
        store.doubtful.add("update")
        gate.set()
        for person in (ann, bob):
            final = await person.final(answer_id)
            assert (final["content"], final["metadata"]["status"]) == ("one two three", "complete")
            assert person.streamed(answer_id) == "one two three"
            names = [name for name, _ in person.events]
            assert names.index(ChatEvent.MESSAGE_UPDATED) > max(
                place for place, name in enumerate(names) if name == ChatEvent.STREAM_TOKEN
            )
            last = person.of(ChatEvent.STREAM_TOKEN)[-1][2]
            assert (last.get("done"), last["finishReason"]) == (True, "stop")
            assert person.log() == [1, 2, 3]


@pytest.mark.parametrize("nodes", [1, 2])
async def test_question_is_answered_when_its_sender_went_before_its_doubtful_commit(
    tmp_path: Path, nodes: int
) -> None:
    """A committed question is answered once, whoever was there to hear of the commit."""
    async with scene(tmp_path / "h.db", nodes, ScriptedProvider(["fine"])) as (store, ann, bob):
        store.doubtful.add("append")
        store.gate = asyncio.Event()
        sending = asyncio.create_task(ann.send("?", id_="q"))
        await eventually(lambda: not store.doubtful)
        await ann.connection.stop()
        await asyncio.gather(sending, return_exceptions=True)
        store.gate.set()
        [(final,)] = await bob.got(ChatEvent.MESSAGE_UPDATED)
        assert final["content"] == bob.streamed(final["id"]) == "fine"
        assert bob.log() == [1, 2, 3]


async def test_answer_is_stored_when_the_store_was_away_for_long(tmp_path: Path) -> None:
    """An end that could not be stored in time is stored when it can be; who came meanwhile gets it whole."""
    gate = asyncio.Event()
    store = DoubtfulStore(tmp_path / "h.db")
    settings = dataclasses.replace(SETTINGS, finish_patience=0.0)
    provider = ScriptedProvider(["one ", gate, "two"], ["next"])
    async with (
        chat_server(tmp_path / "h.db", provider, settings=settings, store=store) as server,
        server.person("ann") as ann,
        server.person("bob") as bob,
    ):
        await ann.join()
        answer_id = (await ann.send("?"))["answerId"]
        await eventually(lambda: ann.streamed(answer_id) == "one ")
        assert await ann.invoke(ChatMethod.PAUSE_STREAM, answer_id) is True
        store.away.add("update")
        gate.set()
        await eventually(lambda: not server.chat.busy)
        assert (await bob.join())["streams"] == []
        store.away.clear()
        for person in (ann, bob):
            assert (await person.final(answer_id))["content"] == "one two"
        assert (ann.streamed(answer_id), bob.streamed(answer_id)) == ("one ", "")
        assert (await ann.final((await ann.send("?"))["answerId"]))["content"] == "next"
