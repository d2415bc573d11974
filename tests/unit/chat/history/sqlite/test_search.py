"""The index in SQLite: it is filled for an older file, and no trace stays of what is taken out."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from conduit_widget.chat.history.search import Search
from conduit_widget.chat.history.search_text import phrases_of
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.types import ChatMessage
from tests.support.chat.history_vector import load_sqlite, vector


def message(id_: str, text: str) -> ChatMessage:
    """A user's message."""
    return ChatMessage(id=id_, role="user", content=text)


def index_bytes(path: Path) -> bytes:
    """Everything that the index has on disk."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        return b"".join(block for (block,) in db.execute("SELECT block FROM search_data"))


async def test_no_trace_stays_of_an_erased_text(tmp_path: Path) -> None:
    """Words that no message has any more are in no block of the index once it is tidied."""
    path = tmp_path / "h.db"
    store = SqliteHistoryStore(path)
    await store.start()
    await store.create("c", owner_id="ann", visibility="open", assistant="off")
    for n in range(300):
        await store.append("c", "ann", message(f"m{n}", f"word{n} and plenty of others"))
    await store.append("c", "ann", message("secret", "xylophone zygote"))
    assert b"ylophon" in index_bytes(path)
    await store.update("c", message("secret", ""))
    await store.prune(keep_events=10, older_than=60)
    assert b"ylophon" not in index_bytes(path)
    assert b"ygot" not in index_bytes(path)
    search = Search(phrases=phrases_of("plenty word299"), conversation_ids=["c"], max_bytes=1 << 20)
    assert [hit.message["id"] for hit in (await store.search(search)).hits] == ["m299"]
    await store.aclose()
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("INSERT INTO search (search) VALUES ('integrity-check')")
        assert db.execute("SELECT erased FROM search_state").fetchone() == (0,)


async def test_an_older_history_can_be_searched(tmp_path: Path) -> None:
    """What was written before there was an index is found, newest first."""
    path = tmp_path / "h.db"
    load_sqlite(path, vector("before_tree"))
    store = SqliteHistoryStore(path)
    await store.start()
    search = Search(phrases=phrases_of("text of"), conversation_ids=["tree"], max_bytes=1 << 20)
    assert [hit.message["id"] for hit in (await store.search(search)).hits] == ["q5", "q4", "q3", "q2", "q1"]
    await store.aclose()
