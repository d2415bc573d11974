"""When to try again: a policy is a callable from the retry context to a delay, or None to give up."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from conduit_widget.back_off import jittered
from conduit_widget.contract import RECONNECT_DELAYS
from conduit_widget.errors import AuthenticationError


@dataclass(frozen=True)
class RetryContext:
    """The facts for a policy: failed attempts so far, seconds since the first failure, the last error."""

    previous_retry_count: int
    elapsed: float
    error: Exception | None


class RetryPolicy(Protocol):
    """Decides how long to wait before the next attempt."""

    def __call__(self, context: RetryContext) -> float | None:
        """Return the delay in seconds, or None to give up."""
        ...


@dataclass(frozen=True)
class DelayRetry:
    """Waits for the given delays, one after the other; the last one repeats for ever.

    Each delay is lengthened by a random part of ``max(delay * jitter, min_spread)`` seconds, so that clients
    cut off together do not come back in the same second; ``jitter=0`` and ``min_spread=0`` give the bare
    delays.
    A token refused twice (``give_up_on``) ends it: asking a third time helps nobody.
    """

    delays: tuple[float, ...] = RECONNECT_DELAYS
    jitter: float = 0.25
    min_spread: float = 2.0
    give_up_on: tuple[type[Exception], ...] = (AuthenticationError,)
    random: Callable[[], float] = random.random

    def __post_init__(self) -> None:
        if not self.delays:
            raise ValueError("DelayRetry needs at least one delay; pass retry=None for no reconnect.")

    def __call__(self, context: RetryContext) -> float | None:
        """Return the delay for this attempt in seconds, jitter included."""
        if isinstance(context.error, self.give_up_on):
            return None
        delay = self.delays[min(context.previous_retry_count, len(self.delays) - 1)]
        return jittered(delay, self.jitter, at_least=self.min_spread, draw=self.random)


DEFAULT_RETRY: Final = DelayRetry()
