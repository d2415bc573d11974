"""The writer thread: shared commits, order, bounded queue, loud failures."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from conduit_widget.chat import group_commit
from conduit_widget.chat.group_commit import GroupCommitWriter


def opener(path: Path) -> sqlite3.Connection:
    """A database with one table."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER)")
    return connection


async def test_writes_share_a_commit_when_one_is_under_way(tmp_path: Path) -> None:
    """What arrives during a commit goes into the next one, together and in order."""
    statements: list[str] = []

    def traced() -> sqlite3.Connection:
        connection = opener(tmp_path / "t.db")
        connection.set_trace_callback(statements.append)
        return connection

    writer = GroupCommitWriter(traced)
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
    """Past the bound a caller waits its turn; nothing is refused or lost."""
    monkeypatch.setattr(group_commit, "MAX_PENDING_WRITES", 4)
    writer = GroupCommitWriter(lambda: opener(tmp_path / "t.db"))
    await writer.start()
    go_on = threading.Event()
    ran: list[int] = []

    def work(n: int) -> None:
        go_on.wait(10)
        ran.append(n)

    tasks = [
        asyncio.create_task(writer.write(lambda _db, n=n: work(n)))  # type: ignore[misc]
        for n in range(20)
    ]
    await asyncio.sleep(0.05)
    assert writer._queue.qsize() <= 4
    go_on.set()
    await asyncio.gather(*tasks)
    assert ran == list(range(20))
    await writer.aclose()


async def test_start_fails_loudly_when_database_cannot_be_opened(tmp_path: Path) -> None:
    """The reason is raised by start, not buried in a thread."""
    writer = GroupCommitWriter(lambda: opener(tmp_path / "missing" / "t.db"))
    with pytest.raises(sqlite3.OperationalError):
        await writer.start()
    await writer.aclose()


async def test_pending_writes_finish_when_closed(tmp_path: Path) -> None:
    """Closing loses nothing that was queued."""
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
