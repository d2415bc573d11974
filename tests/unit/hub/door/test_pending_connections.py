"""Connection tokens: secret, once, for one hub and one user, for a short time."""

from __future__ import annotations

import pytest

from conduit_widget.hub.door.pending_connections import PendingConnections


def test_token_is_good_once_for_its_hub_and_user() -> None:
    """Nobody else's, nowhere else, never twice."""
    store = PendingConnections(ttl=10, limit=10)
    token, created = store.create("/hubs/chat", "ann", public=True)
    assert created.connection_id != token
    assert store.redeem(created.connection_id, "/hubs/chat", "ann") is None
    assert store.redeem(token, "/hubs/status", "ann") is None
    assert store.redeem(token, "/hubs/chat", "bob") is None
    assert store.redeem(token, "/hubs/chat", "ann") == created
    assert store.redeem(token, "/hubs/chat", "ann") is None


def test_version_0_uses_the_token_as_its_id() -> None:
    """A version 0 client knows only the id."""
    token, created = PendingConnections(ttl=10, limit=10).create("/h", "ann", public=False)
    assert created.connection_id == token


def test_token_is_forgotten_when_its_time_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unused tokens do not pile up."""
    now = 100.0
    monkeypatch.setattr("conduit_widget.hub.door.pending_connections.time.monotonic", lambda: now)
    store = PendingConnections(ttl=10, limit=10)
    token, _ = store.create("/h", "ann", public=True)
    now = 110.0
    assert store.redeem(token, "/h", "ann") is None
    assert not store._pending


def test_oldest_gives_way_when_there_are_too_many() -> None:
    """The store is bounded."""
    store = PendingConnections(ttl=10, limit=3)
    tokens = [store.create("/h", "ann", public=True)[0] for _ in range(5)]
    assert [store.redeem(token, "/h", "ann") is not None for token in tokens] == [
        False,
        False,
        True,
        True,
        True,
    ]
