"""The clocks of one generation: first token, idle, whole answer (connecting is the HTTP client's own).

The clock of the first token begins again with every sign of life: a server that says that it works on it is
not given up. The clock of the whole answer does not.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Final, TypeVar

from conduit_widget.providers import failures
from conduit_widget.providers.provider_config import Timeouts
from conduit_widget.providers.timing.watchdog import WaitedTooLongError, Watchdog

T = TypeVar("T")

_AFTER_FINISH: Final = 5.0
"""Seconds that usage may take to come when the answer is there."""


class GenerationClocks:
    """Started when made, closed when the generation is over.

    Only awaits on the provider are timed; the reader's own time is not its fault.
    """

    def __init__(self, provider: str, timeouts: Timeouts) -> None:
        now = time.monotonic()
        self._provider = provider
        self._timeouts = timeouts
        self._watchdog = Watchdog()
        self._first_until: float | None = now + timeouts.first_token
        self._finish_until: float | None = None
        self._answer_until = None if timeouts.answer is None else now + timeouts.answer

    def close(self) -> None:
        """Stop the clocks."""
        self._watchdog.close()

    def life_seen(self) -> None:
        """Start the clock of the first token again: the provider is at work."""
        if self._first_until is not None:
            self._first_until = time.monotonic() + self._timeouts.first_token

    def token_seen(self) -> None:
        """Let the idle clock count from now on: the first delta came."""
        self._first_until = None

    def finish_seen(self) -> None:
        """Wait no longer than :data:`_AFTER_FINISH` for what follows a finish reason: the answer is whole."""
        if self._finish_until is None:
            self._finish_until = time.monotonic() + _AFTER_FINISH

    async def wait(self, awaitable: Awaitable[T]) -> T:
        """Await the provider.

        Raises:
            ProviderError: the present clock, or that of the whole answer, ran out.

        """
        now = time.monotonic()
        waiting_first = self._first_until is not None
        until = self._first_until if self._first_until is not None else now + self._timeouts.idle
        if self._finish_until is not None:
            until = min(until, self._finish_until)
        answer_first = self._answer_until is not None and self._answer_until < until
        if answer_first and self._answer_until is not None:
            until = self._answer_until
        try:
            result = await self._watchdog.wait(awaitable, until)
        except WaitedTooLongError as error:
            raise self._expired(answer_first=answer_first, waiting_first=waiting_first) from error
        if self._first_until is not None:
            self.life_seen()
        return result

    def _expired(self, *, answer_first: bool, waiting_first: bool) -> Exception:
        if answer_first:
            return failures.timed_out(self._provider, "answer", self._timeouts.answer or 0.0)
        if waiting_first:
            return failures.timed_out(self._provider, "first token", self._timeouts.first_token)
        return failures.timed_out(self._provider, "idle", self._timeouts.idle)
