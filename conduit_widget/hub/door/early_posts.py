"""Holds what clients post between negotiate and their first GET until the connection opens.

The official server takes such posts (its pipe is there from negotiate on), and some clients rely on it: their
handshake is on its way before their GET is, or overtakes it.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

from conduit_widget.hub.door.pending_connections import PendingConnection, PendingConnections

MAX_EARLY_BYTES: Final = 64 * 1024
"""Most that is held for one connection, as in the official server."""
MAX_HELD_BYTES: Final = 4 * 1024 * 1024
"""Most that is held for all; beyond it the oldest connection gives way, and is unknown from then on."""
_ENTRY_BYTES: Final = 512  # what an entry costs without its bodies


@dataclass
class _Held:
    pending: PendingConnection
    bodies: list[bytes] = field(default_factory=list)
    size: int = 0


class EarlyPosts:
    """Takes connections over from ``pending`` at their first early post, until they open or expire."""

    def __init__(self, pending: PendingConnections) -> None:
        self._pending = pending
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._size = 0

    def claim(self, token: str, hub: str, user_id: str) -> bool:
        """Take a negotiated connection over for its posts; ``False`` for a wrong token, hub or user.

        Its posts may be held from now on, until :meth:`redeem`; other nodes cannot open it any more.
        """
        return self._find(token, hub, user_id) is not None

    def hold(self, token: str, hub: str, user_id: str, body: bytes) -> bool:
        """Hold a body; ``False`` when there is no room for it, or the token is not known (any more)."""
        held = self._find(token, hub, user_id)
        if held is None or held.size - _ENTRY_BYTES + len(body) > MAX_EARLY_BYTES:
            return False
        if body:
            held.bodies.append(body)
            self._grow(held, len(body))
        return True

    def redeem(self, token: str, hub: str, user_id: str) -> tuple[PendingConnection, list[bytes]] | None:
        """Return a negotiated connection, once, with what was posted to it; ``None`` for a wrong one."""
        if token not in self._held:
            pending = self._pending.redeem(token, hub, user_id)
            return None if pending is None else (pending, [])
        held = self._find(token, hub, user_id)
        if held is None:
            return None
        self._drop(token)
        return held.pending, held.bodies

    def _find(self, token: str, hub: str, user_id: str) -> _Held | None:
        self._forget_expired()
        held = self._held.get(token)
        if held is None:
            pending = self._pending.redeem(token, hub, user_id)
            if pending is None:
                return None
            held = self._held[token] = _Held(pending)
            self._grow(held, _ENTRY_BYTES)
        elif held.pending.expires_at <= time.monotonic():
            self._drop(token)
            return None
        return held if (held.pending.hub, held.pending.user_id) == (hub, user_id) else None

    def _grow(self, held: _Held, size: int) -> None:
        held.size += size
        self._size += size
        while self._size > MAX_HELD_BYTES:
            self._drop(next(iter(self._held)))

    def _drop(self, token: str) -> None:
        self._size -= self._held.pop(token).size

    def _forget_expired(self) -> None:
        now = time.monotonic()
        while self._held and next(iter(self._held.values())).pending.expires_at <= now:
            self._drop(next(iter(self._held)))
