"""Negotiated connections that have not been opened yet: a secret token each, once, for a short time."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

_TOKEN_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class PendingConnection:
    """What a negotiate promised. ``connection_id`` is public; ``expires_at`` is monotonic seconds."""

    connection_id: str
    hub: str
    user_id: str
    expires_at: float
    stateful: bool = False


class PendingConnections:
    """Tokens given out by negotiate; at most ``limit`` at a time, the oldest give way."""

    def __init__(self, *, ttl: float, limit: int) -> None:
        self._ttl = ttl
        self._limit = limit
        self._pending: OrderedDict[str, PendingConnection] = OrderedDict()

    def create(
        self, hub: str, user_id: str, *, public: bool, stateful: bool = False
    ) -> tuple[str, PendingConnection]:
        """Return a new secret token and its connection.

        Without ``public`` (negotiate version 0) the secret is the connection id at the same time.
        """
        now = time.monotonic()
        self._forget_expired(now)
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        connection_id = secrets.token_urlsafe(_TOKEN_BYTES) if public else token
        pending = PendingConnection(connection_id, hub, user_id, now + self._ttl, stateful)
        self._pending[token] = pending
        if len(self._pending) > self._limit:
            self._pending.popitem(last=False)
        return token, pending

    def take(self, token: str, hub: str, user_id: str) -> PendingConnection | None:
        """Return the connection of a token and forget it; ``None`` for a wrong hub, user or token.

        Tokens are 192 random bits looked up by hash, so timing tells nothing usable about them.
        """
        self._forget_expired(time.monotonic())
        pending = self._pending.get(token)
        if pending is None or pending.hub != hub or pending.user_id != user_id:
            return None
        return self._pending.pop(token)

    def _forget_expired(self, now: float) -> None:
        while self._pending and next(iter(self._pending.values())).expires_at <= now:
            self._pending.popitem(last=False)


def new_connection_id() -> str:
    """Return a public connection id for a client that skipped negotiation."""
    return secrets.token_urlsafe(_TOKEN_BYTES)
