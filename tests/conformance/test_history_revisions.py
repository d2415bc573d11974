"""What every history store does with messages that change: deleted, edited, reacted to."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conduit_widget.chat.history.revisions import is_deleted
from conduit_widget.chat.history.sqlite import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore, StoredStream
from conduit_widget.errors import NotInHistoryError
from conduit_widget.types import Author, ChatMessage
from tests.support.history_stores import Stores

BIG = 1 << 20
SECRET = "the-combination-is-4711"


def question(id_: str, text: str = "hello", **metadata: Any) -> ChatMessage:
    """A user's message."""
    author = Author(user_id="ada", user_name="Ada")
    return ChatMessage(id=id_, role="user", content=text, author=author, metadata=metadata)


async def everything(store: HistoryStore) -> str:
    """All that anybody can read of the conversation."""
    record = await store.find("c")
    assert record is not None
    snapshot = await store.snapshot("c", limit=100, max_bytes=BIG)
    events = await store.events_after("c", record.epoch, 0, limit=1000, max_bytes=BIG)
    assert events is not None
    assert [event.seq for event in events] == list(range(1, record.seq + 1))
    assert snapshot is not None
    page = await store.history("c", before_seq=1000, limit=100, max_bytes=BIG)
    newest = snapshot.messages[-1]["id"]
    ancestors = await store.ancestors("c", newest, limit=100, max_bytes=BIG)
    streams = await store.open_streams("c")
    return repr(
        [snapshot.messages, [msgspec.to_builtins(event) for event in events], page, ancestors, streams]
    )


async def test_deleted_text_is_nowhere_when_read_in_any_way(store: HistoryStore) -> None:
    """Snapshot, history, the prompt's chain and the whole log have a tombstone in each of its places."""
    spoken = question("q", SECRET, note=SECRET)
    spoken = msgspec.structs.replace(spoken, attachments=[{"id": SECRET}], extra={"more": SECRET})
    await store.append("c", "ada", spoken)
    await store.append("c", "ada", question("q2", 'quotes "q" but is another'))
    updated = msgspec.structs.replace(spoken, content=f"{SECRET}, still")
    await store.update("c", updated)
    assert SECRET in await everything(store)
    commit = await store.delete("c", "q", "bob")
    assert SECRET not in await everything(store)
    assert "but is another" in await everything(store)
    [event] = commit.events
    [tombstone] = event.arguments
    assert (event.seq, event.target, tombstone["content"]) == (4, "MessageUpdated", "")
    metadata = tombstone["metadata"]
    assert (metadata["seq"], metadata["eventSeq"], metadata["deletedBy"]) == (1, 4, "bob")
    assert metadata["deletedAt"]
    assert set(tombstone) == {"id", "role", "content", "author", "metadata"}
    record = await store.find("c")
    assert record is not None
    events = await store.events_after("c", record.epoch, 0, limit=100, max_bytes=BIG)
    assert events is not None
    own = [event.arguments[0]["metadata"] for event in events if event.arguments[0]["id"] == "q"]
    assert [each.get("eventSeq", each["seq"]) for each in own] == [1, 3, 4]
    assert all(is_deleted({"metadata": each}) for each in own)


async def test_second_deletion_changes_nothing(store: HistoryStore) -> None:
    """A retry has the same receipt and no event; what was never there cannot be deleted."""
    await store.append("c", "ada", question("q", SECRET))
    first = await store.delete("c", "q", "ada")
    again = await store.delete("c", "q", "bob")
    assert (again.duplicate, again.events, again.receipt) == (True, (), first.receipt)
    with pytest.raises(NotInHistoryError):
        await store.delete("c", "nothing", "ada")
    repeated = await store.append("c", "ada", question("q", SECRET))
    assert repeated.duplicate
    assert SECRET not in await everything(store)


async def test_answer_being_written_ends_when_it_is_deleted(store: HistoryStore) -> None:
    """Its stream and the text kept of it are gone; its writer's end finds nothing to end."""
    placeholder = ChatMessage(id="a", role="assistant", content="", metadata={"status": "streaming"})
    await store.append("c", "ada", question("q"), answer=placeholder)
    await store.checkpoint(StoredStream(conversation_id="c", message_id="a", seq=2, text=SECRET))
    await store.delete("c", "a", "ada")
    assert await store.open_streams("c") == []
    late = msgspec.structs.replace(placeholder, content=SECRET, metadata={"finishReason": "stop"})
    assert (await store.update("c", late, close_stream=True)).duplicate
    await store.checkpoint(StoredStream(conversation_id="c", message_id="a", seq=2, text=SECRET))
    assert SECRET not in await everything(store)


async def test_message_that_is_damaged_can_be_deleted(stores: Stores, store: HistoryStore) -> None:
    """Its row says who wrote it; nothing of what was left stays."""
    await store.append("c", "ada", question("q", SECRET))
    await stores.damage("q")
    assert [found["role"] for _, found in await store.locate(["c"], "q")] == [""]
    await store.delete("c", "q", "ada")
    assert SECRET not in await everything(store)
    assert [found["author"]["userId"] for _, found in await store.locate(["c"], "q")] == ["ada"]


async def test_message_is_located_in_every_conversation_that_has_its_id(store: HistoryStore) -> None:
    """Only in those that are asked for."""
    for conversation_id in ("d", "e"):
        await store.create(conversation_id, owner_id="ada", visibility="open", assistant="off")
        await store.append(conversation_id, "ada", question("q", conversation_id))
    await store.append("c", "ada", question("q", "c"))
    found = await store.locate(["c", "d", "nowhere"], "q")
    assert sorted((id_, message["content"]) for id_, message in found) == [("c", "c"), ("d", "d")]
    assert await store.locate([], "q") == []
    assert await store.locate(["c"], "other") == []


def _bytes_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


async def test_deleted_text_is_in_none_of_the_files_bytes(tmp_path: Path) -> None:
    """SQLite overwrites what it frees, and the write-ahead log is emptied: pages, log, nothing has it."""
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    await store.create("c", owner_id="ada", visibility="open", assistant="off")
    for n in range(60):
        text = f"{SECRET} {n} " * (1 if n % 3 else 400)  # some over several pages
        await store.append("c", "ada", question(f"q{n}", text, note=SECRET))
        placeholder = ChatMessage(id=f"a{n}", role="assistant", content="", metadata={"status": "streaming"})
        await store.append("c", "ada", question(f"p{n}"), answer=placeholder)
        await store.checkpoint(StoredStream(conversation_id="c", message_id=f"a{n}", seq=1, text=SECRET * 20))
        final = msgspec.structs.replace(placeholder, content=SECRET * 30, metadata={"reasoning": SECRET})
        await store.update("c", final, close_stream=True)
    assert SECRET.encode() in _bytes_of(tmp_path)
    for n in range(60):
        await store.delete("c", f"q{n}", "ada")
        await store.delete("c", f"a{n}", "ada")
    left = _bytes_of(tmp_path)
    assert SECRET.encode() not in left
    assert (tmp_path / "h.db-wal").stat().st_size == 0
    await store.aclose()
    with contextlib.closing(sqlite3.connect(tmp_path / "h.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert SECRET.encode() not in _bytes_of(tmp_path)


async def test_log_is_emptied_later_when_somebody_reads_meanwhile(tmp_path: Path) -> None:
    """A reader who holds an old version keeps it in the log; with the next write after it is gone."""
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    await store.create("c", owner_id="ada", visibility="open", assistant="off")
    await store.append("c", "ada", question("q", SECRET))
    with contextlib.closing(sqlite3.connect(tmp_path / "h.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchone()
        await store.delete("c", "q", "ada")
        assert SECRET.encode() in _bytes_of(tmp_path)
        reader.execute("COMMIT")
    await store.append("c", "ada", question("next"))
    assert SECRET.encode() not in _bytes_of(tmp_path)
    await store.aclose()
