"""Connection tokens that other nodes check: for one hub and user, once, for seconds, unforgeable."""

from __future__ import annotations

import pytest

from conduit_widget.hub.backplane.memory import MemoryBackplane
from conduit_widget.hub.door.connection_tokens import CLOCK_SKEW
from conduit_widget.hub.door.pending_connections import PendingConnection, PendingConnections
from tests.support.hub.memory_bus import FaultyMemoryBus
from tests.support.waiting import eventually

HUB = "/hubs/chat"


class Node:
    """One node's negotiated connections."""

    def __init__(self, bus: FaultyMemoryBus, ttl: float = 10) -> None:
        self.backplane = MemoryBackplane(bus)
        self.pending = PendingConnections(ttl=ttl, limit=100, backplane=self.backplane)

    async def start(self) -> Node:
        assert self.pending.tokens is not None
        await self.backplane.start()
        await self.pending.tokens.start()
        return self

    async def redeem(self, token: str, hub: str = HUB, user: str = "ann") -> PendingConnection | None:
        await self.pending.learn(token)
        return self.pending.redeem_anywhere(token, hub, user)

    def knows(self, other: Node) -> bool:
        assert self.pending.tokens is not None
        return other.backplane.node_id in self.pending.tokens._keys

    def create(self, *, stateful: bool = False) -> tuple[str, PendingConnection]:
        return self.pending.create(HUB, "ann", public=True, stateful=stateful)


async def two() -> tuple[FaultyMemoryBus, Node, Node]:
    """Two started nodes on one bus."""
    bus = FaultyMemoryBus()
    return bus, await Node(bus).start(), await Node(bus).start()


@pytest.mark.parametrize("stateful", [False, True])
async def test_token_of_another_node_is_good_once_for_its_hub_and_user(*, stateful: bool) -> None:
    """The connection has the id that negotiate promised; afterwards the token is void on every node."""
    _, one, other = await two()
    token, promised = one.create(stateful=stateful)
    assert await other.redeem(token, hub="/hubs/status") is None
    assert await other.redeem(token, user="bob") is None
    taken = await other.redeem(token)
    assert taken is not None
    assert (taken.connection_id, taken.stateful) == (promised.connection_id, stateful)
    assert await other.redeem(token) is None
    await eventually(lambda: not one.pending._pending)
    assert await one.redeem(token) is None


async def test_token_used_where_it_was_made_opens_nothing_elsewhere() -> None:
    """The node that made it tells the others: whoever saw it used cannot use it again on another node."""
    _, one, other = await two()
    token, _ = one.create()
    await other.pending.learn(token)
    assert await one.redeem(token) is not None
    assert other.pending.tokens is not None
    used = other.pending.tokens._used
    await eventually(lambda: len(used) == 1, what="the news")
    assert await other.redeem(token) is None


async def test_forged_token_is_refused() -> None:
    """No part of it can be changed, whether it is the signature or what is signed."""
    _, one, other = await two()
    token, _ = one.create()
    parts = token.split(".")
    for position, part in enumerate(parts):
        for forged in (part[:-1] + ("A" if part[-1] != "A" else "B"), "", "9" * 20, "é", part + "\0"):
            changed = ".".join([*parts[:position], forged, *parts[position + 1 :]])
            assert await other.redeem(changed) is None, changed
    for nonsense in ("", ".", "a.b.c.d.e", token + ".x", token.replace(".", "")):
        assert await other.redeem(nonsense) is None
    moved = [*parts[:1], f"{parts[1]}\0{parts[2]}", parts[3], HUB, parts[4]]
    assert await other.redeem(".".join(moved), hub="ann", user="") is None
    assert await other.redeem(token) is not None


async def test_every_node_signs_with_a_random_key_of_its_own() -> None:
    """Nothing that anybody else knows makes a token, the secret of the access tokens included."""
    bus, one, other = await two()
    third = await Node(bus).start()
    keys = [node.pending.tokens._own_key for node in (one, other, third) if node.pending.tokens is not None]
    assert len(set(keys)) == 3
    assert min(len(key) for key in keys) >= 32
    token, _ = one.create()
    mine = third.create()[0].split(".")
    as_if_of_third = ".".join([mine[0], *token.split(".")[1:]])
    assert await other.redeem(as_if_of_third) is None
    assert await other.redeem(token) is not None


async def test_token_of_another_node_ends_with_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks may differ a little, not more."""
    _, one, other = await two()
    now = 1000.0
    monkeypatch.setattr("conduit_widget.hub.door.connection_tokens.time.time", lambda: now)
    old, late = one.create()[0], one.create()[0]
    now += 10 + CLOCK_SKEW - 1
    assert await other.redeem(late) is not None
    now += 2
    assert await other.redeem(old) is None


async def test_token_is_good_while_the_bus_is_away_and_after_its_nodes_death() -> None:
    """What a node has once learned of another serves when neither bus nor the other can be asked."""
    bus, one, other = await two()
    first, second, third = (one.create()[0] for _ in range(3))
    assert await other.redeem(first) is not None
    bus.cut()
    assert await other.redeem(second) is not None
    bus.heal()
    bus.crash(one.backplane)
    assert await other.redeem(third) is not None


async def test_nodes_learn_of_one_another_before_anybody_asks() -> None:
    """A node that comes tells its key: its tokens are good even if the bus goes away before they are used."""
    bus, one, other = await two()
    await eventually(lambda: one.knows(other) and other.knows(one))
    bus.cut()
    assert await other.redeem(one.create()[0]) is not None
    assert await one.redeem(other.create()[0]) is not None


async def test_used_tokens_are_remembered_in_bounded_number() -> None:
    """The oldest give way."""
    bus = FaultyMemoryBus()
    one, other = await Node(bus).start(), await Node(bus).start()
    for _ in range(150):
        assert await other.redeem(one.create()[0]) is not None
    assert other.pending.tokens is not None
    assert len(other.pending.tokens._used) == 100
