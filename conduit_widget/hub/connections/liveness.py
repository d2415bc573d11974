"""The deadlines of one connection: handshake, silence, keep-alive, token expiry, slow reading. One timer."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from conduit_widget.contract import CloseCode
from conduit_widget.hub.auth.principal import Principal
from conduit_widget.hub.connections.timer_wheel import TimerWheel, WheelTimer
from conduit_widget.hub.limits.hub_limits import HubLimits


class LiveConnection(Protocol):
    """Whoever acts when a deadline passes."""

    @property
    def user(self) -> Principal:
        """The authenticated user; its expiry may move."""
        ...

    @property
    def handshake_done(self) -> bool:
        """Whether the client has said which protocol it speaks."""
        ...

    @property
    def silence_allowed(self) -> bool:
        """Whether nothing can be expected from the client: it is not read, or it is away for a while."""
        ...

    @property
    def expiry_warning(self) -> float | None:
        """How many seconds before its token expires the client wants to know; ``None``: never."""
        ...

    def ping(self) -> None:
        """Send a ping."""

    def warn_of_expiry(self, seconds_left: float) -> None:
        """Tell the client that its token expires soon."""

    def time_out(self, code: CloseCode, error: Exception | None) -> None:
        """End the connection."""


class Liveness:
    """Looks at every deadline, and comes back for the nearest one."""

    __slots__ = (
        "_connection",
        "_last_ping",
        "_last_received",
        "_limits",
        "_paused_since",
        "_timer",
        "_warned_of",
        "_wheel",
    )

    def __init__(self, connection: LiveConnection, limits: HubLimits, wheel: TimerWheel) -> None:
        self._connection = connection
        self._limits = limits
        self._wheel = wheel
        self._last_ping = self._last_received = asyncio.get_running_loop().time()
        self._paused_since: float | None = None
        self._warned_of = 0.0
        self._timer: WheelTimer | None = wheel.after(limits.handshake_timeout, self.check)

    @property
    def paused(self) -> bool:
        """Whether the client does not read at present."""
        return self._paused_since is not None

    def received(self) -> None:
        """Note that something came from the client."""
        self._last_received = asyncio.get_running_loop().time()

    def pause(self) -> None:
        """Note that the client has stopped reading."""
        self._paused_since = asyncio.get_running_loop().time()
        due = self._paused_since + self._limits.lagging_timeout
        if self._timer is not None and self._timer.due > due:
            self._rearm(self._limits.lagging_timeout)

    def resume(self) -> None:
        """Note that the client reads."""
        self._paused_since = None

    def stop(self) -> None:
        """Stop watching the deadlines."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def check(self) -> None:
        """Act on what is due."""
        if self._timer is None:
            return
        connection, limits, now = self._connection, self._limits, asyncio.get_running_loop().time()
        if connection.silence_allowed:
            self._last_received = now
        if not connection.handshake_done:
            connection.time_out(CloseCode.HANDSHAKE_TIMEOUT, TimeoutError("The handshake took too long."))
        elif limits.close_on_expiry and time.time() >= connection.user.expires_at:
            connection.time_out(CloseCode.TOKEN_EXPIRED, None)
        elif now - self._last_received >= limits.client_timeout:
            error = TimeoutError("The client was silent for too long.")
            connection.time_out(CloseCode.CLIENT_TIMEOUT, error)
        elif self._paused_since is not None and now - self._paused_since >= limits.lagging_timeout:
            connection.time_out(CloseCode.SLOW_READER, TimeoutError("The client reads too slowly."))
        else:
            if now - self._last_ping >= limits.keep_alive_interval:
                self._last_ping = now
                connection.ping()
            self._warn()
            self._rearm(self._next_deadline(now))

    def _warn(self) -> None:
        warning, expires_at = self._connection.expiry_warning, self._connection.user.expires_at
        left = expires_at - time.time()
        if warning is not None and left <= warning and self._warned_of != expires_at:
            self._warned_of = expires_at
            self._connection.warn_of_expiry(max(0.0, left))

    def _next_deadline(self, now: float) -> float:
        limits, expires_at = self._limits, self._connection.user.expires_at
        deadlines = [
            self._last_ping + limits.keep_alive_interval - now,
            self._last_received + limits.client_timeout - now,
        ]
        if limits.close_on_expiry:
            deadlines.append(expires_at - time.time())
        warning = self._connection.expiry_warning
        if warning is not None and self._warned_of != expires_at:
            deadlines.append(expires_at - warning - time.time())
        if self._paused_since is not None:
            deadlines.append(self._paused_since + limits.lagging_timeout - now)
        return min(deadlines)

    def _rearm(self, delay: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._wheel.after(delay, self.check)
