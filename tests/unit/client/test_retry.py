"""The retry schedule as data: no waiting, no clock."""

from __future__ import annotations

import bisect
import random

import pytest

from conduit_widget.client.retry import DEFAULT_RETRY, DelayRetry, RetryContext
from conduit_widget.errors import AuthenticationError, ConnectionLostError

LOST = ConnectionLostError("dropped")


def schedule(policy: DelayRetry, attempts: int) -> list[float | None]:
    """Return the first delays of a policy."""
    return [policy(RetryContext(count, 0.0, LOST)) for count in range(attempts)]


def test_schedule_is_the_contracts_when_jitter_is_off() -> None:
    """0, 2, 10, 30 s, then every 30 s, for ever."""
    assert schedule(DelayRetry(jitter=0.0, min_spread=0.0), 7) == [0.0, 2.0, 10.0, 30.0, 30.0, 30.0, 30.0]


def test_jitter_only_lengthens_and_spreads_even_the_first_attempt() -> None:
    """A thousand clients cut off together come back over two seconds or more, none too early."""
    assert schedule(DelayRetry(random=lambda: 0.0), 5) == [0.0, 2.0, 10.0, 30.0, 30.0]
    assert schedule(DelayRetry(random=lambda: 1.0), 5) == [2.0, 4.0, 12.5, 37.5, 37.5]
    first = [DEFAULT_RETRY(RetryContext(0, 0.0, LOST)) or 0.0 for _ in range(1000)]
    assert min(first) < 0.1
    assert max(first) > 1.9


def test_refused_token_gives_up() -> None:
    """Asking with a token refused twice helps nobody."""
    assert DEFAULT_RETRY(RetryContext(0, 0.0, AuthenticationError("no"))) is None
    assert DelayRetry(give_up_on=())(RetryContext(0, 0.0, AuthenticationError("no"))) is not None


def test_empty_schedule_is_refused() -> None:
    """No delays is a mistake, not a policy."""
    with pytest.raises(ValueError, match="retry=None"):
        DelayRetry(())


def test_thousand_clients_cut_off_together_do_not_return_in_the_same_second() -> None:
    """No second sees much more than its share of the first, second and third attempts."""
    dice = random.Random(1)
    policy = DelayRetry(random=dice.random)
    for attempt, seconds in ((0, 2), (1, 2), (2, 2.5)):
        context = RetryContext(attempt, 0.0, None)
        returns = sorted(delay for _ in range(1000) if (delay := policy(context)) is not None)
        assert len(returns) == 1000
        busiest = max(bisect.bisect_right(returns, at + 1.0) - index for index, at in enumerate(returns))
        assert busiest <= 1000 / seconds * 1.2
