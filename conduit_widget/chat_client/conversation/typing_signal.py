"""The typing signal: refreshed while somebody types, ended when they stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from conduit_widget.contract import TYPING_TTL

REFRESH_INTERVAL: Final = TYPING_TTL / 3  # less than a view's own refresh, which is half of it


class TypingSignal:
    """Turns keystrokes into as few StartTyping and StopTyping calls as the hub needs.

    :meth:`touch` may come with every keystroke; StartTyping is sent at most once per ``refresh`` seconds, and
    StopTyping by itself ``ttl`` seconds after the last touch. Runs on one event loop.
    """

    def __init__(
        self,
        send: Callable[[bool], object],
        loop: asyncio.AbstractEventLoop,
        *,
        ttl: float = TYPING_TTL,
        refresh: float = REFRESH_INTERVAL,
    ) -> None:
        self._send = send
        self._loop = loop
        self._ttl = ttl
        self._refresh = refresh
        self._sent_at: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_typing(self) -> bool:
        """Whether the others see us typing."""
        return self._sent_at is not None

    def touch(self) -> None:
        """Call this with each keystroke."""
        now = self._loop.time()
        if self._sent_at is None or now - self._sent_at >= self._refresh:
            self._sent_at = now
            self._send(True)
        self._cancel_timer()
        self._timer = self._loop.call_later(self._ttl, self.clear)

    def clear(self) -> None:
        """Stop showing the user as typing."""
        self._cancel_timer()
        if self._sent_at is not None:
            self._sent_at = None
            self._send(False)

    def forget(self) -> None:
        """Assume the hub knows nothing (a new connection, or a message that ended the typing)."""
        self._sent_at = None
        self._cancel_timer()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
