"""The rates of users over several nodes: what is told, what is heard, what the nodes together allow."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import msgspec
import pytest

from conduit_widget.contract import MAX_ID_CHARS
from conduit_widget.hub.app import HubApp
from conduit_widget.hub.backplane.memory import MemoryBackplane
from conduit_widget.hub.limits.shared_rates import MAX_TOLD, TELL_INTERVAL, SharedRates
from conduit_widget.hub.limits.user_rates import MAX_DEBT, UserRate, UserRates
from conduit_widget.log_rate import INTERVAL
from tests.support.hub.echo_hub import EchoHub
from tests.support.hub.memory_bus import FaultyMemoryBus
from tests.support.hub.server import authority
from tests.support.waiting import eventually

RATE = 1.0
BURST = 20
JOINS = UserRate(name="joins", per_minute=60 * RATE, burst=BURST, costs={"Join": 1.0, "Resume": 0.1})
PATH = "/hubs/rated"
CHANNEL = f"user rates {PATH}"


class PromptBus(FaultyMemoryBus):
    """Delivers within the call; ``said`` is what nodes wanted to say, heard or not."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[bytes] = []

    def deliver(self, node: MemoryBackplane, sender: str, channel: str, payload: bytes) -> None:
        if self.reaches(node.node_id) and not (self.drop and self.drop(channel, node.node_id, payload)):
            node.listeners.received(sender, channel, (payload,))


class NodeBackplane(MemoryBackplane):
    """Notes what is published, while the bus is away too: an engine's backplane would announce a loss."""

    def __init__(self, bus: PromptBus) -> None:
        super().__init__(bus)
        self._said = bus.said

    def publish(self, channel: str, payload: bytes) -> None:
        self._said.append(payload)
        super().publish(channel, payload)


class Node:
    """One node's rates. Within one turn of the loop it tells when :meth:`tell` is called."""

    def __init__(self, bus: PromptBus, interval: float = TELL_INTERVAL, path: str = PATH) -> None:
        self.now = 1000.0
        self.backplane = NodeBackplane(bus)
        self.rates = UserRates([JOINS])
        self.shared = SharedRates(self.backplane, path, self.rates, interval=interval, clock=lambda: self.now)

    async def start(self) -> None:
        await self.backplane.start()
        await self.shared.start()

    def joins(self, times: int = 1, user: str = "ann", method: str = "Join") -> int:
        """Call so often; return how often it was allowed."""
        return sum(self.rates.consume(method, user, self.now)[0] for _ in range(times))

    def left(self, user: str = "ann") -> float:
        """What the node would still allow."""
        return self.rates.left(("joins", user))

    def timer(self) -> asyncio.TimerHandle | None:
        """What waits to be told, waits for this."""
        return self.shared._timer

    def tell(self) -> None:
        """Do what the timer would."""
        if self.timer() is not None:
            self.shared._tell()


@contextlib.asynccontextmanager
async def joined(
    count: int, *, interval: float = TELL_INTERVAL
) -> AsyncIterator[tuple[PromptBus, list[Node]]]:
    """Nodes on one bus."""
    bus = PromptBus()
    nodes = [Node(bus, interval) for _ in range(count)]
    for node in nodes:
        await node.start()
    try:
        yield bus, nodes
    finally:
        for node in nodes:
            await node.shared.aclose()


# What the nodes together allow


@pytest.mark.parametrize("count", [2, 3, 5])
async def test_nodes_together_allow_what_one_would_when_a_user_calls_at_all_of_them(count: int) -> None:
    """Greedy at every node, each told of the others every quarter of a second: one burst, then the rate.

    Too much at first, while nobody has told yet, is a debt: the long run is exact.
    """
    async with joined(count) as (_, nodes):
        allowed, seconds = 0, 300
        for _ in range(int(seconds / TELL_INTERVAL)):
            allowed += sum(node.joins(2 * BURST) for node in nodes)
            for node in nodes:
                node.tell()
            for node in nodes:
                node.now += TELL_INTERVAL
        alone = BURST + RATE * seconds
        assert alone - count <= allowed <= alone + count


async def test_call_at_one_node_counts_once_at_each_of_the_others() -> None:
    """It is told once, and nobody tells it on."""
    async with joined(3) as (bus, nodes):
        one, two, three = nodes
        assert one.joins(3) == 3
        assert one.joins(5, method="Resume") == 5
        for _ in range(3):
            for node in nodes:
                node.tell()
        assert [node.left() for node in nodes] == pytest.approx([BURST - 3.5] * 3)
        assert len(bus.said) == 1
        two.joins()
        two.tell()
        assert [node.left() for node in (one, three)] == pytest.approx([BURST - 4.5] * 2)


async def test_call_elsewhere_is_taken_from_what_has_come_back_here() -> None:
    """What was used up long ago does not hide what is spent now."""
    async with joined(2) as (_, (one, two)):
        assert two.joins(BURST) == BURST
        for node in (one, two):
            node.now += 10 * BURST / RATE
        one.joins(5)
        one.tell()
        assert two.joins(BURST) == BURST - 5


async def test_refused_call_spends_nothing_anywhere() -> None:
    """However often somebody asks in vain, the other nodes hear only of what was allowed."""
    async with joined(2) as (bus, (one, two)):
        assert one.joins(10 * BURST) == BURST
        one.tell()
        assert two.left() == 0
        assert (two.joins(5), one.joins(5)) == (0, 0)
        assert (one.timer(), two.timer()) == (None, None)
        assert len(bus.said) == 1


async def test_other_users_and_other_hubs_are_not_concerned() -> None:
    """A hub's rates are joined with those of the same path only."""
    async with joined(2) as (bus, (one, two)):
        other = Node(bus, path="/hubs/other")
        await other.start()
        one.joins(BURST)
        one.tell()
        assert (two.joins(), two.joins(user="bob"), other.joins()) == (0, 1, 1)
        await other.shared.aclose()


async def test_user_is_warned_at_the_next_call_here_when_use_elsewhere_reached_a_level() -> None:
    """At 80 and at 95 percent of what the nodes together allow, once each, with what is left over all."""
    async with joined(2) as (_, (one, two)):

        def warning(node: Node) -> tuple[float, int] | None:
            found = node.rates.consume("Join", "ann", node.now)[1]
            return None if found is None else (found.level, found.remaining)

        one.joins(15)
        one.tell()
        assert warning(two) == (80, 4)
        assert warning(two) is None
        two.tell()
        assert warning(one) == (80, 2), "at its own next call the first node knows of it too"
        one.tell()
        assert warning(two) == (95, 1)
        assert warning(two) is None
        assert two.joins() == 0


# What is lost, late or wrong


async def test_lost_message_makes_the_limit_laxer_not_stricter() -> None:
    """Who was not told lets more through; nothing else changes."""
    async with joined(2) as (bus, (one, two)):
        bus.drop = lambda channel, _node, _payload: channel == CHANNEL
        one.joins(BURST)
        one.tell()
        assert two.left() == BURST
        bus.drop = None
        assert two.joins(3) == 3
        two.tell()
        one.now += 5
        assert one.joins(BURST) == 2


async def test_nothing_is_said_while_the_bus_is_away_and_nothing_old_after() -> None:
    """Each node counts for itself; what is back in the bucket by then is not counted again."""
    async with joined(2) as (bus, (one, two)):
        bus.cut()
        assert (one.joins(BURST), two.joins(BURST)) == (BURST, BURST)
        one.tell()
        two.tell()
        assert bus.said == []
        bus.heal()
        for node in (one, two):
            node.now += BURST / RATE
        assert one.joins(2) == 2
        one.tell()
        assert msgspec.msgpack.decode(bus.said[0]) == [["joins", "ann", 2.0]]
        assert two.joins(BURST) == BURST - 2


async def test_debt_is_bounded_whatever_the_others_tell() -> None:
    """Nobody is kept out for longer than some bursts take."""
    async with joined(2) as (bus, (one, two)):
        payload = msgspec.msgpack.encode([("joins", "ann", 1e6)] * 9)
        bus.publish(one.backplane.node_id, CHANNEL, payload)
        assert two.left() == -MAX_DEBT * BURST
        two.now += (MAX_DEBT * BURST + 2) / RATE
        assert two.joins(BURST) == 2


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"secret",
        b"\x91\x93\xa5joins\xa1\xff\x01",
        msgspec.msgpack.encode([["joins", "ann"]]),
        msgspec.msgpack.encode([["joins", "ann", "secret"]]),
        msgspec.msgpack.encode([["joins", "secret", -5.0]]),
        msgspec.msgpack.encode([["joins", "ann", 1.0], ["joins", "secret", 0.0]]),
        msgspec.msgpack.encode([["joins", "ann", float("nan")]]),
        msgspec.msgpack.encode([["joins", "ann", float("inf")]]),
        msgspec.msgpack.encode([["joins", "", 1.0]]),
        msgspec.msgpack.encode([["joins", "s" * (MAX_ID_CHARS + 1), 1.0]]),
        msgspec.msgpack.encode([["joins", str(n), 1.0] for n in range(MAX_TOLD + 1)]),
    ],
)
async def test_message_that_is_none_is_ignored_and_logged_without_its_content(
    payload: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """No part of it counts; one line a minute; what comes after it counts."""
    async with joined(2) as (bus, (one, two)):
        for _ in range(3):
            bus.publish(one.backplane.node_id, CHANNEL, payload)
        assert len(two.rates) == 0
        assert len(caplog.records) == 1
        assert caplog.records[0].levelno == logging.WARNING
        assert "could not be read" in caplog.text
        assert "secret" not in caplog.text
        assert "ann" not in caplog.text
        two.now += INTERVAL
        bus.publish(one.backplane.node_id, CHANNEL, payload)
        assert len(caplog.records) == 2
        one.joins()
        one.tell()
        assert two.left() == BURST - 1


async def test_rate_this_hub_does_not_have_is_ignored() -> None:
    """A node of another version may tell of more."""
    async with joined(2) as (bus, (one, two)):
        payload = msgspec.msgpack.encode([("votes", "ann", 1.0), ("joins", "ann", 1.0)])
        bus.publish(one.backplane.node_id, CHANNEL, payload)
        assert len(two.rates) == 1
        assert two.left() == BURST - 1


@pytest.mark.parametrize("user", ["a" * (MAX_ID_CHARS + 1), "a\ud800b"])
async def test_id_no_token_of_ours_has_does_not_spoil_what_is_told_of_others(user: str) -> None:
    """It counts here, and is left out."""
    async with joined(2) as (_, (one, two)):
        assert one.joins(2 * BURST, user) == BURST
        one.joins()
        one.tell()
        assert (two.left(user), two.left()) == (BURST, BURST - 1)


# Memory and timers


async def test_full_message_goes_at_once_and_nothing_is_dropped() -> None:
    """However many users call in a moment, a bounded number of them waits; the longest ids fit the bus."""
    async with joined(2) as (bus, (one, two)):
        count = 2 * MAX_TOLD + 1
        for number in range(count):
            one.joins(user=f"{number:06}".ljust(MAX_ID_CHARS, "\N{GRINNING FACE}"))
            assert len(one.shared._spent) < MAX_TOLD
        assert len(bus.said) == 2
        one.tell()
        assert len(two.rates) == count


def test_users_who_call_elsewhere_are_forgotten_like_those_who_call_here() -> None:
    """Memory stays bounded, whatever is heard."""
    rates = UserRates([JOINS], max_users=2)
    for user in ("ann", "bob", "ann", "cat"):
        rates.spend(("joins", user), BURST, 0.0)
    assert len(rates) == 2
    assert [rates.consume("Join", user, 0.0)[0] for user in ("ann", "cat")] == [False, False]


async def test_node_has_no_timer_while_nothing_is_spent() -> None:
    """The first call is told at once, the next ones together; then all is quiet again."""
    async with joined(2, interval=0.02) as (bus, (one, two)):
        loop = asyncio.get_running_loop()
        assert one.timer() is None
        one.joins()
        timer = one.timer()
        assert timer is not None
        assert timer.when() <= loop.time()
        await eventually(lambda: two.left() == BURST - 1)
        assert (one.timer(), two.timer()) == (None, None)
        before = loop.time()
        one.joins(2)
        timer = one.timer()
        one.joins(2)
        assert len(bus.said) == 1
        assert timer is not None
        assert timer is one.timer()
        assert timer.when() >= before + 0.02
        await eventually(lambda: two.left() == BURST - 5)
        assert (one.timer(), two.timer()) == (None, None)
        assert len(bus.said) == 2


async def test_end_tells_what_is_left_and_leaves_no_timer() -> None:
    """Users of a node that ends go to others; afterwards it neither tells nor hears."""
    async with joined(2) as (bus, (one, two)):
        one.joins()
        one.tell()
        one.joins(4)
        timer = one.timer()
        assert timer is not None
        await one.shared.aclose()
        await one.shared.aclose()
        assert timer.cancelled()
        assert one.timer() is None
        assert two.left() == BURST - 5
        one.joins(3)
        two.joins()
        two.tell()
        assert (one.left(), two.left()) == (BURST - 8, BURST - 6)
        assert one.timer() is None
        assert len(bus.said) == 3


async def test_hub_without_other_nodes_tells_nobody() -> None:
    """One process alone pays nothing for it; with a bus, hubs that have rates are joined, and no others."""
    hub = EchoHub()
    hub.user_rates = [JOINS]
    app = HubApp({PATH: hub, "/hubs/free": EchoHub()}, authenticator=authority())
    assert app._mounts[PATH].invoker.user_rates.on_spent is None
    assert app._shared_rates(None) == []
    [shared] = app._shared_rates(MemoryBackplane(PromptBus()))
    assert shared._rates is app._mounts[PATH].invoker.user_rates
