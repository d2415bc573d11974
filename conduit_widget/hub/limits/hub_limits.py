"""The limits of one hub as data, and the token bucket that enforces a rate.

Every limit refuses in one way, is counted in one place, and, where somebody can still act on it, is warned of
at 80 and 95 % with ``RateLimitWarning`` (:meth:`~conduit_widget.hub.calls.hub.Hub.on_limit_warning`):

======================================  ============================================  =====================
limit                                   past it                                       counted as
======================================  ============================================  =====================
``invocations_per_second``, ``…burst``  completion "Rate limit exceeded. …"; warned   errors ``rate_limit``
``queued_invocations``                  completion "Rate limit exceeded. …"           errors ``rate_limit``
``streams_per_connection``              completion "Rate limit exceeded. …"           errors ``rate_limit``
``records_per_call``                    it is read more slowly                        (nothing)
``rate_limit_patience``                 Close 3005 with allowReconnect                closes ``rate_limited``
``connections_per_user``                "Connection limit exceeded (n/max). …"        connections ``limit``
                                        at negotiate, or Close 3500; warned
``connections_per_process``             the same                                      connections ``limit``
``negotiates_per_minute``, ``…burst``   HTTP 429 "Rate limit exceeded. …"             connections
                                                                                      ``rate_limit``
``max_message_bytes``                   completion that names limit and size; with    errors ``too_large``,
                                        nobody to answer, or unreadable: Close 3502   closes
                                                                                      ``message_too_large``
``max_body_bytes``                      HTTP 413 that names the limit                 (access log)
``max_head_bytes``                      HTTP 431                                      (access log)
``head_timeout``, ``body_timeout``      HTTP 408, the connection ends                 (access log)
``handshake_timeout``                   Close 3504                                    closes
                                                                                      ``handshake_timeout``
``client_timeout``                      Close 3004 with allowReconnect                closes
                                                                                      ``client_timeout``
``outbox_hard_bytes``,                  Close 3003 with allowReconnect                closes ``slow_reader``
``lagging_timeout``
======================================  ============================================  =====================

What one user may do a minute (joins, messages) is the hub's own matter:
:class:`~conduit_widget.hub.limits.user_rates.UserRate`. That, and the connections of a user, hold over all
nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from conduit_widget import contract
from conduit_widget.protocol.message_buffer import BUFFER_BYTES

WEBSOCKET_MESSAGE_FACTOR: Final = 16
INFLATED_MESSAGE_FACTOR: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """Sizes in bytes, times in seconds, rates as named; the defaults are the contract's numbers.

    ``stateful_window``: how long a dropped WebSocket with stateful reconnect is waited for (0: not offered).
    ``negotiates_per_minute``: of one client address, openings without negotiation included (0: any number).
    ``records_per_call``: how many records and frames of any kind a connection may send for each call it may
    make, in the long run and at once alike; items of its uploads aside.
    ``rate_limit_patience``: how long a client may go on over its rate before its connection is closed.
    """

    max_message_bytes: int = contract.MAX_MESSAGE_BYTES
    max_body_bytes: int = contract.MAX_MESSAGE_BYTES
    max_head_bytes: int = 32 * 1024
    head_timeout: float = 10.0
    body_timeout: float = 60.0
    invocations_per_second: float = contract.INVOCATIONS_PER_SECOND
    invocation_burst: int = contract.INVOCATION_BURST
    records_per_call: int = 25
    rate_limit_patience: float = 10.0
    queued_invocations: int = 100
    parallel_invocations: int = 1
    streams_per_connection: int = 100
    upload_buffer_items: int = 10
    connections_per_user: int = contract.CONNECTIONS_PER_USER
    connections_per_process: int = contract.CONNECTIONS_PER_PROCESS
    negotiates_per_minute: float = contract.NEGOTIATES_PER_MINUTE
    negotiate_burst: int = contract.NEGOTIATE_BURST
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
    def records_per_second(self) -> float:
        """How many records and frames of any kind a connection may send in the long run."""
        return self.invocations_per_second * self.records_per_call

    @property
    def record_burst(self) -> int:
        """How many of them it may send at once."""
        return self.invocation_burst * self.records_per_call

    @property
    def max_frame_bytes(self) -> int:
        """The largest transport message read at all; several records may share one."""
        return self.max_message_bytes * WEBSOCKET_MESSAGE_FACTOR

    @property
    def max_inflated_bytes(self) -> int:
        """How large a compressed transport message may become: it costs its sender next to nothing."""
        return self.max_message_bytes * INFLATED_MESSAGE_FACTOR


class TokenBucket:
    """At most ``burst`` at once and ``rate`` a second in the long run. Times are the caller's, in seconds."""

    __slots__ = ("_burst", "_rate", "_tokens", "_updated")

    def __init__(self, rate: float, burst: int, now: float) -> None:
        self._rate = rate
        self._burst = float(burst)
        self._tokens = float(burst)
        self._updated = now

    def consume(self, now: float, cost: float = 1.0) -> bool:
        """Take ``cost`` tokens; ``False``, and none taken, when there are not so many."""
        elapsed = max(0.0, now - self._updated)
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)
        self._updated = now
        if self._tokens < cost:
            return False
        self._tokens -= cost
        return True

    def owe(self, now: float, cost: float) -> float:
        """Take ``cost`` tokens in any case, down to a burst below nothing; return the seconds until that is
        paid back, 0 when nothing is owed.
        """
        self.consume(now, 0.0)  # what has come back meanwhile
        self._tokens = max(self._tokens - cost, -self._burst)
        return max(0.0, -self._tokens / self._rate)

    @property
    def burst(self) -> int:
        """The most there can be."""
        return int(self._burst)

    @property
    def remaining(self) -> int:
        """Whole tokens left at the last :meth:`consume`."""
        return int(self._tokens)

    @property
    def percentage_used(self) -> float:
        """How much of the burst was gone at the last :meth:`consume`, 0 to 100."""
        return 100.0 * (1.0 - self._tokens / self._burst)

    @property
    def seconds_until_full(self) -> float:
        """How long nothing may be taken until there are ``burst`` again."""
        return (self._burst - self._tokens) / self._rate
