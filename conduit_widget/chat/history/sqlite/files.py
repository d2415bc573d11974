"""The records of files in SQLite. Every function runs inside the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, Protocol, TypeVar

from conduit_widget.chat.history.file_records import CLAIM_SECONDS, TOO_MANY, TOO_MUCH, Content, FileRecord
from conduit_widget.errors import FileLimitError, NotInHistoryError

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

SCHEMA: Final = """
CREATE TABLE files (
    id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, user_id TEXT NOT NULL, name TEXT NOT NULL,
    media_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, is_stored INTEGER NOT NULL,
    uses INTEGER NOT NULL, was_used INTEGER NOT NULL, touched_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX files_by_user ON files (user_id);
CREATE INDEX files_by_conversation ON files (conversation_id);
CREATE INDEX files_by_content ON files (sha256);
CREATE INDEX files_without_use ON files (touched_at) WHERE uses=0;
CREATE TABLE doomed_contents (sha256 TEXT PRIMARY KEY, claimed_at REAL NOT NULL) WITHOUT ROWID;
"""
COLUMNS: Final = "id, conversation_id, user_id, name, media_type, size, sha256, is_stored, uses, was_used"
_FIND: Final = f"SELECT {COLUMNS} FROM files WHERE id=?"  # noqa: S608 - a constant
_SELECT: Final = f"SELECT {COLUMNS} FROM files WHERE id IN "  # noqa: S608 - a constant
WANTED: Final = _SELECT + "(VALUES {})"
USE: Final = "UPDATE files SET uses=max(uses+?, 0), was_used=1, touched_at=? WHERE conversation_id=? AND id=?"
_TOTALS: Final = "SELECT coalesce(sum(size), 0), coalesce(sum(1-is_stored), 0) FROM files WHERE user_id=?"
_IDLE: Final = """
uses=0 AND (was_used OR touched_at < CASE WHEN is_stored THEN ? ELSE ? END)
"""
_DOOM: Final = """
INSERT OR IGNORE INTO doomed_contents
SELECT DISTINCT sha256, 0 FROM files AS f WHERE sha256<>'' AND {which}
    AND NOT EXISTS (SELECT 1 FROM files AS o WHERE o.sha256=f.sha256 AND NOT ({others}))
"""
_DOOM_IDLE: Final = _DOOM.format(which=_IDLE, others=_IDLE)
_DROP_IDLE: Final = f"DELETE FROM files WHERE {_IDLE}"  # noqa: S608 - a constant
_DOOM_CONVERSATION: Final = _DOOM.format(which="conversation_id=?", others="conversation_id=?")


class Database(Protocol):
    """What the records need of the store."""

    def transact(self, work: Work[T]) -> Awaitable[T]:
        """Do ``work`` on the writer, in a transaction."""

    def read(self, work: Work[T]) -> Awaitable[T]:
        """Do ``work`` on a reader."""

    def now(self) -> float:
        """Return the time in seconds since 1970."""


class SqliteFileRecords:
    """``FileRecords`` in the store's own file."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, record: FileRecord, *, max_user_bytes: int, max_uploads: int) -> None:
        now = self._database.now()

        def work(db: sqlite3.Connection) -> None:
            used, uploads = db.execute(_TOTALS, (record.user_id,)).fetchone()
            if uploads >= max_uploads:
                raise FileLimitError(f"files: {TOO_MANY.format(count=uploads, limit=max_uploads)}")
            if used + record.size > max_user_bytes:
                raise FileLimitError(f"files: {TOO_MUCH.format(used=used, limit=max_user_bytes)}")
            row = (record.id, record.conversation_id, record.user_id, record.name, record.media_type)
            db.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, '', 0, 0, 0, ?)", (*row, record.size, now)
            )

        await self._database.transact(work)

    async def find(self, file_id: str) -> FileRecord | None:
        row = await self._database.read(lambda db: db.execute(_FIND, (file_id,)).fetchone())
        return None if row is None else FileRecord.of_row(row)

    async def touch(self, file_id: str) -> None:
        now = self._database.now()
        await self._database.transact(
            lambda db: db.execute("UPDATE files SET touched_at=? WHERE id=?", (now, file_id)).rowcount
        )

    async def complete(self, file_id: str, content: Content) -> bool:
        now = self._database.now()

        def work(db: sqlite3.Connection) -> bool:
            found = db.execute(_FIND, (file_id,)).fetchone()
            if found is None or FileRecord.of_row(found).is_stored:
                raise NotInHistoryError("There is no such upload.")
            db.execute("DELETE FROM doomed_contents WHERE sha256=? AND claimed_at=0", (content.sha256,))
            if db.execute("SELECT 1 FROM doomed_contents WHERE sha256=?", (content.sha256,)).fetchone():
                return False
            db.execute(
                "UPDATE files SET media_type=?, size=?, sha256=?, touched_at=? WHERE id=?",
                (*content, now, file_id),
            )
            return True

        return await self._database.transact(work)

    async def store(self, file_id: str) -> None:
        now = self._database.now()

        def work(db: sqlite3.Connection) -> None:
            done = db.execute("UPDATE files SET is_stored=1, touched_at=? WHERE id=?", (now, file_id))
            if not done.rowcount:
                raise NotInHistoryError("There is no such upload.")

        await self._database.transact(work)

    async def cancel(self, file_id: str) -> None:
        await self._database.transact(
            # A content that was already there is collected: touched long ago.
            lambda db: db.execute("UPDATE files SET touched_at=0 WHERE id=? AND is_stored=0", (file_id,))
        )

    async def unfinished(self, file_ids: Collection[str]) -> set[str]:
        def work(db: sqlite3.Connection) -> set[str]:
            asked = "SELECT 1 FROM files WHERE id=? AND is_stored=0"
            return {file_id for file_id in file_ids if db.execute(asked, (file_id,)).fetchone()}

        return await self._database.read(work)

    async def collect(self, *, unused_for: float, unfinished_for: float) -> list[str]:
        now = self._database.now()
        idle = (now - unused_for, now - unfinished_for)

        def work(db: sqlite3.Connection) -> list[str]:
            db.execute(_DOOM_IDLE, (*idle, *idle))
            db.execute(_DROP_IDLE, idle)
            found = db.execute(
                "SELECT sha256 FROM doomed_contents WHERE claimed_at<?", (now - CLAIM_SECONDS,)
            )
            return [sha256 for (sha256,) in found]

        return await self._database.transact(work)

    async def claim(self, sha256: str) -> bool:
        now = self._database.now()

        def work(db: sqlite3.Connection) -> bool:
            claimed = db.execute(
                "UPDATE doomed_contents SET claimed_at=? WHERE sha256=? AND claimed_at<?",
                (now, sha256, now - CLAIM_SECONDS),
            )
            return bool(claimed.rowcount)

        return await self._database.transact(work)

    async def deleted(self, sha256: str) -> None:
        await self._database.transact(
            lambda db: db.execute("DELETE FROM doomed_contents WHERE sha256=?", (sha256,)).rowcount
        )


def delete_of(db: sqlite3.Connection, conversation_id: str) -> None:
    """Forget the files of a conversation that is being deleted."""
    db.execute(_DOOM_CONVERSATION, (conversation_id, conversation_id))
    db.execute("DELETE FROM files WHERE conversation_id=?", (conversation_id,))


def use_rows(uses: dict[tuple[str, str], int], now: float) -> list[tuple[Any, ...]]:
    """Return the parameters of ``USE``."""
    return [(count, now, *key) for key, count in uses.items() if count]
