"""Whether a conversation is connected to the hub, for its views and for whoever has to wait."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Final

from conduit_widget.chat_client.state.changes import ConnectionInfo, LinkState
from conduit_widget.errors import (
    AuthenticationError,
    ConduitError,
    ConnectionFailedError,
    HubException,
    line_of,
)

PATIENCE: Final = 15.0
"""Seconds without a way to the hub after which those who wait at the prompt hear the reason."""

REMOVED: Final = "You were removed from this conversation, or an owner deleted it."


class Connectivity:
    """The connection state of one conversation; ``on_change`` is called with each new one."""

    def __init__(self, on_change: Callable[[ConnectionInfo], None]) -> None:
        self.info = ConnectionInfo()
        self.live = asyncio.Event()
        self._on_change = on_change
        self._away = asyncio.Event()
        self._away.set()
        self._decided = asyncio.Event()  # live, or not to be without somebody's doing
        self._ended_by: Exception | None = None

    def enter(
        self, state: LinkState, message: str | None = None, *, attempt: int = 0, retry_at: int | None = None
    ) -> None:
        """Change to a state; ``message`` is the reason, ``retry_at`` (epoch ms) the next attempt's time."""
        _set(self.live, state == "live")
        _set(self._away, state != "live")
        _set(self._decided, state not in ("connecting", "reconnecting"))
        info = ConnectionInfo(state=state, attempt=attempt, retry_at=retry_at, message=message or None)
        if info != self.info:
            self.info = info
            self._on_change(info)

    def end(self, error: Exception | None) -> None:
        """Go offline until somebody asks for a retry."""
        self._ended_by = error
        self.enter("offline", line_of(error) or "The hub ended the connection.")

    def close(self) -> None:
        """Release everybody who waits, without a change: the conversation was closed."""
        self.live.clear()
        self._away.set()
        self._decided.set()

    async def wait_live(self) -> None:
        """Wait until the conversation is joined and up to date.

        Raises:
            ConnectionFailedError: it will not be by itself; the text is the reason. AuthenticationError where
                the hub refused the token.
            HubException: we are not a member.

        """
        while not self.live.is_set():
            await self._decided.wait()
            if not self.live.is_set():
                raise self.refusal()

    async def wait_unreachable(self, patience: float = PATIENCE) -> str:
        """Wait until the hub has been out of reach for ``patience`` seconds on end; return why.

        While a first attempt is still under way there is no reason yet, and the patience goes on: attempts
        have an end of their own.
        """
        while True:
            await self._away.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self.live.wait()
            if not self.live.is_set() and self.info.message is not None:
                return self.info.message

    def refusal(self) -> ConduitError:
        """Return the error for a send or a wait in the present state."""
        if self.info.state == "removed":
            return HubException(REMOVED)
        if isinstance(self._ended_by, AuthenticationError):
            return AuthenticationError(str(self._ended_by), self._ended_by.status_code)
        return ConnectionFailedError(f"The chat is not connected: {self.info.message or 'it was closed.'}")


def _set(event: asyncio.Event, value: bool) -> None:
    if value:
        event.set()
    else:
        event.clear()
