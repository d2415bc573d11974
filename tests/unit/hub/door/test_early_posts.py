"""Posts that are there before their connection is."""

from __future__ import annotations

import time

import pytest

from conduit_widget.hub.door import early_posts
from conduit_widget.hub.door.early_posts import EarlyPosts
from conduit_widget.hub.door.pending_connections import PendingConnections

HUB, ANN = "/hubs/chat", "ann"


@pytest.fixture
def pending() -> PendingConnections:
    """Negotiated connections."""
    return PendingConnections(ttl=60.0, limit=1000)


def negotiated(pending: PendingConnections) -> str:
    """A token of Ann's."""
    return pending.create(HUB, ANN, public=True)[0]


def test_bodies_come_in_order_once_when_the_connection_opens(pending: PendingConnections) -> None:
    """With and without any; nobody gets a connection twice, nor another's."""
    early, one, two = EarlyPosts(pending), negotiated(pending), negotiated(pending)
    for body in (b"a", b"", b"b"):
        assert early.hold(one, HUB, ANN, body)
    assert early.redeem(one, HUB, "eve") is None
    assert early.redeem(one, "/hubs/status", ANN) is None
    found = early.redeem(one, HUB, ANN)
    assert found is not None
    assert (found[0].user_id, found[1]) == (ANN, [b"a", b"b"])
    assert early.redeem(one, HUB, ANN) is None
    bare = early.redeem(two, HUB, ANN)
    assert bare is not None
    assert bare[1] == []
    assert not early.hold(two, HUB, ANN, b"late")


def test_one_connection_holds_so_much_and_no_more(pending: PendingConnections) -> None:
    """What does not fit is refused; what is there stays."""
    early, token = EarlyPosts(pending), negotiated(pending)
    assert early.hold(token, HUB, ANN, b"x" * early_posts.MAX_EARLY_BYTES)
    assert not early.hold(token, HUB, ANN, b"x")
    assert early.claim(token, HUB, ANN)
    found = early.redeem(token, HUB, ANN)
    assert found is not None
    assert len(found[1]) == 1


def test_all_together_hold_so_much_and_the_oldest_gives_way(
    pending: PendingConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also those that were asked about only; what was given back counts no more."""
    monkeypatch.setattr(early_posts, "MAX_HELD_BYTES", 10_000)
    early = EarlyPosts(pending)
    for _ in range(50):
        token = negotiated(pending)
        assert early.hold(token, HUB, ANN, b"x" * 9_000)
        assert early.redeem(token, HUB, ANN) is not None
    asked = [negotiated(pending) for _ in range(20)]
    for token in asked:
        assert early.claim(token, HUB, ANN)
    assert not early.claim(asked[0], HUB, ANN)
    last = negotiated(pending)
    assert early.hold(last, HUB, ANN, b"x" * 9_000)
    assert early._size <= 10_000
    assert early.redeem(last, HUB, ANN) is not None


def test_nothing_is_held_longer_than_the_token_lives(
    pending: PendingConnections, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither posts nor GETs find it then, whoever posted first; it costs nothing, even if nobody asks."""
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now)
    early, old = EarlyPosts(pending), negotiated(pending)
    now += 30
    young = negotiated(pending)
    assert early.hold(young, HUB, ANN, b"a")
    assert early.hold(old, HUB, ANN, b"a")
    now += 31
    assert early.redeem(old, HUB, ANN) is None
    assert not early.hold(old, HUB, ANN, b"b")
    assert early.claim(young, HUB, ANN)
    now += 30
    assert not early.claim("another", HUB, ANN)
    assert early._size == 0
