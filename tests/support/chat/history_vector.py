"""A small history as the code stores it: ``python -m tests.support.chat.history_vector FILE.json`` writes it.

Kept under ``tests/vectors/history`` for each format that later code must read: the statements that make the
tables of SQLite and PostgreSQL, and the rows, with bodies as text. It has a linear conversation with an open
answer, one whose messages name their parents (an older message, a newer one, one that is nowhere), and an
empty one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import sys
import tempfile
from pathlib import Path
from typing import Any

import psycopg

from conduit_widget.chat.history.postgres import schema as postgres_schema
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore, StoredStream
from conduit_widget.types import Author, ChatMessage

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "history"
PARENTS = {
    "line": {"q1": None, "a1": "q1", "q2": "a1", "q3": "q2", "a3": "q3"},
    "tree": {"q1": None, "q2": "q1", "q3": "q1", "q4": "q3", "q5": "q4"},
}
TABLES = ("conversations", "members", "messages", "events", "streams")


def question(id_: str, parent: str | None = None) -> ChatMessage:
    """A user's message."""
    author = Author(user_id="ada", user_name="Ada")
    return ChatMessage(id=id_, role="user", content=f"text of {id_} 👋\0", author=author, parent_id=parent)


def answer(id_: str, parent: str, text: str = "") -> ChatMessage:
    """A model's message."""
    return ChatMessage(id=id_, role="assistant", content=text, parent_id=parent)


async def write(path: Path) -> None:
    """Write the history into a file of SQLite, with the store."""
    store = SqliteHistoryStore(path)
    await store.start()
    for conversation in ("line", "tree", "empty"):
        await store.create(conversation, owner_id="ada", visibility="open", assistant="always")
    await store.append("line", "ada", question("q1"), answer=answer("a1", "q1"))
    await store.update("line", answer("a1", "q1", "yes"), close_stream=True)
    await store.append("line", "ada", question("q2"))
    await store.append("line", "ada", question("q3"), answer=answer("a3", "q3"))
    await store.checkpoint(
        StoredStream(conversation_id="line", message_id="a3", seq=6, text="so far", index=2)
    )
    for id_, parent in (("q1", None), ("q2", "q5"), ("q3", "q1"), ("q4", "nowhere"), ("q5", None)):
        await store.append("tree", "ada", question(id_, parent))
    await store.aclose()


def read(path: Path) -> dict[str, Any]:
    """Return what the file holds: the statements that made it, and the rows of every table."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        [version] = db.execute("PRAGMA user_version").fetchone()
        tables = [row[0] for row in db.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")]
        rows = {table: [_plain(row) for row in db.execute(f"SELECT * FROM {table}")] for table in TABLES}
    return {"sqlite": [*tables, f"PRAGMA user_version={version}"], "rows": rows}


def _plain(row: sqlite3.Row) -> dict[str, Any]:
    return {key: row[key].decode() if isinstance(row[key], bytes) else row[key] for key in row.keys()}  # noqa: SIM118


def load_sqlite(path: Path, vector: dict[str, Any]) -> None:
    """Make a file of SQLite that holds what the vector says."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for statement in vector["sqlite"]:
            db.execute(statement)
        for table, rows in vector["rows"].items():
            for row in rows:
                values = [_stored(key, value) for key, value in row.items()]
                db.execute(
                    f"INSERT INTO {table} ({','.join(row)}) VALUES ({','.join('?' * len(row))})", values
                )


def load_postgres(url: str, vector: dict[str, Any]) -> None:
    """Make the tables of PostgreSQL that hold what the vector says, but for the times, which are now."""
    with psycopg.connect(url) as db:
        for statement in vector["postgres"]:
            db.execute(statement)
        for table, rows in vector["rows"].items():
            for row in rows:
                stored = {key: _stored(key, value) for key, value in row.items()}
                stored = {
                    key: value for key, value in stored.items() if key not in {"created_at", "active_at"}
                }
                if table == "events":
                    stored["time"] = "now"
                if table == "streams":
                    stored["text"] = stored["text"].encode()
                columns, places = ",".join(stored), ",".join(["%s"] * len(stored))
                db.execute(
                    f"INSERT INTO conduit_{table} ({columns}) VALUES ({places})".encode(),
                    list(stored.values()),
                )


def _stored(column: str, value: Any) -> Any:
    return value.encode() if column in {"body", "arguments"} else value


def vector(name: str) -> dict[str, Any]:
    """Return a kept vector."""
    kept: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return kept


async def check_tree(store: HistoryStore) -> None:
    """Fail unless the messages of the history are a tree, as they say themselves or by their order."""
    for conversation, parents in PARENTS.items():
        for id_, parent in parents.items():
            assert id_ in await store.children(conversation, parent), (conversation, id_)
        assert await store.children(conversation, next(reversed(parents))) == []


def main() -> None:
    """Write the vector; PostgreSQL's statements are added from its schema."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.db"
        asyncio.run(write(path))
        vector = {"postgres": postgres_statements(), **read(path)}
    Path(sys.argv[1]).write_text(json.dumps(vector, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def postgres_statements() -> list[str]:
    """Return the statements that make the tables of PostgreSQL."""
    filled = f"INSERT INTO conduit_format VALUES ({postgres_schema.FORMAT})"
    made = postgres_schema._SCHEMA.split(";")
    return [*(statement.strip() for statement in made if statement.strip()), filled]


if __name__ == "__main__":
    main()
