"""The history stores under test: opened again on the same data, made older, damaged."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import psycopg

from conduit_widget.chat.history.postgres.store import PostgresHistoryStore
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore


class Stores(Protocol):
    """Opens the store under test, again and again on the same data."""

    async def open(self) -> HistoryStore:
        """Close what is open and open the store on the same data, as a new process or node does."""

    async def aclose(self) -> None:
        """Close what is open."""

    async def pass_time(self, seconds: float) -> None:
        """Make everything stored so far that much older."""

    async def damage(self, message_id: str) -> None:
        """Cut what is stored of a message."""

    async def logged_bytes(self) -> int:
        """Return how many bytes all events hold."""


class SqliteStores:
    """SQLite files; time passes on the store's clock."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "data" / "history.db"
        self._open: list[HistoryStore] = []
        self._ahead = timedelta()

    async def open(self) -> HistoryStore:
        await self.aclose()
        store = SqliteHistoryStore(self._path, clock=lambda: datetime.now(UTC) + self._ahead)
        await store.start()
        self._open.append(store)
        return store

    async def aclose(self) -> None:
        while self._open:
            await self._open.pop().aclose()

    async def pass_time(self, seconds: float) -> None:
        self._ahead += timedelta(seconds=seconds)

    async def damage(self, message_id: str) -> None:
        with contextlib.closing(sqlite3.connect(self._path)) as db, db:
            db.execute("UPDATE messages SET body=substr(body, 1, 20) WHERE id=?", (message_id,))

    async def logged_bytes(self) -> int:
        with contextlib.closing(sqlite3.connect(self._path)) as db:
            (size,) = db.execute("SELECT sum(length(arguments)) FROM events").fetchone()
        return int(size)


class PostgresStores:
    """A database of its own; time passes by making the rows older, for the clock is the database's."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: list[HistoryStore] = []
        self._nodes = itertools.count(1)

    async def open(self) -> HistoryStore:
        await self.aclose()
        store = PostgresHistoryStore(self._url, node_id=f"node-{next(self._nodes)}")
        await store.start()
        self._open.append(store)
        return store

    async def aclose(self) -> None:
        while self._open:
            await self._open.pop().aclose()

    async def pass_time(self, seconds: float) -> None:
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            for statement in (
                "UPDATE conduit_events SET time = time - %s",
                "UPDATE conduit_conversations SET active_at = active_at - %s",
                "UPDATE conduit_files SET touched_at = touched_at - %s",
                "UPDATE conduit_doomed_contents SET claimed_at = claimed_at - %s",
                "UPDATE conduit_nodes SET seen = seen - %s, since = since - %s",
            ):
                ago = timedelta(seconds=seconds)
                await connection.execute(statement.encode(), [ago] * statement.count("%s"))

    async def damage(self, message_id: str) -> None:
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            await connection.execute(
                "UPDATE conduit_messages SET body=substr(body, 1, 20) WHERE id=%s", (message_id,)
            )

    async def logged_bytes(self) -> int:
        async with await psycopg.AsyncConnection.connect(self._url) as connection:
            cursor = await connection.execute("SELECT sum(length(arguments)) FROM conduit_events")
            (size,) = await cursor.fetchone() or (0,)
        return int(size)
