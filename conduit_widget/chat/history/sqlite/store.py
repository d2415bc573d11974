"""The conversation log in SQLite (stdlib ``sqlite3``): WAL, synchronous=FULL, one writer with group commit.

Reads run on two threads of their own; in WAL mode they neither wait for the writer nor hold it up.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from conduit_widget.chat.history.batch import Change
from conduit_widget.chat.history.bodies import read_located, read_message, read_messages
from conduit_widget.chat.history.change_methods import ChangeMethods
from conduit_widget.chat.history.group_commit import GroupCommitWriter
from conduit_widget.chat.history.imports import IMPORT_PATIENCE
from conduit_widget.chat.history.search import Search
from conduit_widget.chat.history.sqlite import (
    conversations as sqlite_conversations,
    imports as sqlite_imports,
    rows,
    search as sqlite_search,
)
from conduit_widget.chat.history.sqlite.erasing import Erasing
from conduit_widget.chat.history.sqlite.failures import unavailable_by
from conduit_widget.chat.history.sqlite.files import SqliteFileRecords
from conduit_widget.chat.history.sqlite.schema import ForeignHistoryError, migrate
from conduit_widget.chat.history.store import (
    ConversationRecord,
    Overview,
    Snapshot,
    StoredStream,
)
from conduit_widget.contract import RECOVERY_SECONDS
from conduit_widget.errors import SettingsError
from conduit_widget.text.times import iso_time
from conduit_widget.types import (
    AssistantSetting,
    ConversationPatch,
    HistoryPage,
    LogEvent,
    MemberRole,
    SearchResult,
    Visibility,
)

T = TypeVar("T")

READERS: Final = 2
_NO_HISTORY: Final = frozenset({"SQLITE_NOTADB", "SQLITE_CORRUPT"})
MAX_PENDING_READS: Final = 1024
CACHED_STATEMENTS: Final = 256
CACHE_KIB: Final = 8 * 1024
"""Of the writer: what a busy hub changes again and again."""
CHECKPOINT_PAGES: Final = 4000
"""How long the WAL grows (4 KiB each) until it goes into the file: a page changed often goes once."""


class SqliteHistoryStore(ChangeMethods):
    """A ``HistoryStore`` in one SQLite file that only its owner can read.

    One process may write at a time. ``clock`` gives the time of day for timestamps (UTC).
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._clock = clock
        self._node_id = ""
        self._writer = GroupCommitWriter(self._open_writer, self._write_changes)
        self._erasing = Erasing(self._writer)
        self.files = SqliteFileRecords(self)
        self._readers: ThreadPoolExecutor | None = None
        self._local = threading.local()
        self._read_connections: list[sqlite3.Connection] = []
        self._read_room = asyncio.Semaphore(MAX_PENDING_READS)

    async def start(self) -> None:
        """Open the file, creating it and its folder when missing."""
        self._node_id = secrets.token_hex(8)
        await self._writer.start()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="history-reader")
        self._erasing.request()

    async def aclose(self) -> None:
        """Finish pending writes and close every connection."""
        await self._erasing.aclose()
        await self._writer.aclose()
        readers, self._readers = self._readers, None
        if readers is not None:
            await asyncio.to_thread(readers.shutdown)
            for connection in self._read_connections:
                connection.close()
            self._read_connections.clear()
            self._local = threading.local()

    async def check(self) -> None:
        """Read; where the last write failed, also write, without changing anything."""
        await self.find("")
        if self._writer.failure is not None:
            await self._writer.write(rows.probe)
            await self._writer.write(rows.end_probe)

    async def create(
        self,
        conversation_id: str,
        *,
        owner_id: str,
        visibility: Visibility,
        assistant: AssistantSetting,
        title: str | None = None,
    ) -> ConversationRecord:
        record = ConversationRecord(
            id=conversation_id,
            epoch=secrets.token_hex(8),
            seq=0,
            visibility=visibility,
            assistant=assistant,
            title=title,
        )

        def work(db: sqlite3.Connection) -> ConversationRecord | None:
            if sqlite_conversations.is_being_erased(db, conversation_id):
                return None
            existing = rows.find(db, conversation_id)
            if existing is not None:
                return existing
            now = self._clock()
            rows.create(db, record, owner_id, iso_time(now), now.timestamp())
            return record

        return await self._make(work)

    async def begin_import(
        self,
        conversation_id: str,
        *,
        owner_id: str,
        assistant: AssistantSetting,
        title: str | None = None,
    ) -> bool:
        record = ConversationRecord(
            id=conversation_id,
            epoch=secrets.token_hex(8),
            seq=0,
            visibility="members",
            assistant=assistant,
            title=title,
        )
        return await self._make(lambda db: sqlite_imports.begin(db, record, owner_id, self._clock()))

    async def finish_import(self, conversation_id: str, owner_id: str) -> bool:
        return await self._writer.write(lambda db: sqlite_imports.finish(db, conversation_id, owner_id))

    async def _make(self, work: Callable[[sqlite3.Connection], T | None]) -> T:
        """Make a conversation; where one of its id is being erased, ``work`` returns None and waits."""
        while (made := await self._writer.write(work)) is None:
            await self._writer.write(sqlite_conversations.erase)
        return made

    async def find(self, conversation_id: str) -> ConversationRecord | None:
        return await self._read(lambda db: rows.find(db, conversation_id))

    async def role(self, conversation_id: str, user_id: str) -> MemberRole | None:
        def work(db: sqlite3.Connection) -> MemberRole | None:
            row = db.execute(
                "SELECT role FROM members WHERE conversation_id=? AND user_id=?", (conversation_id, user_id)
            ).fetchone()
            return row[0] if row else None

        return await self._read(work)

    async def set_role(self, conversation_id: str, user_id: str, role: MemberRole | None) -> None:
        await self._writer.write(lambda db: rows.set_role(db, conversation_id, user_id, role))

    async def members(self, conversation_id: str) -> list[tuple[str, MemberRole]]:
        def work(db: sqlite3.Connection) -> list[tuple[str, MemberRole]]:
            return db.execute(
                "SELECT user_id, role FROM members WHERE conversation_id=? ORDER BY user_id",
                (conversation_id,),
            ).fetchall()

        return await self._read(work)

    async def conversations_of(
        self, user_id: str, *, limit: int
    ) -> list[tuple[ConversationRecord, MemberRole]]:
        return await self._read(lambda db: rows.conversations_of(db, user_id, limit))

    async def overviews(self, user_id: str, *, limit: int) -> list[Overview]:
        return await self._read(lambda db: sqlite_conversations.overviews(db, user_id, limit))

    async def configure(self, conversation_id: str, patch: ConversationPatch) -> ConversationRecord | None:
        return await self._writer.write(lambda db: sqlite_conversations.configure(db, conversation_id, patch))

    async def delete_conversation(self, conversation_id: str) -> bool:
        deleted = await self._writer.write(lambda db: sqlite_conversations.delete(db, conversation_id))
        self._erasing.request()
        return deleted

    async def read_mark(self, conversation_id: str, user_id: str) -> int:
        return await self._read(lambda db: sqlite_conversations.read_mark(db, conversation_id, user_id))

    async def read_marks(self, conversation_id: str) -> dict[str, int]:
        return await self._read(lambda db: sqlite_conversations.read_marks(db, conversation_id))

    async def pinned(self, conversation_id: str) -> list[dict[str, Any]]:
        return read_messages(await self._read(lambda db: rows.pinned(db, conversation_id)))

    async def search(self, search: Search) -> SearchResult:
        return await self._read(lambda db: sqlite_search.find(db, search))

    async def open_streams(self, conversation_id: str | None = None) -> list[StoredStream]:
        return await self._read(lambda db: rows.streams(db, conversation_id=conversation_id))

    async def abandoned_streams(self) -> list[StoredStream]:
        """Return the open answers of earlier processes."""
        return await self._read(lambda db: rows.streams(db, not_of=self._node_id))

    async def heartbeat(self) -> None:
        """Do nothing: no other process looks whether this one lives."""

    async def message(self, conversation_id: str, message_id: str) -> dict[str, Any] | None:
        def work(db: sqlite3.Connection) -> dict[str, Any] | None:
            row = db.execute(
                "SELECT body FROM messages WHERE conversation_id=? AND id=?", (conversation_id, message_id)
            ).fetchone()
            return read_message(row[0]) if row else None

        return await self._read(work)

    async def locate(
        self, conversation_ids: Collection[str], message_id: str
    ) -> list[tuple[str, dict[str, Any]]]:
        ids = list(conversation_ids)
        found = await self._read(lambda db: rows.locate(db, ids, message_id))
        return read_located(found)

    async def snapshot(self, conversation_id: str, *, limit: int, max_bytes: int) -> Snapshot | None:
        def work(db: sqlite3.Connection) -> Snapshot | None:
            record = rows.find(db, conversation_id)
            if record is None:
                return None
            page = rows.page_before(
                db, conversation_id, before_seq=record.seq + 1, limit=limit, max_bytes=max_bytes
            )
            return Snapshot(record=record, messages=page.messages, has_more=page.has_more)

        return await self._read(work)

    async def history(
        self, conversation_id: str, *, before_seq: int, limit: int, max_bytes: int
    ) -> HistoryPage:
        return await self._read(
            lambda db: rows.page_before(
                db, conversation_id, before_seq=before_seq, limit=limit, max_bytes=max_bytes
            )
        )

    async def ancestors(
        self, conversation_id: str, message_id: str, *, limit: int, max_bytes: int
    ) -> HistoryPage:
        return await self._read(
            lambda db: rows.ancestors(db, conversation_id, message_id, limit=limit, max_bytes=max_bytes)
        )

    async def children(self, conversation_id: str, parent_id: str | None) -> list[str]:
        return await self._read(lambda db: rows.children(db, conversation_id, parent_id))

    async def events_after(
        self,
        conversation_id: str,
        epoch: str,
        seq: int,
        *,
        limit: int,
        max_bytes: int,
        recent: float = RECOVERY_SECONDS,
    ) -> list[LogEvent] | None:
        since = self._clock().timestamp() - recent

        def work(db: sqlite3.Connection) -> list[LogEvent] | None:
            record = rows.find(db, conversation_id)
            if record is None or record.epoch != epoch or seq > record.seq:
                return None
            return rows.events_after(db, conversation_id, seq, limit=limit, max_bytes=max_bytes, since=since)

        return await self._read(work)

    async def newest_seqs(self, conversation_ids: Collection[str]) -> dict[str, int]:
        ids = list(conversation_ids)
        return await self._read(lambda db: rows.newest_seqs(db, ids))

    async def prune(self, *, keep_events: int, older_than: float) -> int:
        """Forget old log events, and imports that were given up; a slice a transaction: nobody waits."""
        stale = self._clock().timestamp() - IMPORT_PATIENCE
        while await self._writer.write(lambda db: sqlite_imports.drop_stale(db, stale)):
            pass
        before = self._clock().timestamp() - older_than
        total = 0
        after_id: str | None = ""
        while after_id is not None:
            prune = partial(rows.prune, keep_events=keep_events, before=before, after_id=after_id)
            dropped, after_id = await self._writer.write(prune)
            total += dropped
        await self._erasing.now()
        return total

    async def write(self, change: Change[T], on_commit: Callable[[T], None] | None = None) -> T:
        """Do a change and return its result after the commit."""
        result = await self._writer.write(change, on_commit)
        if change.leaves_nothing:
            self._erasing.request()
        return result

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` on the writer, in a transaction."""
        return await self._writer.write(work)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do ``work`` on a reader."""
        return await self._read(work)

    def now(self) -> float:
        """Return the time in seconds since 1970."""
        return self._clock().timestamp()

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on a reader thread, everything it reads being of one moment."""
        readers = self._readers
        if readers is None:
            raise RuntimeError("The history store is not open; call start() first.")
        async with self._read_room:
            return await asyncio.get_running_loop().run_in_executor(readers, self._read_now, work)

    def _read_now(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            connection = self._reader()
            connection.execute("BEGIN")
            try:
                return work(connection)
            finally:
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            unavailable = unavailable_by(error)
            if unavailable is None:
                raise
            self._drop_reader()
            raise unavailable from error

    def _reader(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            connection.execute("PRAGMA query_only=1")
            self._local.connection = connection
            self._read_connections.append(connection)
        return connection

    def _drop_reader(self) -> None:
        """Close the connection: the next read opens the file anew, which may be readable again."""
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None:
            self._local.connection = None
            self._read_connections.remove(connection)
            connection.close()

    def _write_changes(self, db: sqlite3.Connection, changes: Sequence[Change[Any]]) -> list[Any]:
        return rows.write_changes(db, changes, self._clock(), self._node_id)

    def _open_writer(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Created by us so that nobody else can read it; SQLite gives the WAL the same mode.
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, cached_statements=CACHED_STATEMENTS)
        try:
            migrate(connection)
            connection.execute("PRAGMA secure_delete=ON")  # what was deleted is overwritten in the file, too
            connection.execute(f"PRAGMA cache_size={-CACHE_KIB}")
            connection.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
        except ForeignHistoryError as error:
            connection.close()
            raise SettingsError(f"The history {self._path} {error}. It is left as it is.") from error
        except sqlite3.DatabaseError as error:
            connection.close()
            if getattr(error, "sqlite_errorname", "") not in _NO_HISTORY:
                raise
            raise SettingsError(
                f"The history {self._path} is no database, or is damaged ({error.sqlite_errorname}). It is"
                " left as it is: restore it from a copy, or move it away to begin a new one."
            ) from error
        except BaseException:
            connection.close()
            raise
        return connection
