"""A Redis that dies, freezes, forgets, refuses or has a password: the nodes go on and say nothing secret."""

from __future__ import annotations

import asyncio
import logging
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from conduit_widget.errors import BackplaneUnavailableError, HubStartError
from conduit_widget.hub.backplane.redis import RedisBackplane
from conduit_widget.hub.backplane.redis_queue import MAX_QUEUE_BYTES
from tests.support.servers.redis import RedisServer
from tests.support.waiting import eventually, ticks

PASSWORD = "pa55-word-of-the-engine"


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """An engine of the test's own."""
    with RedisServer() as server:
        yield server


@asynccontextmanager
async def node_at(url: str, namespace: str = "conduit") -> AsyncIterator[RedisBackplane]:
    """A started node; closed at the end."""
    node = RedisBackplane(url, namespace=namespace)
    await node.start()
    try:
        yield node
    finally:
        await node.aclose()


async def test_subscribers_go_on_when_the_engine_is_killed_under_publishing(server: RedisServer) -> None:
    """They hear of the interruption, and every message published after both are back, each once, in order."""
    async with node_at(server.url) as ann, node_at(server.url) as bob:
        heard: list[int] = []
        interruptions: list[int] = []
        bob.subscribe("room", lambda _sender, payload: heard.append(int(payload)))
        bob.on_interruption(lambda: interruptions.append(len(heard)))
        assert await bob.subscribed("room")
        published = 0

        async def publish() -> None:
            nonlocal published
            async for _ in ticks(0.001):
                published += 1
                ann.append("room", published, b"%d" % published)

        publishing = asyncio.create_task(publish())
        for _ in range(3):
            count = len(heard)
            await eventually(lambda count=count: len(heard) > count + 50)  # type: ignore[misc]
            interruptions.clear()
            server.restart()
            await eventually(lambda: interruptions, what="the interruption")
            await eventually(lambda: ann.connected and bob.connected)
            assert await bob.subscribed("room")
            back = published
            await eventually(lambda back=back: heard[-1] > back + 50)  # type: ignore[misc]
            assert heard[-50:] == list(range(heard[-50], heard[-50] + 50))
        publishing.cancel()
        assert heard == sorted(set(heard))


@pytest.mark.parametrize("kind", ["normal", "pubsub"])
async def test_each_of_the_two_connections_heals_and_tells(server: RedisServer, kind: str) -> None:
    """One of them cut is an interruption too, though the engine lives; the node goes on."""
    async with node_at(server.url) as ann, node_at(server.url) as bob:
        heard: list[bytes] = []
        told: set[str] = set()
        ann.on_interruption(lambda: told.add("ann"))
        bob.on_interruption(lambda: told.add("bob"))
        bob.subscribe("room", lambda _sender, payload: heard.append(payload))
        assert await bob.subscribed("room")
        server.command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
        await eventually(lambda: told == {"ann", "bob"}, what="both told")
        await eventually(lambda: ann.connected and bob.connected)
        assert await bob.subscribed("room")
        ann.publish("room", b"1")
        await eventually(lambda: heard == [b"1"])


async def test_subscription_is_awaited_until_the_engine_confirms_it(server: RedisServer) -> None:
    """Asked for is not held: ``subscribed`` waits for the engine's word."""
    async with node_at(server.url) as ann:
        server.pause()
        ann.subscribe("room", lambda _sender, _payload: None)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ann.subscribed("room"), 0.2)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ann.subscribed("room"), 0.2)
        server.resume()
        assert await ann.subscribed("room")


async def test_frozen_engine_neither_blocks_the_loop_nor_grows_the_queue(server: RedisServer) -> None:
    """Publishing into a frozen engine returns at once and stays within bounds; reads fail; then all heals."""
    async with node_at(server.url) as ann, node_at(server.url) as bob:
        heard: list[bytes] = []
        interruptions: list[str] = []
        bob.subscribe("room", lambda _sender, payload: heard.append(payload))
        bob.on_interruption(lambda: interruptions.append("bob"))
        ann.on_interruption(lambda: interruptions.append("ann"))
        assert await bob.subscribed("room")
        server.pause()
        loop = asyncio.get_running_loop()
        longest, last = 0.0, loop.time()
        payload = b"x" * 10_000
        until = time.monotonic() + 1.0
        most = 0
        while time.monotonic() < until:
            for _ in range(100):
                ann.append("room", 1, payload)
            most = max(most, ann.queued_bytes)
            await asyncio.sleep(0)
            longest, last = max(longest, loop.time() - last), loop.time()
        assert MAX_QUEUE_BYTES / 2 < most <= MAX_QUEUE_BYTES
        assert longest < 2.5  # an answer is waited for 3 s; less than that is a busy machine's
        with pytest.raises(BackplaneUnavailableError):
            await ann.window("room", 0)
        server.resume()
        await eventually(lambda: {"ann", "bob"} <= set(interruptions), what="both told")
        await eventually(lambda: ann.connected and bob.connected)
        assert await bob.subscribed("room")
        ann.publish("room", b"after")
        await eventually(lambda: heard[-1:] == [b"after"])
        assert ann.queued_bytes == 0


async def test_overflowing_queue_tells_every_node_while_the_engine_lives(server: RedisServer) -> None:
    """What does not fit in one turn of the loop is dropped, the rest arrives, and both nodes are told."""
    async with node_at(server.url) as ann, node_at(server.url) as bob:
        heard: list[int] = []
        told: set[str] = set()
        bob.subscribe("room", lambda _sender, payload: heard.append(len(payload)))
        bob.on_interruption(lambda: told.add("bob"))
        ann.on_interruption(lambda: told.add("ann"))
        assert await bob.subscribed("room")
        for _ in range(20):
            ann.publish("room", b"x" * 1_000_000)
        assert ann.queued_bytes <= MAX_QUEUE_BYTES
        await eventually(lambda: told == {"ann", "bob"}, what="both told")
        await eventually(lambda: len(heard) >= 8, what="the rest")
        assert len(heard) == 8


async def test_flushed_engine_gets_the_entries_again(server: RedisServer) -> None:
    """FLUSHALL breaks no connection: the heartbeat notices, entries come back, nobody seems to have gone."""
    async with node_at(server.url) as ann, node_at(server.url) as bob:
        nodes: list[frozenset[str]] = []
        told: list[bool] = []
        ann.put("presence", "c", b"here")

        async def seen() -> bool:
            return await bob.entries("presence", "c") == {ann.node_id: b"here"}

        await eventually(seen)
        bob.on_nodes_change(nodes.append)
        bob.on_interruption(lambda: told.append(True))
        server.command("FLUSHALL")
        assert server.command("EXISTS", "conduit:entries:presence:c") == b":0\r\n"  # before any heartbeat
        await eventually(seen)
        await eventually(lambda: told, what="bob told")
        assert nodes == []


async def test_entry_of_a_dead_node_is_removed_by_who_reads_it(server: RedisServer) -> None:
    """Nodes that come and go leave nothing behind in a hash that others keep alive."""
    async with node_at(server.url) as ann:
        async with node_at(server.url) as bob:
            bob.put("presence", "c", b"bob")

            async def written() -> bool:
                return bool(await ann.entries("presence", "c"))

            await eventually(written)
            await bob.abort()
            server.command("ZREM", "conduit:nodes", bob.node_id)
        assert await ann.entries("presence", "c") == {}
        assert server.command("EXISTS", "conduit:entries:presence:c") == b":0\r\n"


async def test_namespaces_keep_hubs_apart_on_one_engine(server: RedisServer) -> None:
    """Two hubs on one engine know nothing of each other."""
    async with node_at(server.url, "one") as ann, node_at(server.url, "two") as bob:
        heard: list[bytes] = []
        nodes: list[frozenset[str]] = []
        bob.on_nodes_change(nodes.append)
        bob.subscribe("room", lambda _sender, payload: heard.append(payload))
        assert await bob.subscribed("room")
        ann.put("presence", "c", b"ann")
        ann.append("room", 1, b"ann")
        bob.append("room", 2, b"bob")

        async def kept() -> bool:
            return bool(await ann.window("room", 0)) and bool(await bob.window("room", 0))

        await eventually(kept)
        assert await bob.window("room", 0) == [(2, b"bob")]
        assert await bob.entries("presence", "c") == {}
        assert heard == []
        assert nodes == []


async def test_garbage_on_a_channel_is_survived(server: RedisServer) -> None:
    """What somebody else writes into our channels is not handed on, and interrupts nobody else's messages."""
    async with node_at(server.url) as ann, node_at(server.url) as bob:
        heard: list[bytes] = []
        bob.subscribe("room", lambda _sender, payload: heard.append(payload))
        assert await bob.subscribed("room")
        for garbage in ("", "x", "0123456789abcdef", "0123456789abcdefgarbage", "é" * 20):
            server.command("PUBLISH", "conduit:channel:room", garbage)
            server.command("PUBLISH", "conduit:control", garbage)
        ann.publish("room", b"1")
        await eventually(lambda: heard == [b"1"])
        assert bob.connected


async def test_engine_that_is_down_at_the_start_is_waited_for_in_the_background() -> None:
    """``start`` returns; what was put meanwhile is there later."""
    server = RedisServer()
    async with node_at(server.url) as ann:
        assert not ann.connected
        assert await ann.subscribed("room") is False
        ann.put("presence", "c", b"early")
        told: list[bool] = []
        ann.on_interruption(lambda: told.append(True))
        with server:
            await eventually(lambda: ann.connected)
            await eventually(lambda: told, what="told")
            async with node_at(server.url) as bob:
                assert await bob.entries("presence", "c") == {ann.node_id: b"early"}


async def test_password_is_in_no_log_error_or_repr(caplog: pytest.LogCaptureFixture) -> None:
    """Right, wrong, refused and unreachable: nothing that is shown holds it."""
    caplog.set_level(logging.DEBUG)
    shown: list[str] = []
    with RedisServer(password=PASSWORD) as server:
        async with node_at(server.url) as ann, node_at(server.url) as bob:
            assert ann.connected
            shown += [repr(ann), str(ann), repr(vars(ann))]
            server.restart()
            await eventually(lambda: ann.connected and bob.connected)
        wrong = server.url.replace(PASSWORD, f"not-{PASSWORD}")
        async with node_at(wrong) as eve:
            assert not eve.connected
            await eventually(lambda: "check the user and password" in caplog.text)
            with pytest.raises(BackplaneUnavailableError) as refused:
                await eve.entries("presence", "c")
            shown.append(str(refused.value))
    for bad in (
        f"http://:{PASSWORD}@localhost",
        f"redis://:x/{PASSWORD}@localhost:1",
        f"redis://:{PASSWORD}@localhost:port",
        f"redis://:{PASSWORD}@[localhost",
        f"redis://:{PASSWORD}@localhost:99999999",
        PASSWORD,
    ):
        with pytest.raises(HubStartError, match="backplane URL cannot be used") as error:
            RedisBackplane(bad)
        assert error.value.__cause__ is None
        shown.append(str(error.value))
    assert not [text for text in (*shown, caplog.text) if PASSWORD in text]


async def _turn_away(port: int, *, attempts: int) -> None:
    """Stand where the engine was, and hang up on so many who call."""
    calls: list[asyncio.StreamWriter] = []

    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        calls.append(writer)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", port):
        await eventually(lambda: len(calls) >= attempts, what="attempts to connect")


async def test_outage_is_logged_once_and_its_end_too(
    server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine that stays away does not fill the log."""
    caplog.set_level(logging.INFO, "conduit_widget.hub")
    async with node_at(server.url) as ann:
        server.kill()
        await eventually(lambda: not ann.connected)
        await _turn_away(server.port, attempts=3)
        server.start()
        await eventually(lambda: "is back" in caplog.text)
    levels = [record.levelname for record in caplog.records]
    assert levels == ["WARNING", "WARNING"], "whoever heard of the one hears of the other"


def test_missing_redis_py_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that says what to install; nothing is imported before it is used."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(HubStartError, match=r'^[^\n]*pip install "conduit_widget\[cluster\]"$'):
        RedisBackplane("redis://localhost")
