"""What every history store does with messages that change: deleted, edited, reacted to."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest

from conduit_widget.chat.history.file_records import FileRecord
from conduit_widget.chat.history.revisions import AnsweredError, is_deleted
from conduit_widget.chat.history.sqlite import conversations as sqlite_conversations
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore, Reaction, StoredStream
from conduit_widget.contract import MAX_REACTION_KINDS, MAX_REACTIONS
from conduit_widget.errors import NotInHistoryError, ValidationError
from conduit_widget.types import Author, ChatMessage, LogEvent, TextPart
from tests.support.chat.history_stores import Stores
from tests.support.waiting import eventually

BIG = 1 << 20
SECRET = "the-combination-is-4711"
_IN_THE_INDEX = b"ombinati"
"""Of a word of it; the index keeps of a word what differs from the one before."""


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
    file = FileRecord(id=SECRET, conversation_id="c", user_id="ada", name=SECRET, media_type="", size=1)
    await store.files.begin(file, max_user_bytes=1, max_uploads=1)
    await store.files.store(SECRET)
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
    assert _IN_THE_INDEX in _bytes_of(tmp_path)
    for n in range(60):
        await store.delete("c", f"q{n}", "ada")
        await store.delete("c", f"a{n}", "ada")
    assert SECRET.encode() not in _bytes_of(tmp_path)
    await eventually(lambda: _IN_THE_INDEX not in _bytes_of(tmp_path), what="the index without the word")
    await eventually(lambda: (tmp_path / "h.db-wal").stat().st_size == 0, what="an empty log")
    await store.aclose()
    with contextlib.closing(sqlite3.connect(tmp_path / "h.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert SECRET.encode() not in _bytes_of(tmp_path)


async def test_edited_text_is_in_none_of_the_files_bytes(tmp_path: Path) -> None:
    """Not in the index either, when the store was closed right after the edit."""
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    await store.create("c", owner_id="ada", visibility="open", assistant="off")
    await store.append("c", "ada", question("q", SECRET))
    await store.append("c", "ada", question("r", "another"))
    await store.revise("c", "q", "better")
    await store.aclose()
    left = _bytes_of(tmp_path)
    assert SECRET.encode() not in left
    assert _IN_THE_INDEX not in left
    assert b"better" in left


async def test_nothing_of_a_deleted_conversation_is_in_the_files_bytes(tmp_path: Path) -> None:
    """Its rows go in slices, in the background; what a process leaves, the next one erases."""
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    for conversation_id, text in (("c", SECRET), ("d", "kept")):
        await store.create(conversation_id, owner_id="ada", visibility="open", assistant="off")
        for n in range(130):
            await store.append(conversation_id, "ada", question(f"q{n}", f"{text} {n}"))
    await store.aclose()
    with contextlib.closing(sqlite3.connect(tmp_path / "h.db")) as db, db:
        assert sqlite_conversations.delete(db, "c")  # and the process ends here
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    await eventually(lambda: SECRET.encode() not in _bytes_of(tmp_path), what="pages without the text")
    await eventually(lambda: _IN_THE_INDEX not in _bytes_of(tmp_path), what="the index without the word")
    page = await store.history("d", before_seq=1000, limit=200, max_bytes=BIG)
    assert len(page.messages) == 130
    await store.aclose()
    with contextlib.closing(sqlite3.connect(tmp_path / "h.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert db.execute("SELECT * FROM deleted_conversations").fetchall() == []


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


async def test_edited_text_is_nowhere_and_the_new_one_in_each_of_its_places(store: HistoryStore) -> None:
    """The version counts up; the same text again changes nothing; what has an answer, or is gone, cannot."""
    await store.append("c", "ada", question("q", SECRET, mine=1))
    commit = await store.revise("c", "q", "better")
    [event] = commit.events
    metadata = event.arguments[0]["metadata"]
    assert (metadata["version"], metadata["mine"], metadata["eventSeq"]) == (2, 1, 2)
    assert (await store.revise("c", "q", "better")).duplicate
    assert SECRET not in await everything(store)
    commit = await store.revise("c", "q", [TextPart(text="best")])
    assert commit.events[0].arguments[0]["metadata"]["version"] == 3
    placeholder = ChatMessage(id="a", role="assistant", content="", parent_id="q", metadata={})
    await store.append_answer("c", placeholder)
    with pytest.raises(AnsweredError):
        await store.revise("c", "q", "worse")
    await store.append("c", "ada", question("gone"))
    await store.delete("c", "gone", "ada")
    with pytest.raises(ValidationError, match="was deleted"):
        await store.revise("c", "gone", "worse")


async def test_answers_of_one_question_are_its_children(store: HistoryStore) -> None:
    """One at a time is written; the same id again has the same receipt; nobody's message gives its id."""
    first = ChatMessage(
        id="a1", role="assistant", content="", parent_id="q", metadata={"status": "streaming"}
    )
    await store.append("c", "ada", question("q"), answer=first)
    again = msgspec.structs.replace(first, id="a2")
    commit = await store.append_answer("c", again)
    assert commit.events[0].arguments[0]["metadata"]["status"] == "queued"
    assert (commit.receipt.id, commit.receipt.answer_id, commit.receipt.seq) == ("a2", "a2", 3)
    repeated = await store.append_answer("c", again)
    assert (repeated.duplicate, repeated.receipt, repeated.events) == (True, commit.receipt, ())
    assert await store.children("c", "q") == ["a1", "a2"]
    assert [stream.message_id for stream in await store.open_streams("c")] == ["a1", "a2"]
    with pytest.raises(ValidationError, match="answerId: is already in use"):
        await store.append_answer("c", msgspec.structs.replace(first, id="q"))
    with pytest.raises(NotInHistoryError):
        await store.append_answer("c", msgspec.structs.replace(first, id="a3", parent_id="nothing"))
    await store.delete("c", "q", "ada")
    with pytest.raises(ValidationError, match="its question was deleted"):
        await store.append_answer("c", msgspec.structs.replace(first, id="a4"))
    root = await store.append("c", "ada", question("r"), is_root=True)
    assert root.receipt.seq == 5
    assert await store.children("c", None) == ["q", "r"]
    chain = await store.ancestors("c", "r", limit=10, max_bytes=BIG)
    assert chain.messages == []


async def test_reactions_of_many_are_one_version(store: HistoryStore) -> None:
    """Each has its own refusal; what is so already makes no event."""
    await store.append("c", "ada", question("q", "text"))
    marks = [Reaction("ada", chr(ord("a") + n), True) for n in range(MAX_REACTION_KINDS)]
    reacted = await store.react("c", "q", [*marks, Reaction("bob", "z", True), Reaction("bob", "a", True)])
    assert [str(refusal) for refusal in reacted.refusals if refusal] == [
        "emoji: the message has 20 kinds of reactions; the limit is 20"
    ]
    [event] = reacted.commit.events
    assert event.arguments[0]["metadata"]["reactions"]["a"] == ["ada", "bob"]
    assert event.arguments[0]["content"] == "text"
    again = await store.react("c", "q", [Reaction("bob", "a", True), Reaction("bob", "b", False)])
    assert (again.commit.duplicate, again.commit.events) == (True, ())
    await store.react("c", "q", [Reaction("ada", mark.emoji, False) for mark in marks])
    [(_, message)] = await store.locate(["c"], "q")
    assert message["metadata"]["reactions"] == {"a": ["bob"]}
    crowd = [Reaction(f"u{n}", "a", True) for n in range(MAX_REACTIONS)]
    full = await store.react("c", "q", crowd)
    assert [str(refusal) for refusal in full.refusals if refusal] == [
        "emoji: the message has 1000 reactions; the limit is 1000"
    ]


async def test_changes_of_one_batch_see_each_other(store: HistoryStore) -> None:
    """Sent, reacted to, edited and deleted at once: the order of the calls is that of the log."""
    outcomes = await asyncio.gather(
        store.append("c", "ada", question("q", SECRET)),
        store.react("c", "q", [Reaction("bob", "!", True)]),
        store.revise("c", "q", SECRET + "2"),
        store.append("c", "ada", question("r", SECRET)),
        store.delete("c", "q", "ada"),
        store.delete("c", "r", "ada"),
    )
    assert len(outcomes) == 6
    assert SECRET not in await everything(store)
    [(_, message)] = await store.locate(["c"], "q")
    assert message["metadata"]["eventSeq"] == 5


async def test_a_reaction_logs_what_changed_only(stores: Stores, store: HistoryStore) -> None:
    """Who follows gets whole messages, each with the reactions and the pin of its own moment."""
    long = "word " * 4_000
    await store.append("c", "ada", question("q", long))
    live: list[LogEvent] = []
    for user, is_on in (("ann", True), ("bob", True), ("ann", False)):
        reacted = await store.react("c", "q", [Reaction(user_id=user, emoji="👍", is_on=is_on)])
        live += reacted.commit.events
    live += (await store.pin("c", "q", "ada", is_on=True)).events
    live += (await store.react("c", "q", [Reaction(user_id="eve", emoji="🎉", is_on=True)])).commit.events
    for _ in range(2):
        record = await store.find("c")
        assert record is not None
        events = await store.events_after("c", record.epoch, 1, limit=100, max_bytes=BIG)
        assert events is not None
        assert [msgspec.to_builtins(event) for event in events] == [
            msgspec.json.decode(msgspec.json.encode(event)) for event in live
        ]
        # Five whole messages would not fit.
        assert await store.events_after("c", record.epoch, 1, limit=100, max_bytes=3 * len(long)) is None
        assert await store.events_after("c", record.epoch, 5, limit=100, max_bytes=2 * len(long))
        assert await stores.logged_bytes() < 2 * len(long)
        store = await stores.open()
    await store.delete("c", "q", "ada")
    assert "word" not in await everything(store)
