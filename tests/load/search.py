"""``python -m tests.load search``: search, join and history in a conversation of 100 and of 100,000 messages.

Times in ms over all queries, on both engines, with messages of 35 words; the store is asked as
the hub asks it. Goals: search ≤ 50 ms at p95; join and history with 100,000 messages within twice those with
100. The last column is how long an append waited at most while searches ran without a pause.
"""

from __future__ import annotations

import argparse
import asyncio
import functools
import random
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import psycopg

from conduit_widget.chat.history.postgres.store import PostgresHistoryStore
from conduit_widget.chat.history.search import Search
from conduit_widget.chat.history.search_text import phrases_of
from conduit_widget.chat.history.sqlite.store import SqliteHistoryStore
from conduit_widget.chat.history.store import HistoryStore
from conduit_widget.types import Author, ChatMessage
from tests.support.servers.postgres import shared_postgres

GOAL_MS: Final = 50.0
SLACK_MS: Final = 2.0
"""What a shared machine may add to a read of a millisecond."""
FEW: Final = 100
BYTES: Final = 512 * 1024
WORDS: Final = 8000
AUTHOR: Final = Author(user_id="ann", user_name="Ann")
ROUNDS: Final = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--engine", choices=("sqlite", "postgres", "both"), default="both")


def run(arguments: argparse.Namespace) -> int:
    """Measure and print; the exit code tells whether the goals were kept."""
    engines = ("sqlite", "postgres") if arguments.engine == "both" else (arguments.engine,)
    print(
        f"{'engine':9}{'messages':>9} {'search p50':>11} {'p95':>7} {'most':>7} {'join p95':>9}"
        f" {'history p95':>12} {'an append':>10}"
    )
    return max([asyncio.run(_measure(engine, arguments.messages)) for engine in engines])


def _vocabulary() -> list[str]:
    letters = random.Random(7)
    return [
        "".join(letters.choices("abcdefghijklmnopqrstuvwxyz", k=letters.randint(3, 9))) for _ in range(WORDS)
    ]


def _text(chance: random.Random, words: list[str]) -> str:
    """About 35 words, as frequent as in a language: the commonest is in nearly every message."""
    return " ".join(words[min(int(chance.paretovariate(0.6)) - 1, WORDS - 1)] for _ in range(35))


def _queries(words: list[str]) -> list[str]:
    """Common, middling and rare words, several, phrases, beginnings; what is there and what is not."""
    chance = random.Random(11)
    some = [words[at] for at in (0, 1, 2, 5, 20, 100, 500, 2000, 5000, 7900)]
    pairs = [f"{a} {b}" for a, b in zip(some, some[1:] + some[:1], strict=True)]
    phrases = [f'"{words[0]} {words[1]}"', f'"{words[2]} {words[20]}"', f'"{words[500]} {words[3000]}"']
    begun = [word[:3] for word in chance.sample(words, 8)]
    return [*some, *pairs, *phrases, *begun, "notthere", f"{words[0]} notthere", f"{words[1]} no"]


async def _fill(store: HistoryStore, conversation_id: str, count: int, words: list[str]) -> None:
    await store.create(conversation_id, owner_id="ann", visibility="open", assistant="off")
    chance = random.Random(3)
    gate = asyncio.Semaphore(512)

    async def append() -> None:
        async with gate:
            message = ChatMessage(
                id=str(uuid.uuid4()), role="user", content=_text(chance, words), author=AUTHOR
            )
            await store.append(conversation_id, "ann", message)

    for start in range(0, count, 10_000):
        await asyncio.gather(*(append() for _ in range(min(10_000, count - start))))


async def _times(work: Callable[[], Awaitable[Any]], times: int) -> list[float]:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        await work()
        taken.append((time.perf_counter() - begun) * 1000)
    return taken


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


async def _measure(engine: str, count: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        store: HistoryStore
        url = ""
        if engine == "sqlite":
            store = SqliteHistoryStore(Path(folder) / "history.db")
        else:
            url = shared_postgres().new_database()
            store = PostgresHistoryStore(url, node_id=uuid.uuid4().hex)
        await store.start()
        words = _vocabulary()
        for conversation_id, messages in (("few", FEW), ("many", count)):
            await _fill(store, conversation_id, messages, words)
        if url:  # as autovacuum, which the tests' server has off, does within a minute
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute("VACUUM ANALYZE")
        lines = [await _row(store, id_, words) for id_ in ("few", "many")]
        await store.aclose()
    for (search, join, history, append), messages in zip(lines, (FEW, count), strict=True):
        print(
            f"{engine:9}{messages:9,} {sorted(search)[len(search) // 2]:11.1f} {_p95(search):7.1f}"
            f" {max(search):7.1f} {_p95(join):9.1f} {_p95(history):12.1f} {append:10.1f}",
            flush=True,
        )
    (_, few_join, few_history, _), (search, join, history, _) = lines
    is_fast = _p95(search) <= GOAL_MS
    pairs = ((few_join, join), (few_history, history))
    is_flat = all(_p95(many) <= 2 * _p95(few) + SLACK_MS for few, many in pairs)
    return 0 if is_fast and is_flat else 1


async def _row(
    store: HistoryStore, conversation_id: str, words: list[str]
) -> tuple[list[float], list[float], list[float], float]:
    async def search(query: str) -> None:
        await store.search(
            Search(phrases=phrases_of(query), conversation_ids=[conversation_id], limit=20, max_bytes=BYTES)
        )

    queries = _queries(words)
    taken: list[float] = []
    for _ in range(ROUNDS):
        for query in queries:
            taken += await _times(functools.partial(search, query), 1)
    join = await _times(lambda: store.snapshot(conversation_id, limit=50, max_bytes=BYTES), 100)
    before = 60
    history = await _times(
        lambda: store.history(conversation_id, before_seq=before, limit=50, max_bytes=BYTES), 100
    )
    searching = asyncio.create_task(_search_on(search, queries))
    waits = []
    for _ in range(50):
        message = ChatMessage(id=str(uuid.uuid4()), role="user", content="now", author=AUTHOR)
        waits += await _times(functools.partial(store.append, conversation_id, "ann", message), 1)
    searching.cancel()
    await asyncio.gather(searching, return_exceptions=True)
    return taken, join, history, max(waits)


async def _search_on(search: Callable[[str], Awaitable[None]], queries: list[str]) -> None:
    while True:
        for query in queries:
            await search(query)
