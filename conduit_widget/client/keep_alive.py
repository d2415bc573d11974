"""One timer that sends pings while we are silent and notices when the hub is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class KeepAlive:
    """Watches one connection, in seconds. Set ``last_sent`` and ``last_received`` to ``loop.time()``."""

    __slots__ = (
        "_interval",
        "_loop",
        "_on_silence",
        "_ping",
        "_timeout",
        "_timer",
        "last_received",
        "last_sent",
    )

    def __init__(
        self, *, interval: float, timeout: float, ping: Callable[[], None], on_silence: Callable[[], None]
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._interval = interval
        self._timeout = timeout
        self._ping = ping
        self._on_silence = on_silence
        self._timer: asyncio.TimerHandle | None = None
        self.last_sent = self.last_received = self._loop.time()

    def start(self) -> None:
        """Start watching, counting from now."""
        self.last_sent = self.last_received = self._loop.time()
        self._schedule()

    def stop(self) -> None:
        """Stop watching. Idempotent."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        due = min(self.last_sent + self._interval, self.last_received + self._timeout)
        self._timer = self._loop.call_at(due, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        if now >= self.last_received + self._timeout:
            self._timer = None
            self._on_silence()
            return
        if now >= self.last_sent + self._interval:
            self.last_sent = now
            self._ping()
        if self._timer is not None:  # a failed ping may have stopped us
            self._schedule()
