"""The writer thread: shared commits, order, bounded queue, loud failures."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from pathlib import Path

import pytest

from conduit_widget.chat.history import group_commit
from conduit_widget.chat.history.group_commit import GroupCommitWriter


def opener(path: Path) -> sqlite3.Connection:
    """A database with one table."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
    return connection


def traced(path: Path, statements: list[str]) -> sqlite3.Connection:
    """The same, its statements noted."""
    connection = opener(path)
    connection.set_trace_callback(statements.append)
    return connection


async def test_writes_share_a_commit_when_asked_for_in_one_tick(tmp_path: Path) -> None:
    """A burst that finds the writer at rest is one commit, not one for its first and one for the others."""
    statements: list[str] = []
    writer = GroupCommitWriter(lambda: traced(tmp_path / "t.db", statements))
    await writer.start()

    async def write(n: int) -> int:
        time.sleep(0.002)  # noqa: ASYNC251 - as at a system call, the thread has its chance
        return await writer.write(lambda _db: n)

    assert await asyncio.gather(*(write(n) for n in range(10))) == list(range(10))
    await writer.aclose()
    assert statements.count("COMMIT") == 1


async def test_writes_share_a_commit_when_one_is_under_way(tmp_path: Path) -> None:
    """What arrives during a commit goes into the next one, together and in order."""
    statements: list[str] = []
    writer = GroupCommitWriter(lambda: traced(tmp_path / "t.db", statements))
    await writer.start()
    blocked, go_on = threading.Event(), threading.Event()

    def block(_db: sqlite3.Connection) -> None:
        blocked.set()
        go_on.wait(10)

    def insert(db: sqlite3.Connection, n: int) -> int:
        db.execute("INSERT INTO t VALUES (?)", (n,))
        return n

    first = asyncio.create_task(writer.write(block))
    await asyncio.to_thread(blocked.wait, 10)
    done: list[int] = []
    rest = [
        asyncio.create_task(writer.write(lambda db, n=n: insert(db, n), done.append))  # type: ignore[misc]
        for n in range(50)
    ]
    await asyncio.sleep(0)
    go_on.set()
    await first
    assert await asyncio.gather(*rest) == list(range(50)) == done
    await writer.aclose()
    assert statements.count("COMMIT") == 2


async def test_caller_waits_when_queue_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past the bound a caller waits its turn, in order; nothing is refused or lost."""
    monkeypatch.setattr(group_commit, "MAX_PENDING_WRITES", 4)
    statements: list[str] = []
    writer = GroupCommitWriter(lambda: traced(tmp_path / "t.db", statements))
    await writer.start()
    ran: list[int] = []
    tasks = [
        asyncio.create_task(writer.write(lambda _db, n=n: ran.append(n)))  # type: ignore[misc]
        for n in range(20)
    ]
    await asyncio.gather(*tasks)
    assert ran == list(range(20))
    await writer.aclose()
    assert statements.count("COMMIT") == 5


async def test_nothing_is_written_when_its_caller_gave_up_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is cancelled while the queue is full has written nothing; who is in the queue has all the same."""
    monkeypatch.setattr(group_commit, "MAX_PENDING_WRITES", 1)
    writer = GroupCommitWriter(lambda: opener(tmp_path / "t.db"))
    await writer.start()
    ran: list[int] = []
    queued, waiting, last = (
        asyncio.create_task(writer.write(lambda _db, n=n: ran.append(n)))  # type: ignore[misc]
        for n in range(3)
    )
    await asyncio.sleep(0)
    queued.cancel()
    waiting.cancel()
    await last
    assert ran == [0, 2]
    await writer.aclose()


async def test_start_fails_loudly_when_database_cannot_be_opened(tmp_path: Path) -> None:
    """The reason is raised by start, not buried in a thread."""
    writer = GroupCommitWriter(lambda: opener(tmp_path / "missing" / "t.db"))
    with pytest.raises(sqlite3.OperationalError):
        await writer.start()
    await writer.aclose()


async def test_pending_writes_finish_when_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing loses nothing that was queued, nor what waited for the queue."""
    monkeypatch.setattr(group_commit, "MAX_PENDING_WRITES", 20)
    writer = GroupCommitWriter(lambda: opener(tmp_path / "t.db"))
    await writer.start()
    tasks = [
        asyncio.create_task(writer.write(lambda db: db.execute("INSERT INTO t VALUES (1)").rowcount))
        for _ in range(30)
    ]
    await asyncio.sleep(0)
    await writer.aclose()
    assert await asyncio.gather(*tasks) == [1] * 30
    with sqlite3.connect(tmp_path / "t.db") as db:
        assert db.execute("SELECT count(*) FROM t").fetchone() == (30,)
    db.close()


async def test_others_hear_when_a_commit_callback_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A listener's fault is logged; its own and the other writers still get their results."""
    writer = GroupCommitWriter(lambda: opener(tmp_path / "t.db"))
    await writer.start()

    def fail(_result: int) -> None:
        raise RuntimeError("listener")

    writes = [writer.write(lambda _db: 1, fail), writer.write(lambda _db: 2), writer.write(lambda _db: 3)]
    assert await asyncio.gather(*writes) == [1, 2, 3]
    assert "A commit callback failed" in caplog.text
    await writer.aclose()


async def test_others_are_written_when_one_ends_the_transaction(tmp_path: Path) -> None:
    """A statement that rolls everything back fails its own write; the others are done all the same."""
    writer = GroupCommitWriter(lambda: opener(tmp_path / "t.db"))
    await writer.start()
    await writer.write(lambda db: db.execute("CREATE UNIQUE INDEX once ON t (n)").rowcount)
    writes = [
        writer.write(lambda db, n=n: db.execute("INSERT OR ROLLBACK INTO t VALUES (?)", (n,)).rowcount)  # type: ignore[misc]
        for n in (1, 2, 1, 3)
    ]
    first, second, again, third = await asyncio.gather(*writes, return_exceptions=True)
    assert (first, second, third) == (1, 1, 1)
    assert isinstance(again, sqlite3.IntegrityError)
    assert await writer.write(lambda db: db.execute("SELECT count(*) FROM t").fetchone()) == (3,)
    await writer.aclose()
