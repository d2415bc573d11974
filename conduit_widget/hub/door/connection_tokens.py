"""Connection tokens that every node of a hub can check, so that a WebSocket opens wherever it arrives.

A token is ``node.end.kind.nonce.mac``: signed with a key its node tells the others over the backplane, bound
to one hub and one user, good for seconds, once. Nothing is written anywhere when one is made.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import msgspec

from conduit_widget.errors import BackplaneUnavailableError
from conduit_widget.hub.backplane.backplane import Backplane

CLOCK_SKEW: Final = 30.0
"""Seconds by which the clocks of two nodes may differ."""

_TABLE: Final = "connection keys"
_KEY: Final = "all"
_CHANNEL: Final = "connection tokens"
_READ_TIMEOUT: Final = 1.0
_MAX_NODES: Final = 256
_KEY_BYTES: Final = 32
_RANDOM_BYTES: Final = 24
_STATEFUL: Final = "s"
_PLAIN: Final = "p"


@dataclass(frozen=True, slots=True)
class Negotiated:
    """A connection that another node promised."""

    connection_id: str
    stateful: bool


def digest_of(token: str) -> bytes:
    """Return under which name a token is kept: looking that up tells nothing about the token."""
    return hashlib.sha256(token.encode()).digest()


def public_id_of(token: str) -> str:
    """Return the public id of a token's connection; it does not lead back to the token."""
    return _text(hashlib.sha256(b"connection id " + token.encode()).digest()[:_RANDOM_BYTES])


class ConnectionTokens:
    """Makes this node's tokens and checks the others'. ``ttl`` in seconds; at most ``limit`` are remembered.

    ``on_used`` is called with the digest of a token that was used on another node. A token opens one
    connection, but for the moment that this news is under way: two openings at once on two nodes are not told
    apart. While the backplane is away, tokens of nodes met before are still good.
    """

    def __init__(
        self, backplane: Backplane, *, ttl: float, limit: int, on_used: Callable[[bytes], None]
    ) -> None:
        self._backplane = backplane
        self._ttl = ttl
        self._limit = limit
        self._on_used = on_used
        self._own_key = secrets.token_bytes(_KEY_BYTES)
        self._keys: OrderedDict[str, bytes] = OrderedDict()
        self._used: OrderedDict[bytes, float] = OrderedDict()
        self._removers: list[Callable[[], None]] = []
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell the key, and learn the others'; the backplane is started already. Idempotent."""
        if self._removers:
            return
        self._backplane.put(_TABLE, _KEY, self._own_key)
        self._removers = [
            self._backplane.subscribe(_CHANNEL, self._heard),
            self._backplane.on_nodes_change(lambda _others: self._read_soon()),
        ]
        await self._read()

    async def aclose(self) -> None:
        """Check no more. Idempotent."""
        while self._removers:
            self._removers.pop()()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def make(self, hub: str, user_id: str, *, stateful: bool) -> str:
        """Return a new token of this node."""
        end = f"{time.time() + self._ttl:.0f}"
        kind = _STATEFUL if stateful else _PLAIN
        node, nonce = self._backplane.node_id, secrets.token_urlsafe(_RANDOM_BYTES)
        return f"{node}.{end}.{kind}.{nonce}.{_mac(self._own_key, node, end, kind, nonce, hub, user_id)}"

    def is_foreign(self, token: str) -> bool:
        """Whether a token says that another node made it; nothing is checked."""
        node, dot, _ = token.partition(".")
        return bool(dot) and node != self._backplane.node_id

    async def learn(self, token: str) -> None:
        """Ask for the key of a token's node if it is not known yet, for a second at most."""
        if self.is_foreign(token) and token.partition(".")[0] not in self._keys:
            await self._read()

    def redeem(self, token: str, hub: str, user_id: str) -> Negotiated | None:
        """Use another node's token; ``None`` if it is wrong, too old, used, of another hub or user."""
        parts = token.split(".")
        if len(parts) != 5 or not self.is_foreign(token):
            return None
        node, end, kind, nonce, mac = parts
        key = self._keys.get(node)
        if key is None:
            return None
        expected = _mac(key, node, end, kind, nonce, hub, user_id)
        if not hmac.compare_digest(expected.encode(), mac.encode()):
            return None
        if float(end) + CLOCK_SKEW < time.time() or digest_of(token) in self._used:
            return None
        self._note_used(digest_of(token))
        self.tell_used(digest_of(token))
        return Negotiated(public_id_of(token), kind == _STATEFUL)

    def tell_used(self, digest: bytes) -> None:
        """Let the other nodes know that a token was used here: it opens nothing there any more."""
        self._backplane.publish(_CHANNEL, digest)

    def _heard(self, _node_id: str, digest: bytes) -> None:
        self._note_used(digest)
        self._on_used(digest)

    def _note_used(self, digest: bytes) -> None:
        now = time.monotonic()
        self._used[digest] = now + self._ttl + 2 * CLOCK_SKEW
        while self._used and (len(self._used) > self._limit or next(iter(self._used.values())) <= now):
            self._used.popitem(last=False)

    def _read_soon(self) -> None:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.get_running_loop().create_task(self._read())

    async def _read(self) -> None:
        """Fetch the live nodes' keys; keys of dead nodes are kept for the tokens they made last."""
        with contextlib.suppress(BackplaneUnavailableError, TimeoutError):
            async with asyncio.timeout(_READ_TIMEOUT):
                self._keys.update(await self._backplane.entries(_TABLE, _KEY))
        while len(self._keys) > _MAX_NODES:
            self._keys.popitem(last=False)


def _mac(key: bytes, *parts: str) -> str:
    # JSON, so that no part can be moved into its neighbour.
    return _text(hmac.digest(key, msgspec.json.encode(parts), "sha256")[:_RANDOM_BYTES])


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
