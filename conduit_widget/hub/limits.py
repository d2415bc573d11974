"""What one hub allows, as data, and the token bucket that holds a connection to its rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conduit_widget import contract
from conduit_widget.protocol.message_buffer import BUFFER_BYTES

WEBSOCKET_MESSAGE_FACTOR: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """Sizes in bytes, times in seconds, rates per second; the defaults are the contract's numbers.

    ``stateful_window``: how long a dropped WebSocket with stateful reconnect is waited for (0: not offered).
    """

    max_message_bytes: int = contract.MAX_MESSAGE_BYTES
    max_body_bytes: int = contract.MAX_MESSAGE_BYTES
    invocations_per_second: float = contract.INVOCATIONS_PER_SECOND
    invocation_burst: int = contract.INVOCATION_BURST
    queued_invocations: int = 100
    parallel_invocations: int = 1
    streams_per_connection: int = 100
    upload_buffer_items: int = 10
    connections_per_user: int = contract.CONNECTIONS_PER_USER
    connections_per_process: int = contract.CONNECTIONS_PER_PROCESS
    outbox_soft_bytes: int = contract.OUTBOX_SOFT_BYTES
    outbox_hard_bytes: int = contract.OUTBOX_HARD_BYTES
    lagging_timeout: float = 10.0
    handshake_timeout: float = contract.HANDSHAKE_TIMEOUT
    keep_alive_interval: float = contract.KEEP_ALIVE_INTERVAL
    client_timeout: float = contract.SERVER_CLIENT_TIMEOUT
    disconnect_timeout: float = 5.0
    poll_timeout: float = 90.0
    poll_disconnect_timeout: float = 15.0
    stateful_window: float = 20.0
    stateful_buffer_bytes: int = BUFFER_BYTES
    close_on_expiry: bool = True

    @property
    def max_frame_bytes(self) -> int:
        """The largest transport message read at all; several records may share one."""
        return self.max_message_bytes * WEBSOCKET_MESSAGE_FACTOR


class TokenBucket:
    """At most ``burst`` at once and ``rate`` a second in the long run. Times are the caller's, in seconds."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._updated = now

    def take(self, now: float) -> bool:
        """Take one token; ``False`` when there is none."""
        elapsed = max(0.0, now - self._updated)
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)
        self._updated = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
