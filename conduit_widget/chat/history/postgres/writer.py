"""Group commit in PostgreSQL: the changes that wait share a transaction of two round trips.

A connection may die while it commits. Then nobody is told that their change was done, but it may have been:
once the database is back the writer looks, and tells the listeners (``on_commit``) of what was committed, so
that the node that asked for an answer goes on to write it.
"""

from __future__ import annotations

import asyncio
import collections
import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import psycopg

from conduit_widget.chat.history.batch import Batch, Change, apply_changes
from conduit_widget.chat.history.pending_write import PendingWrite
from conduit_widget.chat.history.postgres.connections import RETRY_INTERVAL, Database, is_lost, unavailable_by
from conduit_widget.chat.history.postgres.rows import Connection, read_batch, write_batch
from conduit_widget.errors import StoreUnavailableError

T = TypeVar("T")

MAX_PENDING_WRITES: Final = 1024
MAX_BATCH: Final = 256


_Write = PendingWrite[Change[Any], Any]


@dataclasses.dataclass(frozen=True, slots=True)
class _Doubt:
    """A commit whose answer never came."""

    number: int
    writes: Sequence[_Write]


class PostgresWriter:
    """Does changes in the order they come, many in one transaction.

    At most :data:`MAX_PENDING_WRITES` are pending; beyond that a caller waits its turn (overflow policy
    *wait*). While the database is away they are refused with ``StoreUnavailableError``, not kept.
    """

    def __init__(self, database: Database, node_id: str) -> None:
        self.failure: StoreUnavailableError | None = None
        """Why the last write could not be done, where that passes by itself; None once one was."""
        self._database = database
        self._node_id = node_id
        self._connection: Connection | None = None
        self._pending: collections.deque[_Write] = collections.deque()
        self._room = asyncio.Semaphore(MAX_PENDING_WRITES)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closing = False
        self._number = 0
        self._doubt: _Doubt | None = None

    def start(self, connection: Connection) -> None:
        """Begin, on a connection that is the writer's from now on."""
        self._connection = connection
        self._task = asyncio.create_task(self._run(), name="history-writer")

    async def aclose(self) -> None:
        """Let pending changes finish, then disconnect."""
        self._is_closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
            self._task = None
        await self._disconnect()

    async def write(self, change: Change[T], on_commit: Callable[[T], None] | None = None) -> T:
        """Do a change and return its result after the commit.

        Once queued it happens, and ``on_commit`` is called, even when the caller is cancelled.

        Raises:
            StoreUnavailableError: it was not done, or nobody knows; doing it again is safe.

        """
        if self._task is None or self._is_closing:
            raise RuntimeError("The history store is not open; call start() first.")
        await self._room.acquire()
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append(_Write(change, future, on_commit))
        self._wake.set()
        return await future

    async def _run(self) -> None:
        while self._pending or not self._is_closing:
            if self._connection is None:
                await self._connect()
            if self._pending:
                count = min(len(self._pending), MAX_BATCH)
                await self._commit([self._pending.popleft() for _ in range(count)])
            else:
                await self._wait()

    async def _wait(self) -> None:
        """Wait for changes; while disconnected, not longer than until the next attempt to connect."""
        self._wake.clear()
        if self._pending or self._is_closing:
            return
        timeout = RETRY_INTERVAL if self._connection is None else None
        try:
            async with asyncio.timeout(timeout):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _connect(self) -> None:
        """Connect and settle a doubtful commit; without success there is no connection."""
        try:
            self._connection = await self._database.connect()
        except StoreUnavailableError:
            return
        if self._doubt is None:
            return
        try:
            with self._database.bounded(self._connection):
                await self._settle(self._connection, self._doubt)
        except (psycopg.Error, OSError) as error:
            self._database.lost(error)
            await self._disconnect()
        else:
            self._doubt = None

    async def _settle(self, connection: Connection, doubt: _Doubt) -> None:
        # The lock waits for a transaction that the server may still be committing.
        cursor = await connection.execute(
            "SELECT commits FROM conduit_nodes WHERE node_id=%b FOR UPDATE", (self._node_id,)
        )
        row = await cursor.fetchone()
        if row is not None and row[0] == doubt.number:
            for write in doubt.writes:
                write.tell_listener()

    async def _commit(self, writes: list[_Write]) -> None:
        connection = self._connection
        if connection is None:
            self.failure = StoreUnavailableError()
            self._fail(writes, self.failure)
            return
        try:
            with self._database.bounded(connection):
                batch = await self._begin(connection, writes)
                self._number += 1
                self._doubt = _Doubt(self._number, writes)
                await write_batch(connection, batch, self._number)
        except Exception as error:  # noqa: BLE001 - the callers get it, and the connection with it is left
            await self._commit_failed(connection, writes, error)
            return
        self._doubt = self.failure = None
        self._release(writes)
        for write in writes:
            write.tell_listener()
            write.tell_caller()

    async def _begin(self, connection: Connection, writes: list[_Write]) -> Batch:
        changes = [write.work for write in writes]
        batch = await read_batch(connection, changes, self._node_id)
        for write, outcome in zip(writes, apply_changes(batch, changes), strict=True):
            write.outcome = outcome
        return batch

    async def _commit_failed(self, connection: Connection, writes: list[_Write], error: Exception) -> None:
        is_away = isinstance(error, (psycopg.Error, OSError)) and is_lost(error, connection)
        await self._disconnect()
        if is_away:
            self._database.lost(error)
            self.failure = unavailable_by(error)
            self._fail(writes, self.failure)
            return
        # The server refused it, so nothing of it is done; only the guilty one fails.
        self._doubt = None
        if len(writes) == 1:
            self._fail(writes, error)
            return
        for write in writes:
            if self._connection is None:
                await self._connect()
            await self._commit([write])

    def _fail(self, writes: list[_Write], error: Exception) -> None:
        self._release(writes)
        for write in writes:
            if not write.future.done():  # the outcome stays: the commit may turn out to be done
                write.future.set_exception(error)

    def _release(self, writes: list[_Write]) -> None:
        for _ in writes:
            self._room.release()

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()
