"""What every backplane promises the nodes of a hub. One suite for every implementation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

import pytest

from conduit_widget.errors import BackplaneUnavailableError
from conduit_widget.hub.backplane.backplane import (
    MAX_ENTRY_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_WINDOW_PAYLOAD_BYTES,
    Backplane,
)
from conduit_widget.hub.backplane.memory import MemoryBackplane
from conduit_widget.hub.backplane.redis import RedisBackplane
from conduit_widget.hub.backplane.redis_engine import NODE_TTL
from conduit_widget.hub.backplane.redis_nodes import BEAT_INTERVAL
from tests.support.hub.memory_bus import FaultyMemoryBus
from tests.support.servers.redis import RedisServer, valkey_program
from tests.support.waiting import eventually


class Engine(Protocol):
    """Makes nodes on one engine, and hurts them."""

    async def node(self) -> Backplane:
        """Return a new node, started and connected."""
        ...

    async def crash(self, node: Backplane) -> None:
        """Let a node die without a goodbye; its heartbeat may be made older than it is."""
        ...

    async def stop(self) -> None:
        """Take the engine away; return once every node knows."""
        ...

    async def restart(self) -> None:
        """Bring the engine back, empty; return once every node is connected."""
        ...

    async def aclose(self) -> None:
        """End everything."""
        ...


class MemoryEngine:
    """Nodes in this process."""

    def __init__(self) -> None:
        self._bus = FaultyMemoryBus()

    async def node(self) -> Backplane:
        node = MemoryBackplane(self._bus)
        await node.start()
        return node

    async def crash(self, node: Backplane) -> None:
        assert isinstance(node, MemoryBackplane)
        self._bus.crash(node)

    async def stop(self) -> None:
        self._bus.cut()

    async def restart(self) -> None:
        self._bus.forget()
        self._bus.heal()

    async def aclose(self) -> None:
        for node in tuple(self._bus.nodes.values()):
            await node.aclose()


class RedisEngine:
    """Nodes on a real engine: Redis, or what ``program`` names."""

    def __init__(self, program: str | None = None, *, hurries: bool = False) -> None:
        self._hurries = hurries
        self._server = RedisServer(program=program)
        self._server.start()
        self._nodes: list[RedisBackplane] = []

    async def node(self) -> Backplane:
        node = RedisBackplane(self._server.url)
        self._nodes.append(node)
        await node.start()
        await eventually(lambda: node.connected)
        return node

    async def crash(self, node: Backplane) -> None:
        assert isinstance(node, RedisBackplane)
        await node.abort()
        if self._hurries:
            self._server.command("ZINCRBY", "conduit:nodes", f"-{NODE_TTL - BEAT_INTERVAL}", node.node_id)

    async def stop(self) -> None:
        self._server.kill()
        await eventually(lambda: not any(node.connected for node in self._nodes))

    async def restart(self) -> None:
        self._server.start()
        await eventually(lambda: all(node.connected for node in self._nodes), what="everybody back")

    async def aclose(self) -> None:
        for node in self._nodes:
            await node.aclose()
        self._server.stop()


def valkey_engine() -> RedisEngine:
    """Nodes on Valkey; that the time until a dead node is gone is kept is seen on Redis."""
    return RedisEngine(valkey_program(), hurries=True)


@pytest.fixture(params=[MemoryEngine, RedisEngine, valkey_engine], ids=["memory", "redis", "valkey"])
async def engine(request: pytest.FixtureRequest) -> AsyncIterator[Engine]:
    """The implementation under test."""
    engine: Engine = request.param()
    yield engine
    await engine.aclose()


class Ear:
    """Keeps what a node hears."""

    def __init__(self, node: Backplane) -> None:
        self.node = node
        self.heard: list[tuple[str, bytes]] = []
        self.interruptions = 0
        self.nodes: list[frozenset[str]] = []
        node.on_interruption(self._interrupted)
        node.on_nodes_change(self.nodes.append)

    async def hear(self, channel: str) -> None:
        """Subscribe, and wait until it has taken hold."""
        self.node.subscribe(channel, lambda sender, payload: self.heard.append((sender, payload)))
        assert await self.node.subscribed(channel)

    async def until(self, *payloads: bytes) -> None:
        """Wait until these were the last ones heard."""
        await eventually(lambda: self.payloads[-len(payloads) :] == [*payloads], what="the messages")

    @property
    def payloads(self) -> list[bytes]:
        return [payload for _, payload in self.heard]

    def _interrupted(self) -> None:
        self.interruptions += 1


async def test_message_reaches_the_others_in_order_and_not_its_sender(engine: Engine) -> None:
    """Every other subscriber hears every message of a node, in order, with the sender's name."""
    ann, bob, eve = [Ear(await engine.node()) for _ in range(3)]
    for ear in (ann, bob, eve):
        await ear.hear("room")
    expected = [b"%d \x00\xff\r\n" % number for number in range(500)]
    for number, payload in enumerate(expected):
        if number % 2:
            ann.node.publish("room", payload)
        else:
            ann.node.append("room", number + 1, payload)
    for ear in (bob, eve):
        await ear.until(expected[-1])
        assert ear.heard == [(ann.node.node_id, payload) for payload in expected]
    bob.node.publish("room", b"from bob")
    await ann.until(b"from bob")
    assert ann.heard == [(bob.node.node_id, b"from bob")]


async def test_channels_do_not_mix_when_names_are_alike(engine: Engine) -> None:
    """Any text names a channel; a node hears those it subscribes to, each receiver once."""
    ann, bob = [Ear(await engine.node()) for _ in range(2)]
    names = ["room", "room ", "Room", "room*", "rööm\n:1", "r" * 300]
    for name in names[1:]:
        await bob.hear(name)
    for name in names:
        ann.node.publish(name, name.encode())
    ann.node.publish(names[-1], b"end")
    await bob.until(b"end")
    assert sorted(bob.payloads) == sorted([name.encode() for name in names[1:]] + [b"end"])


async def test_receivers_come_and_go_alone_when_they_share_a_channel(engine: Engine) -> None:
    """Each hears a message once; the remover of one leaves the other; a failing one hurts nobody."""
    ann, bob = await engine.node(), await engine.node()
    first: list[bytes] = []
    second: list[bytes] = []

    def fail(_sender: str, _payload: bytes) -> None:
        raise ValueError("a listener's own fault")

    bob.subscribe("room", fail)
    remove = bob.subscribe("room", lambda _sender, payload: first.append(payload))
    bob.subscribe("room", lambda _sender, payload: second.append(payload))
    assert await bob.subscribed("room")
    ann.publish("room", b"1")
    await eventually(lambda: second == [b"1"])
    remove()
    remove()
    ann.publish("room", b"2")
    await eventually(lambda: second == [b"1", b"2"])
    assert first == [b"1"]


async def test_unsubscribed_channel_is_silent_and_can_be_taken_again(engine: Engine) -> None:
    """Nothing is heard after the last receiver left; subscribing anew hears what is published then."""
    ann, bob = await engine.node(), Ear(await engine.node())
    await bob.hear("end")
    expected = []
    for number in range(5):
        remove = bob.node.subscribe("room", lambda sender, payload: bob.heard.append((sender, payload)))
        assert await bob.node.subscribed("room")
        ann.publish("room", b"in %d" % number)
        await bob.until(b"in %d" % number)
        remove()
        ann.publish("room", b"out")
        ann.publish("end", b"%d" % number)
        await bob.until(b"%d" % number)
        expected += [b"in %d" % number, b"%d" % number]
    assert bob.payloads == expected
    assert await bob.node.subscribed("room") is False


async def test_window_returns_what_was_appended_after_a_position(engine: Engine) -> None:
    """In order of position, the newest 512, from any node; equal payloads at two positions are two."""
    ann, bob, eve = [await engine.node() for _ in range(3)]
    ann.append("room", 1, b"one")
    ann.append("room", 3, b"same")
    await eventually(lambda: _length(eve, "room", 2))
    bob.append("room", 2, b"same")
    await eventually(lambda: _length(eve, "room", 3))
    assert await eve.window("room", 0) == [(1, b"one"), (2, b"same"), (3, b"same")]
    assert await eve.window("room", 2) == [(3, b"same")]
    assert await eve.window("room", 3) == []
    assert await eve.window("other", 0) == []
    for position in range(4, 1001):
        ann.append("room", position, b"%d" % position)
    await eventually(lambda: _newest(eve, "room", 1000))
    kept = await eve.window("room", 0)
    assert 512 <= len(kept) <= 640
    assert kept == [(position, b"%d" % position) for position in range(1001 - len(kept), 1001)]


async def _length(node: Backplane, channel: str, wanted: int) -> bool:
    return len(await node.window(channel, 0)) == wanted


async def _newest(node: Backplane, channel: str, wanted: int) -> bool:
    return [position for position, _ in await node.window(channel, wanted - 1)] == [wanted]


async def test_large_payload_is_told_but_not_kept(engine: Engine) -> None:
    """A payload over the window's limit arrives, and leaves a gap in the window."""
    ann, bob = await engine.node(), Ear(await engine.node())
    await bob.hear("room")
    large = b"x" * (MAX_WINDOW_PAYLOAD_BYTES + 1)
    ann.append("room", 1, large)
    ann.append("room", 2, b"small")
    await bob.until(large, b"small")
    assert await bob.node.window("room", 0) == [(2, b"small")]
    assert bob.interruptions == 0


async def test_too_large_payload_is_dropped_and_every_node_told(engine: Engine) -> None:
    """Largest is carried; one byte more is dropped and interrupts everybody; a later message arrives."""
    ann, bob = [Ear(await engine.node()) for _ in range(2)]
    await bob.hear("room")
    ann.node.publish("room", b"x" * MAX_PAYLOAD_BYTES)
    await eventually(lambda: len(bob.heard) == 1)
    assert ann.interruptions == bob.interruptions == 0
    ann.node.publish("room", b"x" * (MAX_PAYLOAD_BYTES + 1))
    ann.node.publish("room", b"next")
    await eventually(lambda: bob.payloads[1:] == [b"next"])
    await eventually(lambda: ann.interruptions and bob.interruptions)
    with pytest.raises(ValueError, match="presence: an entry of 1048577 bytes exceeds the limit"):
        ann.node.put("presence", "c", b"x" * (MAX_ENTRY_BYTES + 1))


async def test_entries_show_the_others_own_newest_values(engine: Engine) -> None:
    """By node, without one's own; replaced and removed ones too, tables and keys apart."""
    ann, bob, eve = [await engine.node() for _ in range(3)]
    ann.put("presence", "c", b"old")
    ann.put("presence", "c", b"ann")
    bob.put("presence", "c", b"bob")
    bob.put("presence", "d", b"d")
    bob.put("users", "c", b"u")

    async def seen(expected: dict[str, bytes]) -> bool:
        return await eve.entries("presence", "c") == expected

    await eventually(lambda: seen({ann.node_id: b"ann", bob.node_id: b"bob"}))
    assert await bob.entries("presence", "c") == {ann.node_id: b"ann"}
    ann.put("presence", "c", None)
    ann.put("presence", "never", None)
    await eventually(lambda: seen({bob.node_id: b"bob"}))


async def test_entry_is_there_for_whoever_hears_the_message_after_it(engine: Engine) -> None:
    """``put`` then ``publish``: the receiver reads the new entry."""
    ann, bob = await engine.node(), Ear(await engine.node())
    await bob.hear("room")
    for number in range(20):
        ann.put("presence", "c", b"%d" % number)
        ann.publish("room", b"%d" % number)
        await bob.until(b"%d" % number)
        entries = await bob.node.entries("presence", "c")
        assert entries == {ann.node_id: b"%d" % number}


async def test_a_value_that_is_kept_is_found_by_all_and_taken_by_one(engine: Engine) -> None:
    """Tables and keys apart; it outlives whoever put it there, and is replaced by what is put next."""
    ann, bob, eve = [await engine.node() for _ in range(3)]
    await ann.keep("tickets", "c", b"old", 600)
    await ann.keep("tickets", "c", b"\x00new\xff", 600)
    await bob.keep("seats", "c", b"seat", 600)
    assert await ann.kept("tickets", "c") == b"\x00new\xff"
    await ann.aclose()
    assert await bob.kept("tickets", "c") == b"\x00new\xff"
    assert await bob.kept("tickets", "d", take=True) is None
    takes = [node.kept("tickets", "c", take=True) for node in (bob, eve) for _ in range(20)]
    found = [value for value in await asyncio.gather(*takes) if value is not None]
    assert found == [b"\x00new\xff"]
    assert await eve.kept("tickets", "c") is None
    assert await eve.kept("seats", "c") == b"seat"


async def test_a_value_that_is_kept_ends(engine: Engine) -> None:
    """After the time it is kept for, and not before; that begins anew with what is put in its place."""
    ann, bob = [await engine.node() for _ in range(2)]
    await ann.keep("seats", "long", b"x", 0.05)
    await ann.keep("seats", "long", b"x", 600)
    await ann.keep("seats", "short", b"x", 0.05)

    async def ended() -> bool:
        return await bob.kept("seats", "short") is None

    await eventually(ended, what="it has ended")
    assert await bob.kept("seats", "long") == b"x"
    with pytest.raises(ValueError, match="exceeds the limit"):
        await ann.keep("seats", "large", b"x" * (MAX_ENTRY_BYTES + 1), 600)


async def test_nodes_are_told_when_one_comes_leaves_or_crashes(engine: Engine) -> None:
    """The others hear of it, and what the node said of itself is gone with it."""
    ann = Ear(await engine.node())
    assert ann.nodes == []
    bob, eve = await engine.node(), await engine.node()
    await eventually(lambda: ann.nodes[-1:] == [frozenset({bob.node_id, eve.node_id})])
    bob.put("presence", "c", b"bob")
    eve.put("presence", "c", b"eve")

    async def seen(expected: set[str]) -> bool:
        return set(await ann.node.entries("presence", "c")) == expected

    await eventually(lambda: seen({bob.node_id, eve.node_id}))
    await bob.aclose()
    await eventually(lambda: ann.nodes[-1] == frozenset({eve.node_id}))
    assert await seen({eve.node_id})
    await engine.crash(eve)
    await eventually(lambda: ann.nodes[-1] == frozenset(), what="the crash")
    assert await seen(set())


async def test_engine_that_goes_and_comes_back_loses_nothing_for_long(engine: Engine) -> None:
    """While it is away reads say so and messages are dropped; then all are told, hear on and know all."""
    ann, bob = [Ear(await engine.node()) for _ in range(2)]
    await bob.hear("room")
    ann.node.put("presence", "kept", b"before")
    ann.node.put("presence", "gone", b"before")
    await eventually(lambda: _has_entry(bob.node, "gone"))
    assert ann.interruptions == bob.interruptions == 0
    await engine.stop()
    assert not ann.node.connected
    with pytest.raises(BackplaneUnavailableError):
        await bob.node.entries("presence", "kept")
    with pytest.raises(BackplaneUnavailableError):
        await bob.node.window("room", 0)
    for work in (bob.node.kept("seats", "c", take=True), bob.node.keep("seats", "c", b"x", 600)):
        with pytest.raises(BackplaneUnavailableError):
            await work
    assert await bob.node.subscribed("room") is False
    ann.node.publish("room", b"dropped")
    ann.node.put("presence", "new", b"during")
    ann.node.put("presence", "gone", None)
    await engine.restart()
    await eventually(lambda: ann.interruptions and bob.interruptions, what="both told")
    assert await bob.node.subscribed("room")
    ann.node.publish("room", b"after")
    await eventually(lambda: bob.payloads == [b"after"])
    await eventually(lambda: _has_entry(bob.node, "new"))
    assert await bob.node.entries("presence", "kept") == {ann.node.node_id: b"before"}
    assert await bob.node.entries("presence", "gone") == {}


async def _has_entry(node: Backplane, key: str) -> bool:
    return bool(await node.entries("presence", key))


async def test_callbacks_are_never_called_from_inside_a_call(engine: Engine) -> None:
    """Whoever publishes is not re-entered by a receiver on the same loop."""
    ann, bob = await engine.node(), Ear(await engine.node())
    await bob.hear("room")
    ann.publish("room", b"1")
    assert bob.heard == []
    await bob.until(b"1")


async def test_closed_node_is_quiet_and_may_be_closed_again(engine: Engine) -> None:
    """After the end nothing is heard and nothing raises but reads."""
    ann, bob = await engine.node(), Ear(await engine.node())
    await bob.hear("room")
    await bob.node.aclose()
    await bob.node.aclose()
    ann.publish("room", b"1")
    bob.node.publish("room", b"2")
    bob.node.put("presence", "c", b"3")
    with pytest.raises(BackplaneUnavailableError):
        await bob.node.entries("presence", "c")
    assert not bob.node.connected
    assert await ann.entries("presence", "c") == {}
    assert bob.heard == []
