"""Turns of answers over several nodes, and what becomes of one whose turn does not come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conduit_widget.chat.history.feed import EventFeed
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import StoredStream
from conduit_widget.chat.nodes import turns
from conduit_widget.chat.nodes.turns import wait_for_turn
from conduit_widget.errors import StoreUnavailableError
from conduit_widget.types import ChatMessage
from tests.support.waiting import eventually, stays


class AwayStore(SqliteHistoryStore):
    """A store that can be away."""

    away = False
    asked = 0

    async def open_streams(self, conversation_id: str | None = None) -> list[StoredStream]:
        """Refuse, or read."""
        self.asked += 1
        if self.away:
            raise StoreUnavailableError
        return await super().open_streams(conversation_id)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[AwayStore]:
    """A store with two answers being written, at 2 and 4."""
    store = AwayStore(tmp_path / "h.db")
    await store.start()
    await store.create("c", owner_id="ann", visibility="open", assistant="always")
    for n in ("1", "2"):
        question = ChatMessage(id=f"q{n}", role="user", content="?")
        answer = ChatMessage(id=f"a{n}", role="assistant", content="", metadata={"status": "streaming"})
        await store.append("c", "ann", question, answer=answer)
    yield store
    await store.aclose()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "POLL", 0.02)


async def end(store: AwayStore, feed: EventFeed, answer_id: str) -> None:
    """Commit an answer's end and tell the feed."""
    message = ChatMessage(id=answer_id, role="assistant", content="done")
    commit = await store.update("c", message, close_stream=True)
    feed.accept(commit.events)


async def test_turn_comes_with_the_end_of_the_one_before(
    store: AwayStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lowest open answer goes first; the next one follows its end, not only each second."""
    monkeypatch.setattr(turns, "POLL", 60.0)
    feed = EventFeed(4, lambda _event: None)
    assert await wait_for_turn("c", 2, store, feed) is True
    second = asyncio.create_task(wait_for_turn("c", 4, store, feed))
    await eventually(lambda: store.asked == 2)
    assert not second.done()
    await end(store, feed, "a1")
    assert await second is True


async def test_turn_does_not_come_when_the_answer_was_ended(store: AwayStore) -> None:
    """An answer that another node has ended is not written any more."""
    feed = EventFeed(4, lambda _event: None)
    second = asyncio.create_task(wait_for_turn("c", 4, store, feed))
    await end(store, feed, "a2")
    assert await second is False


async def test_turn_waits_for_the_message_to_be_sent(store: AwayStore) -> None:
    """Nothing is written before the answer's own message has gone to the connections here."""
    feed = EventFeed(1, lambda _event: None)
    first = asyncio.create_task(wait_for_turn("c", 2, store, feed))
    await stays(lambda: not first.done() and store.asked == 0)
    events = await store.events_after("c", (await store.find("c")).epoch, 1, limit=9, max_bytes=1 << 20)  # type: ignore[union-attr]
    assert events is not None
    feed.accept(events)
    assert await first is True


async def test_turn_is_looked_for_again_when_the_store_is_back(store: AwayStore) -> None:
    """A store that is away ends no wait; nor does a feed that has been closed make it a busy loop."""
    feed = EventFeed(4, lambda _event: None)
    store.away = True
    first = asyncio.create_task(wait_for_turn("c", 2, store, feed))
    await eventually(lambda: store.asked >= 3)
    store.away = False
    assert await first is True
    feed.close()
    second = asyncio.create_task(wait_for_turn("c", 4, store, feed))
    store.asked = 0
    await asyncio.sleep(0.1)
    assert 1 <= store.asked <= 6
    second.cancel()
