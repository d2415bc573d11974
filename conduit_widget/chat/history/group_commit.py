"""One writer thread for SQLite: many writes, one commit, results back on the event loop in commit order."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import logging
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar, cast

from conduit_widget.chat.history.batch import Change
from conduit_widget.chat.history.pending_write import PendingWrite
from conduit_widget.chat.history.sqlite.failures import unavailable_by, wants_new_connection
from conduit_widget.errors import ConduitError, StoreUnavailableError, trace_of

_logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_PENDING_WRITES: Final = 1024
_CHECKPOINT_PATIENCE_MS: Final = 50
_BUSY_TIMEOUT_MS: Final = 5000  # as sqlite3 has it

Work = Callable[[sqlite3.Connection], T]
"""A write that is done by itself.

As with a change, ``leaves_nothing`` may say that nothing may be left of what it took out.
"""
WriteChanges = Callable[[sqlite3.Connection, Sequence[Change[Any]]], list[Any]]
"""Does many changes at once; returns their results, an exception standing for one that refused."""


_Write = PendingWrite[Work[Any] | Change[Any], Any]


class GroupCommitWriter:
    """Runs writes on one thread; those that arrive during a commit share the next one.

    At most :data:`MAX_PENDING_WRITES` writes are pending; beyond that a caller waits its turn (overflow
    policy *wait*; who gives up meanwhile has written nothing). A write refuses by raising a
    ``ConduitError`` before it changes anything; any other error undoes the batch, and its writes run again
    one by one, so that only the guilty one fails. ``failure`` is why the last write could not be done,
    where that passes by itself; None once one was.
    """

    def __init__(
        self, open_connection: Callable[[], sqlite3.Connection], write_changes: WriteChanges | None = None
    ) -> None:
        self._open = open_connection
        self._write_changes = write_changes
        self.failure: StoreUnavailableError | None = None
        self._connection: sqlite3.Connection | None = None  # the thread's
        self._has_remains = False  # of what was deleted, in the write-ahead log
        self._queue: queue.SimpleQueue[list[_Write] | None] = queue.SimpleQueue()
        self._pending = 0  # writes in the queue, on their way to it, or being done
        self._gathered: list[_Write] = []
        self._late: collections.deque[_Write] = collections.deque()  # whose callers wait their turn
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Open the connection on the writer thread; its failure is raised here."""
        self._loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(
            target=self._run, args=(self._loop, opened), name="history-writer", daemon=True
        )
        self._thread.start()
        await opened

    async def aclose(self) -> None:
        """Let pending writes finish, then end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            while self._late:
                self._admit_one()
            self._hand_over()
            self._queue.put(None)
            await asyncio.to_thread(thread.join)

    async def write(self, work: Work[T] | Change[T], on_commit: Callable[[T], None] | None = None) -> T:
        """Do a write in a transaction and return its result after the commit.

        Once queued it happens, and ``on_commit`` is called, even when the caller is cancelled. Changes that
        stand side by side in the queue are done together.
        """
        if self._thread is None or self._loop is None:
            raise RuntimeError("The history store is not open; call start() first.")
        future: asyncio.Future[T] = self._loop.create_future()
        self._late.append(_Write(work, future, on_commit))
        if self._pending < MAX_PENDING_WRITES:
            self._admit_one()
        return await future

    def _admit_one(self) -> None:
        """Take the write that has waited longest, if its caller still does."""
        write = self._late.popleft()
        if write.future.done():
            return
        self._pending += 1
        if not self._gathered and self._loop is not None:
            # Those of one tick go over together: the first by itself would wake the thread, which can do
            # nothing while the loop has the interpreter.
            self._loop.call_soon(self._hand_over)
        self._gathered.append(write)

    def _hand_over(self) -> None:
        if self._gathered:
            gathered, self._gathered = self._gathered, []
            self._queue.put(gathered)

    def _run(self, loop: asyncio.AbstractEventLoop, opened: asyncio.Future[None]) -> None:
        try:
            self._connection = self._open()
        except Exception as error:  # noqa: BLE001 - handed to start(), which raises it
            _call(loop, opened.set_exception, error)
            return
        _call(loop, opened.set_result, None)
        try:
            while batch := self._next_batch():
                self._commit(batch)
                self._empty_log(batch)
                _call(loop, self._deliver, batch)
        finally:
            self._disconnect()

    def _next_batch(self) -> list[_Write]:
        """Wait for writes; return those that wait, empty at the end."""
        batch = self._queue.get() or []
        while batch:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._queue.put(None)
                break
            batch += more
        return batch

    def _commit(self, batch: list[_Write]) -> None:
        """Run the batch in one transaction; after an unexpected error, each write in its own."""
        try:
            self._transaction(batch)
        except Exception as error:  # noqa: BLE001 - kept in the writes and raised to their callers
            unavailable = unavailable_by(error)
            if wants_new_connection(error):
                self._disconnect()
            if len(batch) == 1:
                if unavailable is not None:
                    unavailable.__cause__ = error
                    self._failed(unavailable)
                batch[0].outcome = unavailable or error
                return
            for write in batch:
                self._commit([write])
        else:
            self._succeeded()

    def _empty_log(self, batch: list[_Write]) -> None:
        """Empty the write-ahead log after a deletion: what was deleted stands in it until then.

        Somebody who reads may keep it from that; it is tried again after each of the next batches.
        """
        if any(getattr(write.work, "leaves_nothing", False) for write in batch):
            self._has_remains = True
        if not self._has_remains or self._connection is None:
            return
        try:
            self._connection.execute(f"PRAGMA busy_timeout={_CHECKPOINT_PATIENCE_MS}")
            (is_busy, *_) = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            self._connection.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
            self._has_remains = bool(is_busy)
        except sqlite3.Error as error:
            _logger.debug("The write-ahead log could not be emptied: %s", error.sqlite_errorname)

    def _failed(self, failure: StoreUnavailableError) -> None:
        if self.failure is None:
            _logger.error("The history cannot be written, it is tried again: %s", trace_of(failure))
        self.failure = failure

    def _succeeded(self) -> None:
        if self.failure is not None:
            self.failure = None
            _logger.warning("The history can be written again.")

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):  # the file may be out of reach
                connection.close()

    def _transaction(self, batch: list[_Write]) -> None:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            for is_change, writes in itertools.groupby(batch, lambda write: isinstance(write.work, Change)):
                if is_change:
                    self._do_changes(connection, list(writes))
                else:
                    for write in writes:
                        _do_work(connection, write)
            connection.execute("COMMIT")
        except BaseException:
            self._undo(connection)
            raise

    def _undo(self, connection: sqlite3.Connection) -> None:
        """Roll back; a connection that cannot even do that is given up, and the transaction with it."""
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _do_changes(self, connection: sqlite3.Connection, writes: list[_Write]) -> None:
        if self._write_changes is None:
            raise RuntimeError("This writer was made without a way to write changes.")
        outcomes = self._write_changes(connection, [cast("Change[Any]", write.work) for write in writes])
        for write, outcome in zip(writes, outcomes, strict=True):
            write.outcome = outcome

    def _deliver(self, batch: list[_Write]) -> None:
        self._pending -= len(batch)
        while self._late and self._pending < MAX_PENDING_WRITES:
            self._admit_one()
        for write in batch:
            write.tell_listener()
            write.tell_caller()


def _do_work(connection: sqlite3.Connection, write: _Write) -> None:
    try:
        write.outcome = cast("Work[Any]", write.work)(connection)
    except ConduitError as refusal:
        write.outcome = refusal


def _call(loop: asyncio.AbstractEventLoop, callback: Callable[..., object], *args: Any) -> None:
    """Call on the loop; a loop that has been closed has nobody left to tell."""
    try:
        loop.call_soon_threadsafe(callback, *args)
    except RuntimeError:
        _logger.debug("The event loop closed before a commit was delivered.")
