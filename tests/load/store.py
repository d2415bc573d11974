"""``python -m tests.load store``: durable appends a second of both histories, 64 callers in one process.

CPU is this process's alone (for PostgreSQL the server works beside it). The machine is shared: look at CPU.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
import time
import uuid
from pathlib import Path
from typing import Final

from conduit_widget.chat.history.postgres.store import PostgresHistoryStore
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import Commit, HistoryStore
from conduit_widget.types import Author, ChatMessage
from tests.support.servers.postgres import shared_postgres

CALLERS: Final = 64
CONVERSATIONS: Final = (1, 20)
TEXT: Final = "x" * 120
AUTHOR: Final = Author(user_id="ann", user_name="Ann")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--count", type=int, default=20_000, help="appends a run")
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")
    parser.add_argument("--folder", type=Path, help="where SQLite's file goes (its disk's fsync counts)")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print a line a run."""
    engines = ("sqlite", "postgres") if arguments.engine == "both" else (arguments.engine,)
    for engine in engines:
        for conversations in CONVERSATIONS:
            with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
                store: HistoryStore
                if engine == "sqlite":
                    store = SqliteHistoryStore(Path(folder) / "history.db")
                else:
                    store = PostgresHistoryStore(shared_postgres().new_database(), node_id=uuid.uuid4().hex)
                line = asyncio.run(_measure(store, conversations, arguments.count))
            print(f"{engine:9}{line}", flush=True)
    return 0


async def _measure(store: HistoryStore, conversations: int, count: int) -> str:
    await store.start()
    names = [f"c{n}" for n in range(conversations)]
    for name in names:
        await store.create(name, owner_id=AUTHOR.user_id, visibility="open", assistant="off")
    # Made before, so that only the store is measured.
    messages = iter(
        [ChatMessage(id=str(uuid.uuid4()), role="user", content=TEXT, author=AUTHOR) for _ in range(count)]
    )
    waits: list[float] = []

    async def caller(number: int) -> None:
        for turn, message in enumerate(messages):
            begun = time.perf_counter()
            await store.append(names[(number + turn) % conversations], "ann", message, on_commit=_heard)
            waits.append(time.perf_counter() - begun)

    gc.collect()
    begun, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(caller(number) for number in range(CALLERS)))
    elapsed, cpu = time.perf_counter() - begun, time.process_time() - cpu
    await store.aclose()
    waits.sort()
    return (
        f"{conversations:3} conversations  {count / elapsed:8,.0f} appends/s"
        f"  {cpu / count * 1e6:5.1f} µs CPU each"
        f"  p50 {waits[count // 2] * 1e3:5.1f} ms  p99 {waits[count * 99 // 100] * 1e3:5.1f} ms"
    )


def _heard(_commit: Commit) -> None:
    """Stand for a listener."""
