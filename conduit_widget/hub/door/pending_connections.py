"""Negotiated connections that have not been opened yet: a secret token each, once, for a short time."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from conduit_widget.hub.backplane.backplane import Backplane
from conduit_widget.hub.door.connection_tokens import ConnectionTokens, digest_of, public_id_of

_TOKEN_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class PendingConnection:
    """A promised connection. ``connection_id`` is public; ``expires_at`` is monotonic seconds."""

    connection_id: str
    hub: str
    user_id: str
    expires_at: float
    stateful: bool = False


class PendingConnections:
    """Tokens given out by negotiate; at most ``limit`` at a time, the oldest give way.

    With a ``backplane`` the other nodes can check them too (:attr:`tokens`, to be started with the hub).
    """

    def __init__(self, *, ttl: float, limit: int, backplane: Backplane | None = None) -> None:
        self._ttl = ttl
        self._limit = limit
        self._pending: OrderedDict[bytes, PendingConnection] = OrderedDict()
        self.tokens = (
            None
            if backplane is None
            else ConnectionTokens(backplane, ttl=ttl, limit=limit, on_used=self._used_elsewhere)
        )

    def create(
        self, hub: str, user_id: str, *, public: bool, stateful: bool = False
    ) -> tuple[str, PendingConnection]:
        """Return a new secret token and its connection.

        Without ``public`` (negotiate version 0) the secret is the connection id at the same time.
        """
        now = time.monotonic()
        self._forget_expired(now)
        if self.tokens is None:
            token = secrets.token_urlsafe(_TOKEN_BYTES)
        else:
            token = self.tokens.make(hub, user_id, stateful=stateful)
        connection_id = public_id_of(token) if public else token
        pending = PendingConnection(connection_id, hub, user_id, now + self._ttl, stateful)
        self._pending[digest_of(token)] = pending
        if len(self._pending) > self._limit:
            self._pending.popitem(last=False)
        return token, pending

    def redeem(self, token: str, hub: str, user_id: str) -> PendingConnection | None:
        """Return the connection of a token of this node and forget it; ``None`` for another hub or user.

        Tokens are looked up by their digest, so timing tells nothing about them.
        """
        self._forget_expired(time.monotonic())
        digest = digest_of(token)
        pending = self._pending.get(digest)
        if pending is None or pending.hub != hub or pending.user_id != user_id:
            return None
        if self.tokens is not None:
            self.tokens.tell_used(digest)
        return self._pending.pop(digest)

    async def learn(self, token: str) -> None:
        """Fetch the key that another node's token is checked with."""
        if self.tokens is not None:
            await self.tokens.learn(token)

    def redeem_anywhere(self, token: str, hub: str, user_id: str) -> PendingConnection | None:
        """Like :meth:`redeem`, for a token of any node; :meth:`learn` first."""
        own = self.redeem(token, hub, user_id)
        if own is not None or self.tokens is None:
            return own
        found = self.tokens.redeem(token, hub, user_id)
        if found is None:
            return None
        return PendingConnection(
            found.connection_id, hub, user_id, time.monotonic() + self._ttl, found.stateful
        )

    def is_foreign(self, token: str) -> bool:
        """Whether a token names another node as its own."""
        return self.tokens is not None and self.tokens.is_foreign(token)

    def _used_elsewhere(self, digest: bytes) -> None:
        self._pending.pop(digest, None)

    def _forget_expired(self, now: float) -> None:
        while self._pending and next(iter(self._pending.values())).expires_at <= now:
            self._pending.popitem(last=False)


def new_connection_id() -> str:
    """Return a public connection id for a client that skipped negotiation."""
    return secrets.token_urlsafe(_TOKEN_BYTES)
