"""Whether a provider is asked at present: after failures it is left alone for a while, then tried once."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.limits.limit_tracker import LONGEST_RETRY_AFTER
from conduit_widget.types import BreakerState

OPENS_AFTER: Final = 3
"""Failures in a row that open the breaker, where none of them is certain to come again."""
FIRST_COOL_DOWN: Final = 5.0
LONGEST_COOL_DOWN: Final = 300.0

_CONNECTION_CODES: Final = frozenset({failures.UNREACHABLE, "connect_timeout"})


class Permit:
    """The right of one request to go to a provider, until it is released."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker

    def release(self) -> None:
        """The request is over, however it went (idempotent)."""
        self._breaker.release(self)


class Breaker:
    """Closed, open until ``open_until`` of ``clock``, then half open: one request finds out how things are.

    A success closes it; a failure of the one request opens it again for twice as long. What a provider says
    in ``Retry-After`` counts instead, up to an hour; that it may be asked at once says nothing.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._openings = 0
        self._trial: Permit | None = None
        self._unconnected = False
        self.open_until: float | None = None

    @property
    def state(self) -> BreakerState:
        """The present state; an open one becomes half open by itself."""
        if self.open_until is None:
            return "closed"
        return "open" if self._clock() < self.open_until else "half_open"

    @property
    def failures(self) -> int:
        """Failures in a row."""
        return self._failures

    def admit(self) -> Permit | None:
        """Return the right to ask the provider, None where nobody may; of a half open one only one has it.

        Whoever has it releases it when the request is over. That of a request which began before the breaker
        opened lets no other one in.
        """
        state = self.state
        if state == "open" or (state == "half_open" and self._trial is not None):
            return None
        permit = Permit(self)
        if state == "half_open":
            self._trial = permit
        return permit

    def release(self, permit: Permit) -> None:
        """Let the next request try a half open breaker, if it was this one that did."""
        if self._trial is permit:
            self._trial = None

    def succeed(self) -> None:
        """Close: the provider gave a whole answer."""
        self._failures = self._openings = 0
        self._trial = None
        self.open_until = None

    def connect(self) -> None:
        """Close if it was open for want of a connection: the provider can be reached again."""
        if self._unconnected:
            self.succeed()

    def fail(self, error: ProviderError) -> None:
        """Count a failure; open if it will come again, or came too often."""
        self._failures += 1
        was_trial = self.state == "half_open"
        self._trial = None
        if was_trial or is_certain(error) or error.retry_after or self._failures >= OPENS_AFTER:
            self._open(error, again=was_trial)

    def _open(self, error: ProviderError, *, again: bool) -> None:
        if again or self.open_until is None:
            self._openings += 1
        self._unconnected = error.code in _CONNECTION_CODES
        cool_down = min(FIRST_COOL_DOWN * 2 ** min(self._openings - 1, 16), LONGEST_COOL_DOWN)
        if error.retry_after:
            cool_down = min(error.retry_after, LONGEST_RETRY_AFTER)
        self.open_until = self._clock() + cool_down


def is_certain(error: ProviderError) -> bool:
    """Whether the next request would fail in the same way, as far as can be told."""
    if error.type == "model_not_found":
        return False  # of one model
    return error.type == "auth_error" or not error.recoverable or error.code in _CONNECTION_CODES
