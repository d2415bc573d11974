"""Histories of other versions: an older file is brought up, a newer one left alone."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from conduit_widget.chat.history.batch import Change
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import ConversationRecord
from conduit_widget.errors import SettingsError
from conduit_widget.types import ChatMessage
from tests.support.chat.history_vector import check_tree, load_sqlite, vector

BIG = 1 << 20

# As version 1 wrote them.
VERSION_1 = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY, epoch TEXT NOT NULL, seq INTEGER NOT NULL DEFAULT 0,
    visibility TEXT NOT NULL, assistant TEXT NOT NULL, created_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE members (
    conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, role TEXT NOT NULL,
    PRIMARY KEY (conversation_id, user_id)
) WITHOUT ROWID;
CREATE TABLE events (
    conversation_id TEXT NOT NULL, seq INTEGER NOT NULL, target TEXT NOT NULL, arguments BLOB NOT NULL,
    PRIMARY KEY (conversation_id, seq)
);
CREATE TABLE messages (
    conversation_id TEXT NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL, author_id TEXT NOT NULL,
    timestamp TEXT NOT NULL, answer_id TEXT, body BLOB NOT NULL,
    PRIMARY KEY (conversation_id, id)
);
CREATE UNIQUE INDEX messages_by_seq ON messages (conversation_id, seq);
CREATE TABLE streams (
    conversation_id TEXT NOT NULL, message_id TEXT NOT NULL, seq INTEGER NOT NULL,
    text TEXT NOT NULL DEFAULT '', token_index INTEGER NOT NULL DEFAULT 0,
    model TEXT NOT NULL DEFAULT '', provider TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (conversation_id, message_id)
) WITHOUT ROWID;
PRAGMA user_version=1;
"""
QUESTION = (
    '{"id":"q","role":"user","content":"hi \N{WAVING HAND SIGN}",'
    '"metadata":{"conversationId":"c","seq":1,"timestamp":"2026-01-02T03:04:05.000Z"}}'
)
ANSWER = (
    '{"id":"a","role":"assistant","content":"",'
    '"metadata":{"conversationId":"c","seq":2,"timestamp":"2026-01-02T03:04:05.000Z"}}'
)
UPDATED = ANSWER.replace('"seq":2,', '"seq":2,"eventSeq":3,"updatedAt":"2026-01-02T04:00:00.000Z",')


def write_version_1(path: Path) -> None:
    """A history with a question, its answer half written, and one empty conversation."""
    db = sqlite3.connect(path)
    db.executescript(VERSION_1)
    for id_, seq in (("c", 3), ("empty", 0)):
        db.execute(
            "INSERT INTO conversations VALUES (?,?,?,?,?,?)",
            (id_, "e1", seq, "open", "always", "2026-01-01T00:00:00.000Z"),
        )
        db.execute("INSERT INTO members VALUES (?,?,?)", (id_, "ada", "owner"))
    for seq, target, body in (
        (1, "ReceiveMessage", QUESTION),
        (2, "ReceiveMessage", ANSWER),
        (3, "MessageUpdated", UPDATED),
    ):
        db.execute("INSERT INTO events VALUES (?,?,?,?)", ("c", seq, target, f"[{body}]".encode()))
    stamp = "2026-01-02T03:04:05.000Z"
    db.execute(
        "INSERT INTO messages VALUES (?,?,?,?,?,?,?)", ("c", "q", 1, "ada", stamp, "a", QUESTION.encode())
    )
    db.execute(
        "INSERT INTO messages VALUES (?,?,?,?,?,?,?)", ("c", "a", 2, "", stamp, None, UPDATED.encode())
    )
    db.execute("INSERT INTO streams VALUES (?,?,?,?,?,?,?)", ("c", "a", 2, "so far", 2, "m", "p"))
    db.commit()
    db.close()


async def test_history_of_version_1_goes_on_when_opened(tmp_path: Path) -> None:
    """Everything of an older file is still there, events have a time, and its open answers are abandoned."""
    write_version_1(tmp_path / "h.db")
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    try:
        record = await store.find("c")
        assert record == ConversationRecord(id="c", epoch="e1", seq=3, visibility="open", assistant="always")
        events = await store.events_after("c", "e1", 0, limit=10, max_bytes=BIG)
        assert events is not None
        assert [event.arguments[0]["id"] for event in events] == ["q", "a", "a"]
        assert [stream.text for stream in await store.abandoned_streams()] == ["so far"]
        assert [found.id for found, _ in await store.conversations_of("ada", limit=9)] == ["c", "empty"]
        again = ChatMessage(id="q", role="user", content="hi")
        assert (await store.append("c", "ada", again)).receipt.answer_id == "a"
        fresh = ChatMessage(id="q2", role="user", content="hi")
        assert (await store.append("c", "ada", fresh)).receipt.seq == 4
        assert await store.prune(keep_events=1, older_than=60) == 3
    finally:
        await store.aclose()


async def test_event_times_are_those_of_their_messages_when_brought_up(tmp_path: Path) -> None:
    """An old event has the time it was written at, an update that of the update."""
    write_version_1(tmp_path / "h.db")
    store = SqliteHistoryStore(tmp_path / "h.db")
    await store.start()
    await store.aclose()
    db = sqlite3.connect(tmp_path / "h.db")
    times = [round(time) for (time,) in db.execute("SELECT time FROM events ORDER BY seq")]
    active = [round(time) for (time,) in db.execute("SELECT active_at FROM conversations ORDER BY id")]
    db.close()
    assert times == [1767323045, 1767323045, 1767326400]
    assert active == [1767326400, 1767225600]


async def test_newer_format_is_refused_when_opened(tmp_path: Path) -> None:
    """A history of a newer version is left alone, with a text that says what to do."""
    with sqlite3.connect(tmp_path / "h.db") as db:
        db.execute("PRAGMA user_version=99")
    db.close()
    store = SqliteHistoryStore(tmp_path / "h.db")
    with pytest.raises(SettingsError, match="update conduit_widget"):
        await store.start()
    await store.aclose()


async def test_writes_are_synced_to_disk_when_they_are_acknowledged(tmp_path: Path) -> None:
    """The connection that commits writes a log ahead and syncs it at every commit: a crash takes nothing."""
    seen: list[tuple[object, ...]] = []

    class Watched(SqliteHistoryStore):
        def _write_changes(self, db: sqlite3.Connection, changes: Sequence[Change[Any]]) -> list[Any]:
            names = ("journal_mode", "synchronous")
            seen.append(tuple(db.execute(f"PRAGMA {name}").fetchone()[0] for name in names))
            return super()._write_changes(db, changes)

    store = Watched(tmp_path / "h.db")
    await store.start()
    await store.create("c", owner_id="ann", visibility="open", assistant="off")
    await store.append("c", "ann", ChatMessage(id="m", role="user", content="hi"))
    await store.aclose()
    full = 2
    assert set(seen) == {("wal", full)}


async def test_parents_are_filled_in_when_a_history_without_a_tree_is_opened(tmp_path: Path) -> None:
    """Each message of an older file continues the one it names, else the one before it."""
    path = tmp_path / "h.db"
    load_sqlite(path, vector("before_tree"))
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE messages SET body=substr(body, 1, 20) WHERE conversation_id='line' AND id='q2'")
    for _ in range(2):
        store = SqliteHistoryStore(path)
        await store.start()
        await check_tree(store)
        await store.aclose()


async def test_file_stays_as_it_is_when_bringing_it_up_fails(tmp_path: Path) -> None:
    """The step to a new version is one transaction: what breaks in it leaves the old file whole."""
    path = tmp_path / "h.db"
    load_sqlite(path, vector("before_tree"))
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE messages_by_parent (x)")
    store = SqliteHistoryStore(path)
    with pytest.raises(sqlite3.OperationalError, match="already"):
        await store.start()
    await store.aclose()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("DROP TABLE messages_by_parent")
    store = SqliteHistoryStore(path)
    await store.start()
    await check_tree(store)
    await store.aclose()
