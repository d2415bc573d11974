"""What every history store promises: order, durability, idempotency. One suite for every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from conduit_widget.chat.history_store import Commit, HistoryStore, NotInHistoryError, StoredStream
from conduit_widget.chat.history_store_sqlite import SqliteHistoryStore
from conduit_widget.errors import ValidationError
from conduit_widget.types import Author, ChatMessage, MessageError

BIG = 1 << 20


class Stores:
    """Opens the store under test, again and again on the same data."""

    def __init__(self, kind: str, folder: Path) -> None:
        assert kind == "sqlite"
        self._path = folder / "data" / "history.db"
        self._open: list[HistoryStore] = []

    async def open(self) -> HistoryStore:
        """Close what is open and open the store on the same data."""
        await self.aclose()
        store = SqliteHistoryStore(self._path)
        await store.start()
        self._open.append(store)
        return store

    async def aclose(self) -> None:
        while self._open:
            await self._open.pop().aclose()


@pytest.fixture(params=["sqlite"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stores]:
    """The implementation under test."""
    stores = Stores(request.param, tmp_path)
    yield stores
    await stores.aclose()


@pytest.fixture
async def store(stores: Stores) -> HistoryStore:
    """An empty store with the open conversation ``c``."""
    store = await stores.open()
    await store.create("c", owner_id="ada", visibility="open", assistant="always")
    return store


def question(id_: str, text: str = "hello") -> ChatMessage:
    """A user's message."""
    author = Author(user_id="ada", user_name="Ada")
    return ChatMessage(id=id_, role="user", content=text, author=author, metadata={"respond": True})


def answer(id_: str, text: str = "", **metadata: str) -> ChatMessage:
    """A model's message."""
    return ChatMessage(id=id_, role="assistant", content=text, metadata=metadata)


async def all_events(store: HistoryStore, epoch: str) -> list[int]:
    """The seq of every event."""
    events = await store.events_after("c", epoch, 0, limit=10_000, max_bytes=BIG)
    assert events is not None
    return [event.seq for event in events]


async def test_create_returns_existing_when_created_twice(store: HistoryStore) -> None:
    """A conversation is created once; its epoch and owner stay."""
    first = await store.find("c")
    again = await store.create("c", owner_id="eve", visibility="members", assistant="off")
    assert again == first
    assert await store.role("c", "ada") == "owner"
    assert await store.role("c", "eve") is None


async def test_find_returns_none_when_unknown(store: HistoryStore) -> None:
    """An unknown conversation is not there, in any way."""
    assert await store.find("nowhere") is None
    assert await store.snapshot("nowhere", limit=10, max_bytes=BIG) is None
    with pytest.raises(NotInHistoryError):
        await store.append("nowhere", "ada", question("q"))
    assert await store.find("nowhere") is None


async def test_seq_has_no_gap_when_appends_are_concurrent(store: HistoryStore) -> None:
    """Concurrent appends get 1..n, and commit callbacks come in that order."""
    seen: list[int] = []

    def on_commit(commit: Commit) -> None:
        seen.extend(event.seq for event in commit.events)

    commits = await asyncio.gather(
        *(store.append("c", "ada", question(f"q{n}"), on_commit=on_commit) for n in range(200))
    )
    assert sorted(commit.receipt.seq for commit in commits) == list(range(1, 201))
    assert seen == list(range(1, 201))
    record = await store.find("c")
    assert record is not None
    assert record.seq == 200
    assert await all_events(store, record.epoch) == list(range(1, 201))


async def test_append_returns_first_receipt_when_repeated(store: HistoryStore) -> None:
    """The same id by the same author changes nothing and has the same receipt, answer included."""
    first = await store.append("c", "ada", question("q"), answer=answer("a"))
    again = await store.append("c", "ada", question("q", "other text"), answer=answer("a2"))
    assert again.receipt == first.receipt
    assert again.receipt.answer_id == "a"
    assert again.duplicate
    assert again.events == ()
    record = await store.find("c")
    assert record is not None
    assert record.seq == 2


async def test_append_is_idempotent_when_repeats_race(store: HistoryStore) -> None:
    """Repeats in flight at once still make one message."""
    commits = await asyncio.gather(*(store.append("c", "ada", question("q")) for _ in range(20)))
    assert {commit.receipt.seq for commit in commits} == {1}
    assert sum(not commit.duplicate for commit in commits) == 1


async def test_append_refuses_when_id_belongs_to_another(store: HistoryStore) -> None:
    """Nobody gets the receipt of, or overwrites, somebody else's message, a model's included."""
    await store.append("c", "ada", question("q"), answer=answer("a"))
    for id_ in ("q", "a"):
        with pytest.raises(ValidationError, match=r"message\.id"):
            await store.append("c", "eve", question(id_, "stolen"))
    record = await store.find("c")
    assert record is not None
    assert record.seq == 2


async def test_same_id_is_free_when_in_another_conversation(store: HistoryStore) -> None:
    """Ids count per conversation."""
    await store.create("d", owner_id="eve", visibility="open", assistant="off")
    await store.append("c", "ada", question("q"))
    commit = await store.append("d", "eve", question("q"))
    assert not commit.duplicate
    assert commit.receipt.seq == 1


async def test_refusal_leaves_others_alone_when_in_one_batch(store: HistoryStore) -> None:
    """A refused write costs those that share its commit nothing."""
    await store.append("c", "ada", question("taken"))
    results = await asyncio.gather(
        store.append("c", "ada", question("x")),
        store.append("c", "eve", question("taken")),
        store.append("nowhere", "ada", question("y")),
        store.append("c", "ada", question("z")),
        return_exceptions=True,
    )
    kinds = [type(result) for result in results]
    assert kinds == [Commit, ValidationError, NotInHistoryError, Commit]
    record = await store.find("c")
    assert record is not None
    assert await all_events(store, record.epoch) == [1, 2, 3]


async def test_unexpected_error_costs_only_its_own_write_when_in_one_batch(store: HistoryStore) -> None:
    """A write that breaks (text no encoding can carry) does not take its neighbours down."""
    results = await asyncio.gather(
        store.append("c", "ada", question("x")),
        store.append("c", "ada", question("bad", "\ud800")),
        store.append("c", "ada", question("z")),
        return_exceptions=True,
    )
    assert isinstance(results[0], Commit)
    assert isinstance(results[1], UnicodeEncodeError)
    assert isinstance(results[2], Commit)
    record = await store.find("c")
    assert record is not None
    assert await all_events(store, record.epoch) == [1, 2]


async def test_commit_callback_runs_when_caller_is_cancelled(store: HistoryStore) -> None:
    """What is queued is committed and announced, whatever becomes of the caller."""
    announced = asyncio.Event()
    task = asyncio.create_task(
        store.append("c", "ada", question("q"), on_commit=lambda _commit: announced.set())
    )
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(5):
        await announced.wait()
    assert await store.message("c", "q") is not None


async def test_message_is_stamped_when_stored(store: HistoryStore) -> None:
    """Stored, live and logged forms are one; the store's stamp wins over the sender's."""
    sent = ChatMessage(
        id="q", role="user", content="héllo 👋", metadata={"seq": 99, "mine": 1}, extra={"x": [1]}
    )
    commit = await store.append("c", "ada", sent)
    live = commit.events[0].arguments[0]
    assert live["metadata"] == {
        "mine": 1,
        "conversationId": "c",
        "seq": 1,
        "timestamp": commit.receipt.timestamp,
    }
    assert live["x"] == [1]
    assert live["content"] == "héllo 👋"
    assert await store.message("c", "q") == live
    record = await store.find("c")
    assert record is not None
    events = await store.events_after("c", record.epoch, 0, limit=9, max_bytes=BIG)
    assert events is not None
    assert events[0].arguments == [live]


async def test_update_keeps_place_when_message_changes(store: HistoryStore) -> None:
    """An update is an event of its own; the message keeps its seq and timestamp and changes its content."""
    first = await store.append("c", "ada", question("q"), answer=answer("a"))
    await store.append("c", "ada", question("q2"))
    commit = await store.update("c", answer("a", "done", status="complete"), close_stream=True)
    event = commit.events[0]
    assert (event.seq, event.target) == (4, "MessageUpdated")
    metadata = event.arguments[0]["metadata"]
    assert (metadata["seq"], metadata["eventSeq"]) == (2, 4)
    assert metadata["timestamp"] == first.receipt.timestamp
    page = await store.history("c", before_seq=100, limit=10, max_bytes=BIG)
    assert [message["id"] for message in page.messages] == ["q", "a", "q2"]
    assert page.messages[1]["content"] == "done"


async def test_update_refuses_when_message_is_unknown(store: HistoryStore) -> None:
    """What was never said cannot be changed."""
    with pytest.raises(NotInHistoryError):
        await store.update("c", answer("a", "x"))
    record = await store.find("c")
    assert record is not None
    assert record.seq == 0


async def test_reopened_store_goes_on_when_closed(stores: Stores, store: HistoryStore) -> None:
    """Epoch, seq, messages and receipts outlive the process."""
    first = await store.append("c", "ada", question("q"))
    before = await store.find("c")
    store = await stores.open()
    assert await store.find("c") == before
    assert (await store.append("c", "ada", question("q"))).receipt == first.receipt
    assert (await store.append("c", "ada", question("q2"))).receipt.seq == 2
    assert await store.role("c", "ada") == "owner"


async def test_stream_is_open_until_update_closes_it(stores: Stores, store: HistoryStore) -> None:
    """A placeholder opens a stream in its commit; checkpoints outlive the process; the end removes it."""
    await store.append("c", "ada", question("q"), answer=answer("a"))
    assert await store.open_streams() == [StoredStream(conversation_id="c", message_id="a", seq=2)]
    checkpoint = StoredStream(
        conversation_id="c", message_id="a", seq=2, text="so far 👋", index=3, model="m", provider="p"
    )
    await store.checkpoint(checkpoint)
    store = await stores.open()
    assert await store.open_streams() == [checkpoint]
    await store.update("c", answer("a", "so far and more"), close_stream=True)
    await store.checkpoint(checkpoint)
    assert await store.open_streams() == []


async def test_no_stream_opens_when_placeholder_has_error(store: HistoryStore) -> None:
    """An answer refused at once is final."""
    refused = ChatMessage(
        id="a", role="assistant", content="", error=MessageError(type="rate_limit", recoverable=True)
    )
    await store.append("c", "ada", question("q"), answer=refused)
    assert await store.open_streams() == []


async def test_history_pages_meet_when_read_backwards(store: HistoryStore) -> None:
    """Pages from the newest to the oldest give every message once, in order."""
    for n in range(25):
        await store.append("c", "ada", question(f"q{n}"))
    snapshot = await store.snapshot("c", limit=10, max_bytes=BIG)
    assert snapshot is not None
    messages, has_more = snapshot.messages, snapshot.has_more
    assert snapshot.record.seq == 25
    while has_more:
        page = await store.history("c", before_seq=messages[0]["metadata"]["seq"], limit=10, max_bytes=BIG)
        messages, has_more = page.messages + messages, page.has_more
    assert [message["id"] for message in messages] == [f"q{n}" for n in range(25)]


async def test_page_is_bounded_in_bytes_when_messages_are_large(store: HistoryStore) -> None:
    """A page holds what fits, and one message at least."""
    for n in range(4):
        await store.append("c", "ada", question(f"q{n}", "x" * 1000))
    page = await store.history("c", before_seq=5, limit=10, max_bytes=2500)
    assert [message["id"] for message in page.messages] == ["q2", "q3"]
    assert page.has_more
    page = await store.history("c", before_seq=5, limit=10, max_bytes=1)
    assert len(page.messages) == 1


async def test_events_are_all_or_none_when_recovering(store: HistoryStore) -> None:
    """Recovery gives every missed event, or None: never a part."""
    for n in range(10):
        await store.append("c", "ada", question(f"q{n}"))
    record = await store.find("c")
    assert record is not None
    epoch = record.epoch
    events = await store.events_after("c", epoch, 7, limit=3, max_bytes=BIG)
    assert events is not None
    assert [event.seq for event in events] == [8, 9, 10]
    assert await store.events_after("c", epoch, 10, limit=3, max_bytes=BIG) == []
    for other_epoch, seq, limit, size in (
        ("another", 7, 3, BIG),
        (epoch, 6, 3, BIG),
        (epoch, 11, 3, BIG),
        (epoch, 7, 3, 10),
    ):
        assert await store.events_after("c", other_epoch, seq, limit=limit, max_bytes=size) is None
    assert await store.events_after("nowhere", epoch, 0, limit=3, max_bytes=BIG) is None


async def test_role_changes_when_set(store: HistoryStore) -> None:
    """Members come, change and go."""
    await store.set_role("c", "eve", "reader")
    assert await store.role("c", "eve") == "reader"
    await store.set_role("c", "eve", "member")
    assert await store.role("c", "eve") == "member"
    await store.set_role("c", "eve", None)
    assert await store.role("c", "eve") is None


async def test_use_fails_clearly_when_not_started(stores: Stores, store: HistoryStore) -> None:
    """A closed store says so instead of hanging."""
    await stores.aclose()
    with pytest.raises(RuntimeError, match="start"):
        await store.append("c", "ada", question("q"))
    with pytest.raises(RuntimeError, match="start"):
        await store.find("c")
