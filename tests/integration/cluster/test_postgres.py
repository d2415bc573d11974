"""The shared history when its database is killed, frozen, restarted or refuses, and when nodes share it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import psycopg
import pytest

from conduit_widget.chat.history.postgres import (
    rows as rows_module,
    schema as schema_module,
    writer as writer_module,
)
from conduit_widget.chat.history.postgres.rows import write_batch
from conduit_widget.chat.history.postgres.store import PostgresHistoryStore
from conduit_widget.chat.history.store import Commit, HistoryStore
from conduit_widget.errors import HubStartError, StoreUnavailableError
from conduit_widget.types import Author, ChatMessage
from tests.support.chat.history_vector import check_tree, load_postgres, vector
from tests.support.servers.postgres import PostgresServer, shared_postgres
from tests.support.waiting import eventually, ticks

BIG = 1 << 30

_nodes = itertools.count(1)


@contextlib.asynccontextmanager
async def node(url: str, **settings: Any) -> AsyncIterator[PostgresHistoryStore]:
    """A started store of a node of its own."""
    store = PostgresHistoryStore(url, node_id=f"node-{next(_nodes)}", **settings)
    await store.start()
    try:
        yield store
    finally:
        await store.aclose()


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server that the test may kill."""
    with PostgresServer() as server:
        yield server


@pytest.fixture
def url() -> str:
    """An empty database on the shared server."""
    return shared_postgres().new_database()


def question(id_: str) -> ChatMessage:
    """A user's message."""
    author = Author(user_id="ada", user_name="Ada")
    return ChatMessage(id=id_, role="user", content=f"text of {id_}", author=author)


def placeholder(id_: str) -> ChatMessage:
    """An answer that is about to be written."""
    return ChatMessage(id=id_, role="assistant", content="", metadata={"status": "streaming"})


async def create(store: HistoryStore) -> str:
    """Create the conversation ``c``; return its epoch."""
    record = await store.create("c", owner_id="ada", visibility="open", assistant="off")
    return record.epoch


async def log_of(store: HistoryStore, epoch: str) -> list[tuple[int, str]]:
    """Every event: its seq and the id of its message."""
    events = await store.events_after("c", epoch, 0, limit=100_000, max_bytes=BIG)
    assert events is not None
    return [(event.seq, event.arguments[0]["id"]) for event in events]


async def reachable(store: HistoryStore) -> bool:
    """Whether the store answers."""
    try:
        await store.find("c")
    except StoreUnavailableError:
        return False
    return True


class Talker:
    """Sends messages one after the other through a node, each until it is acknowledged."""

    def __init__(self, store: HistoryStore, name: str) -> None:
        self.store = store
        self.name = name
        self.acknowledged: dict[str, int] = {}
        self.announced: list[int] = []
        self.refusals = 0
        self.is_done = False

    async def run(self) -> None:
        """Send until told to stop."""
        for number in itertools.count():
            if self.is_done:
                return
            await self._send(f"{self.name}-{number}")

    async def _send(self, id_: str) -> None:
        while True:
            try:
                commit = await self.store.append("c", "ada", question(id_), on_commit=self._heard)
            except StoreUnavailableError:
                self.refusals += 1
                await asyncio.sleep(0.01)
            else:
                self.acknowledged[id_] = commit.receipt.seq
                return

    def _heard(self, commit: Commit) -> None:
        self.announced.extend(event.seq for event in commit.events)


async def run_talkers(
    stores: list[PostgresHistoryStore], trouble: Callable[[], Awaitable[None]]
) -> list[Talker]:
    """Let four talkers a node send while trouble comes; return them when all is said."""
    talkers = [Talker(store, f"n{n}t{t}") for n, store in enumerate(stores) for t in range(4)]
    running = [asyncio.create_task(talker.run()) for talker in talkers]

    async def more_than(count: int) -> None:
        goals = [len(talker.acknowledged) + count for talker in talkers]
        pairs = list(zip(talkers, goals, strict=True))
        await eventually(lambda: all(len(talker.acknowledged) >= goal for talker, goal in pairs), within=90)

    for _ in range(3):
        await more_than(20)
        await trouble()
    await more_than(20)
    for talker in talkers:
        talker.is_done = True
    await asyncio.gather(*running)
    return talkers


def check(log: list[tuple[int, str]], talkers: list[Talker]) -> None:
    """Nothing acknowledged lost or moved, nothing doubled, no gap; every commit announced once."""
    assert [seq for seq, _ in log] == list(range(1, len(log) + 1))
    ids = Counter(id_ for _, id_ in log)
    assert not [id_ for id_, count in ids.items() if count > 1]
    places = {id_: seq for seq, id_ in log}
    for talker in talkers:
        assert {id_: places.get(id_) for id_ in talker.acknowledged} == talker.acknowledged
        assert talker.announced == sorted(talker.announced)
    announced = sorted(seq for talker in talkers for seq in talker.announced)
    assert announced == [seq for seq, _ in log]


async def test_nothing_acknowledged_is_lost_or_doubled_when_database_is_killed_under_load(
    server: PostgresServer,
) -> None:
    """kill -9, again and again: what was acknowledged stands, once; every commit is announced by its node."""
    url = server.new_database()

    async def kill_and_start() -> None:
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)

    async with node(url) as one, node(url) as two:
        epoch = await create(one)
        talkers = await run_talkers([one, two], kill_and_start)
        check(await log_of(two, epoch), talkers)
    assert sum(talker.refusals for talker in talkers) > 0


async def test_nothing_is_lost_or_doubled_when_connections_are_cut_under_load(url: str) -> None:
    """Connections that die in the middle of anything, commits included, leave no doubt behind."""

    async def cut() -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
            async for _ in ticks(0.02, 10):
                await admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name='conduit-widget' AND datname=current_database()"
                )

    async with node(url) as one, node(url) as two:
        epoch = await create(one)
        talkers = await run_talkers([one, two], cut)
        check(await log_of(one, epoch), talkers)
    assert sum(talker.refusals for talker in talkers) > 0


async def test_calls_are_refused_and_healed_when_database_restarts(
    server: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    """While it is away everything is refused for people to read; then all goes on; the log says so once."""
    url = server.new_database()
    async with node(url) as store:
        await create(store)
        await store.append("c", "ada", question("q1"))
        server.stop()
        for call in (
            lambda: store.append("c", "ada", question("q2")),
            lambda: store.find("c"),
            store.heartbeat,
            lambda: store.set_role("c", "eve", "member"),
        ):
            with pytest.raises(StoreUnavailableError, match="timed out"):
                await call()
        server.start()
        await eventually(lambda: reachable(store))
        assert (await store.append("c", "ada", question("q2"))).receipt.seq == 2
    ours = [record for record in caplog.records if record.name.startswith("conduit_widget")]
    texts = [record.getMessage() for record in ours if record.levelno >= logging.WARNING]
    assert len(texts) == 2
    assert "cannot be reached" in texts[0]
    assert "again" in texts[1]
    assert "not-a-secret" not in caplog.text


async def test_calls_end_in_time_when_database_freezes(server: PostgresServer) -> None:
    """A database that is silent is given up; when it goes on, what it did meanwhile is found out."""
    url = server.new_database()
    async with node(url) as store:
        epoch = await create(store)
        announced: list[int] = []

        def heard(commit: Commit) -> None:
            announced.extend(event.seq for event in commit.events)

        await store.append("c", "ada", question("q1"), on_commit=heard)
        server.pause()
        store._database.timeout = 0.5
        try:
            calls = [store.append("c", "ada", question(f"q{n}"), on_commit=heard) for n in range(2, 5)]
            async with asyncio.timeout(60):
                results = await asyncio.gather(*calls, store.find("c"), return_exceptions=True)
        finally:
            server.resume()
            store._database.timeout = 30.0
        assert {type(result) for result in results} == {StoreUnavailableError}
        await eventually(lambda: reachable(store))
        for n in range(2, 5):
            await store.append("c", "ada", question(f"q{n}"), on_commit=heard)
        log = await log_of(store, epoch)
        assert sorted(id_ for _, id_ in log) == ["q1", "q2", "q3", "q4"]
        assert announced == [1, 2, 3, 4]


@pytest.mark.parametrize("is_committed", [True, False])
async def test_doubtful_commit_is_settled_when_connection_dies_in_it(
    url: str, monkeypatch: pytest.MonkeyPatch, is_committed: bool
) -> None:
    """Nobody is told it was done; listeners hear of it if it was, by themselves; a retry heals either."""

    async def dying(connection: Any, *arguments: Any) -> None:
        monkeypatch.undo()
        if is_committed:
            await write_batch(connection, *arguments)
        await connection.close()
        raise psycopg.OperationalError("the connection died")

    async with node(url) as store:
        await create(store)
        heard: list[Commit] = []
        monkeypatch.setattr(writer_module, "write_batch", dying)
        with pytest.raises(StoreUnavailableError):
            await store.append("c", "ada", question("q"), answer=placeholder("a"), on_commit=heard.append)
        if is_committed:
            await eventually(lambda: heard)
            assert [event.seq for event in heard[0].events] == [1, 2]
        again = await store.append(
            "c", "ada", question("q"), answer=placeholder("a2"), on_commit=heard.append
        )
        assert again.duplicate == is_committed
        assert again.receipt.seq == 1
        assert again.receipt.answer_id == ("a" if is_committed else "a2")
        assert len(heard) == 1 + is_committed


async def test_one_message_comes_of_it_when_two_nodes_send_the_same_id(url: str) -> None:
    """A retry through another node, at once or later, has the first receipt; each node's order rises."""
    async with node(url) as one, node(url) as two:
        epoch = await create(one)
        heard: dict[int, list[int]] = {0: [], 1: []}

        def listener(number: int) -> Callable[[Commit], None]:
            return lambda commit: heard[number].extend(event.seq for event in commit.events)

        commits = await asyncio.gather(
            *(
                store.append("c", "ada", question(f"q{n}"), on_commit=listener(number))
                for n in range(100)
                for number, store in enumerate((one, two))
            )
        )
        receipts = {commit.receipt.id: commit.receipt for commit in commits}
        assert all(receipts[commit.receipt.id] == commit.receipt for commit in commits)
        assert sum(not commit.duplicate for commit in commits) == 100
        log = await log_of(one, epoch)
        assert sorted(heard[0] + heard[1]) == [seq for seq, _ in log] == list(range(1, 101))
        assert all(seqs == sorted(seqs) for seqs in heard.values())


async def test_one_answer_streams_when_two_nodes_are_asked_at_once(url: str) -> None:
    """The database decides who streams first, over all nodes."""
    async with node(url) as one, node(url) as two:
        await create(one)
        commits = await asyncio.gather(
            *(
                store.append("c", "ada", question(f"q{n}"), answer=placeholder(f"a{n}"))
                for n, store in enumerate((one, two, one, two))
            )
        )
        places = Counter(commit.events[1].arguments[0]["metadata"]["status"] for commit in commits)
        assert places == {"streaming": 1, "queued": 3}
        ends = await asyncio.gather(
            *(store.update("c", placeholder("a0"), close_stream=True) for store in (one, two))
        )
        assert sorted(end.duplicate for end in ends) == [False, True]


async def test_tables_are_made_once_when_nodes_start_together(url: str) -> None:
    """Nodes that start at the same moment on an empty database all come up."""
    async with contextlib.AsyncExitStack() as stack:
        stores = await asyncio.gather(*(stack.enter_async_context(node(url)) for _ in range(5)))
        await create(stores[0])
        assert await stores[4].find("c") is not None


async def test_streams_are_abandoned_when_their_node_is_silent(url: str) -> None:
    """10 s without a heartbeat by the database's clock, seen by a node that was itself heard all the time."""

    async def age(column: str, store: PostgresHistoryStore, seconds: int) -> None:
        async with await psycopg.AsyncConnection.connect(url) as admin:
            await admin.execute(
                f"UPDATE conduit_nodes SET {column} = {column} - make_interval(secs => %s)"
                " WHERE node_id=%s".encode(),
                (seconds, store._node_id),
            )

    async with node(url) as one, node(url) as two:
        await create(one)
        await one.append("c", "ada", question("q"), answer=placeholder("a"))
        await age("since", two, 100)
        assert await two.abandoned_streams() == []
        await age("seen", one, 11)
        assert [stream.message_id for stream in await two.abandoned_streams()] == ["a"]
        assert await one.abandoned_streams() == []
        await one.heartbeat()
        assert await two.abandoned_streams() == []
        # The database was away for everybody: whoever is back first does not bury the others.
        await age("seen", one, 60)
        await age("seen", two, 60)
        await two.heartbeat()
        assert await two.abandoned_streams() == []


async def test_commits_are_durable_when_server_defaults_to_less(url: str) -> None:
    """A server that acknowledges before it has written is told not to; locks of a stopped node end."""
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as admin:
        name = url.rpartition("/")[2]
        await admin.execute(f"ALTER DATABASE {name} SET synchronous_commit=off".encode())
    async with node(url) as store:
        shown = await store._select(
            "SELECT current_setting('synchronous_commit'),"
            " current_setting('idle_in_transaction_session_timeout')",
            (),
        )
    assert shown == [("on", "5s")]


async def test_start_says_what_to_do_when_database_cannot_be_used(url: str) -> None:
    """One line with the place and the reason, without the password."""
    cases = {
        url.replace("not-a-secret", "wrong-secret"): "password authentication failed",
        url.rpartition("/")[0] + "/nothere": "does not exist",
        "postgresql://conduit:wrong-secret@127.0.0.1:1/x": "127.0.0.1:1/x cannot be used",
    }
    for case, expected in cases.items():
        store = PostgresHistoryStore(case, node_id="n", patience=0)
        with pytest.raises(HubStartError, match=expected) as caught:
            await store.start()
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)
        await store.aclose()
    with pytest.raises(HubStartError, match="postgresql://user"):
        PostgresHistoryStore("wrong-secret: nonsense", node_id="n")


async def test_parents_are_filled_in_when_tables_without_a_tree_are_opened(url: str) -> None:
    """Each message of an older history continues the one it names, else the one before it.

    Of nodes that start together one brings the tables up, and only once.
    """
    load_postgres(url, vector("before_tree"))
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(
            "UPDATE conduit_messages SET body=substr(body, 1, 20) WHERE conversation_id='line' AND id='q2'"
        )
    for _ in range(2):
        async with node(url) as one, node(url) as two:
            await check_tree(one)
            await check_tree(two)


async def test_waiting_nodes_are_not_cut_off_when_bringing_tables_up_takes_long(url: str) -> None:
    """However long another node needs for the step, this one starts when it is done."""
    load_postgres(url, vector("before_tree"))
    async with await psycopg.AsyncConnection.connect(url) as other:
        await other.execute("SELECT pg_advisory_xact_lock(%b)", (schema_module.SCHEMA_LOCK,))
        store = PostgresHistoryStore(url, node_id=f"node-{next(_nodes)}", timeout=0.5)
        starting = asyncio.create_task(store.start())
        await asyncio.wait({starting}, timeout=2)
        assert not starting.done()
        await other.commit()
    await starting
    await check_tree(store)
    await store.aclose()


async def test_newer_format_is_refused_when_started(url: str) -> None:
    """A history of a newer version is left alone."""
    async with await psycopg.AsyncConnection.connect(url) as admin:
        await admin.execute(
            "CREATE TABLE conduit_format (version int); INSERT INTO conduit_format VALUES (99)"
        )
    store = PostgresHistoryStore(url, node_id="n")
    with pytest.raises(RuntimeError, match="update conduit_widget"):
        await store.start()


def test_error_names_the_extra_when_it_is_not_installed() -> None:
    """Without psycopg: one line that says what to install; importing the chat needs nothing of it."""
    program = (
        "import sys; sys.modules['psycopg'] = None\n"
        "import conduit_widget.chat\n"
        "from conduit_widget.chat.history.postgres.store import PostgresHistoryStore\n"
        "from conduit_widget.errors import HubStartError\n"
        "try:\n    PostgresHistoryStore('postgresql://x', node_id='n')\n"
        "except HubStartError as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert 'pip install "conduit_widget[cluster]"' in run.stdout


async def test_hub_that_hears_nobody_is_refused_where_another_lives(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a bus it would end the other's answers; one that has just died is waited for."""
    monkeypatch.setattr(rows_module, "NODE_SILENCE", 1.0)
    async with node(url) as first:
        beating = asyncio.create_task(_beat(first))
        with pytest.raises(HubStartError, match="all with the same Redis"):
            async with node(url, alone=True):
                pass
        beating.cancel()
        async with node(url, alone=True) as alone:  # the first is silent now
            beating = asyncio.create_task(_beat(alone))
            with pytest.raises(HubStartError, match="all with the same Redis"):
                async with node(url):
                    pass
            beating.cancel()
    async with node(url), node(url):
        pass


async def _beat(store: HistoryStore) -> None:
    async for _ in ticks(0.05):
        await store.heartbeat()
