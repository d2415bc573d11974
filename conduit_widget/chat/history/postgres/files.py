"""The records of files in PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final, Protocol, TypeVar

from conduit_widget.chat.history.file_records import CLAIM_SECONDS, TOO_MANY, TOO_MUCH, Content, FileRecord
from conduit_widget.chat.history.postgres.rows import Connection
from conduit_widget.errors import FileLimitError, NotInHistoryError

T = TypeVar("T")

FILES_LOCK: Final = 0x66696C6573  # "files"
"""Held while a content is found to be needed by a record, or by none."""

SCHEMA: Final = """
CREATE TABLE conduit_files (
    id text PRIMARY KEY, conversation_id text NOT NULL, user_id text NOT NULL, name text NOT NULL,
    media_type text NOT NULL, size bigint NOT NULL, sha256 text NOT NULL DEFAULT '',
    is_stored boolean NOT NULL DEFAULT false, uses int NOT NULL DEFAULT 0,
    was_used boolean NOT NULL DEFAULT false, touched_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX conduit_files_by_user ON conduit_files (user_id);
CREATE INDEX conduit_files_by_conversation ON conduit_files (conversation_id);
CREATE INDEX conduit_files_by_content ON conduit_files (sha256);
CREATE INDEX conduit_files_without_use ON conduit_files (touched_at) WHERE uses=0;
CREATE TABLE conduit_doomed_contents (sha256 text PRIMARY KEY, claimed_at timestamptz);
"""
COLUMNS: Final = "id, conversation_id, user_id, name, media_type, size, sha256, is_stored, uses, was_used"
_FIND: Final = f"SELECT {COLUMNS} FROM conduit_files WHERE id=%b"  # noqa: S608 - a constant
_TOTALS: Final = """
SELECT coalesce(sum(size), 0)::int8, count(*) FILTER (WHERE NOT is_stored) FROM conduit_files WHERE user_id=%b
"""
_INSERT: Final = """
INSERT INTO conduit_files (id, conversation_id, user_id, name, media_type, size)
VALUES (%b, %b, %b, %b, %b, %b)
"""
_COMPLETE: Final = """
UPDATE conduit_files SET media_type=%b, size=%b, sha256=%b, touched_at=clock_timestamp()
WHERE id=%b AND NOT is_stored
"""
# What a message begins to use meanwhile is locked by it: the row is looked at again then, and stays.
_DROP_IDLE: Final = """
DELETE FROM conduit_files WHERE uses=0 AND (was_used OR touched_at < clock_timestamp() - make_interval(
    secs => CASE WHEN is_stored THEN %b::float8 ELSE %b::float8 END)) RETURNING sha256
"""
_DROP_CONVERSATION: Final = "DELETE FROM conduit_files WHERE conversation_id=%b RETURNING sha256"
_DOOM: Final = """
INSERT INTO conduit_doomed_contents
SELECT DISTINCT sha256, NULL::timestamptz FROM unnest(%b::text[]) AS d (sha256)
WHERE sha256<>'' AND NOT EXISTS (SELECT 1 FROM conduit_files f WHERE f.sha256=d.sha256)
ON CONFLICT DO NOTHING
"""
_FREE: Final = "(claimed_at IS NULL OR claimed_at < clock_timestamp() - make_interval(secs => %b))"
_DOOMED: Final = f"SELECT sha256 FROM conduit_doomed_contents WHERE {_FREE}"  # noqa: S608 - a constant
_CLAIM: Final = f"UPDATE conduit_doomed_contents SET claimed_at=clock_timestamp() WHERE sha256=%b AND {_FREE}"  # noqa: S608


class Database(Protocol):
    """What the records need of the store."""

    def with_connection(self, work: Callable[[Connection], Awaitable[T]]) -> Awaitable[T]:
        """Do ``work`` on a connection."""


class PostgresFileRecords:
    """``FileRecords`` in the store's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, record: FileRecord, *, max_user_bytes: int, max_uploads: int) -> None:
        async def work(db: Connection) -> None:
            async with db.transaction():
                await _lock(db)
                cursor = await db.execute(_TOTALS, (record.user_id,), binary=True)
                [(used, uploads)] = await cursor.fetchall()
                if uploads >= max_uploads:
                    raise FileLimitError(f"files: {TOO_MANY.format(count=uploads, limit=max_uploads)}")
                if used + record.size > max_user_bytes:
                    raise FileLimitError(f"files: {TOO_MUCH.format(used=used, limit=max_user_bytes)}")
                row = (record.id, record.conversation_id, record.user_id, record.name, record.media_type)
                await db.execute(_INSERT, (*row, record.size))

        await self._database.with_connection(work)

    async def find(self, file_id: str) -> FileRecord | None:
        async def work(db: Connection) -> FileRecord | None:
            row = await (await db.execute(_FIND, (file_id,), binary=True)).fetchone()
            return None if row is None else FileRecord.of_row(row)

        return await self._database.with_connection(work)

    async def touch(self, file_id: str) -> None:
        await self._execute("UPDATE conduit_files SET touched_at=clock_timestamp() WHERE id=%b", (file_id,))

    async def complete(self, file_id: str, content: Content) -> bool:
        async def work(db: Connection) -> bool:
            async with db.transaction():
                await _lock(db)
                await db.execute(
                    "DELETE FROM conduit_doomed_contents WHERE sha256=%b AND claimed_at IS NULL",
                    (content.sha256,),
                )
                doomed = await db.execute(
                    "SELECT 1 FROM conduit_doomed_contents WHERE sha256=%b", (content.sha256,)
                )
                if await doomed.fetchone() is not None:
                    return False
                if not (await db.execute(_COMPLETE, (*content, file_id))).rowcount:
                    raise NotInHistoryError("There is no such upload.")
            return True

        return await self._database.with_connection(work)

    async def store(self, file_id: str) -> None:
        done = await self._execute(
            "UPDATE conduit_files SET is_stored=true, touched_at=clock_timestamp() WHERE id=%b", (file_id,)
        )
        if not done:
            raise NotInHistoryError("There is no such upload.")

    async def cancel(self, file_id: str) -> None:
        await self._execute(
            "UPDATE conduit_files SET touched_at='-infinity' WHERE id=%b AND NOT is_stored", (file_id,)
        )

    async def unfinished(self, file_ids: Collection[str]) -> set[str]:
        async def work(db: Connection) -> set[str]:
            cursor = await db.execute(
                "SELECT id FROM conduit_files WHERE id = ANY(%b::text[]) AND NOT is_stored", (list(file_ids),)
            )
            return {file_id for (file_id,) in await cursor.fetchall()}

        return await self._database.with_connection(work)

    async def collect(self, *, unused_for: float, unfinished_for: float) -> list[str]:
        async def work(db: Connection) -> list[str]:
            async with db.transaction():
                await _lock(db)
                await _drop(db, _DROP_IDLE, (float(unused_for), float(unfinished_for)))
                cursor = await db.execute(_DOOMED, (CLAIM_SECONDS,))
                return [sha256 for (sha256,) in await cursor.fetchall()]

        return await self._database.with_connection(work)

    async def claim(self, sha256: str) -> bool:
        return bool(await self._execute(_CLAIM, (sha256, CLAIM_SECONDS)))

    async def deleted(self, sha256: str) -> None:
        await self._execute("DELETE FROM conduit_doomed_contents WHERE sha256=%b", (sha256,))

    async def _execute(self, statement: str, parameters: tuple[Any, ...]) -> int:
        async def work(db: Connection) -> int:
            return (await db.execute(statement, parameters)).rowcount

        return await self._database.with_connection(work)


async def delete_of(db: Connection, conversation_id: str) -> None:
    """Forget the files of a conversation, within the transaction that deletes it."""
    await _lock(db)
    await _drop(db, _DROP_CONVERSATION, (conversation_id,))


async def _drop(db: Connection, statement: str, parameters: tuple[Any, ...]) -> None:
    dropped = await (await db.execute(statement, parameters)).fetchall()
    await db.execute(_DOOM, ([sha256 for (sha256,) in dropped],))


async def _lock(db: Connection) -> None:
    await db.execute("SELECT pg_advisory_xact_lock(%b)", (FILES_LOCK,))
