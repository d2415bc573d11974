"""When a provider is asked and when it is left alone."""

from __future__ import annotations

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.failover.breaker import FIRST_COOL_DOWN, LONGEST_COOL_DOWN, Breaker
from conduit_widget.providers.reading.error_bodies import ErrorBody

CUT = failures.truncated("acme")
AWAY = failures.unreachable("acme", "http://x")


class Clock:
    """A settable clock."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock that the breaker reads."""
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    """A closed one."""
    return Breaker(clock)


def state_of(breaker: Breaker) -> str:
    """The state, which time alone may change."""
    return breaker.state


def admits(breaker: Breaker) -> bool:
    """Whether it lets one more request in, which is not over."""
    return breaker.admit() is not None


def test_three_failures_in_a_row_open_it(breaker: Breaker) -> None:
    """An answer cut off in the middle counts; a whole one between begins the count anew."""
    for error in (CUT, CUT, None, CUT, CUT):
        if error is None:
            breaker.succeed()
        else:
            breaker.fail(error)
        assert (state_of(breaker), admits(breaker)) == ("closed", True)
    breaker.fail(CUT)
    assert (state_of(breaker), admits(breaker)) == ("open", False)


@pytest.mark.parametrize(
    "error",
    [
        AWAY,
        failures.timed_out("acme", "connect", 5),
        failures.refused("acme", 401, ErrorBody()),
        failures.refused("acme", 429, ErrorBody("insufficient_quota")),
        failures.refused("acme", 503, ErrorBody(), headers={"retry-after": "7"}),
    ],
)
def test_what_will_come_again_opens_it_at_once(breaker: Breaker, error: ProviderError) -> None:
    """Nobody has to fail thrice at a server that is away, or that says when it is back."""
    breaker.fail(error)
    assert state_of(breaker) == "open"


def test_one_model_that_is_missing_does_not_open_it(breaker: Breaker) -> None:
    """Its other models answer."""
    breaker.fail(failures.refused("acme", 404, ErrorBody(), model="m"))
    assert state_of(breaker) == "closed"


def test_half_open_lets_one_request_in(breaker: Breaker, clock: Clock) -> None:
    """Until that is over; one that ends without a verdict leaves its place to the next."""
    breaker.fail(AWAY)
    clock.now += FIRST_COOL_DOWN
    assert state_of(breaker) == "half_open"
    permit = breaker.admit()
    assert permit is not None
    assert not admits(breaker)
    permit.release()
    assert [admits(breaker), admits(breaker)] == [True, False]
    permit.release()
    assert not admits(breaker), "what was released before lets no other in"
    breaker.succeed()
    assert [state_of(breaker), admits(breaker), admits(breaker)] == ["closed", True, True]


def test_request_from_before_lets_nobody_in_when_it_ends(breaker: Breaker, clock: Clock) -> None:
    """Many were let in while it was closed; that they end is no reason for a second trial."""
    early = [breaker.admit() for _ in range(8)]
    breaker.fail(AWAY)
    clock.now += FIRST_COOL_DOWN
    assert admits(breaker)
    for permit in early:
        assert permit is not None
        permit.release()
        assert not admits(breaker)


def test_many_failures_at_once_open_it_once(breaker: Breaker, clock: Clock) -> None:
    """The cool-down doubles with each trial that fails, not with each answer that was under way."""
    for _ in range(50):
        breaker.fail(AWAY)
    assert breaker.open_until == clock.now + FIRST_COOL_DOWN


@pytest.mark.parametrize("retry_after", [None, 0.0])
def test_retry_after_of_nothing_is_no_cool_down(
    breaker: Breaker, clock: Clock, retry_after: float | None
) -> None:
    """A server that says "at once" with each failure is left alone as one that says nothing."""
    for _ in range(3):
        assert state_of(breaker) == "closed"
        breaker.fail(ProviderError("no", retry_after=retry_after))
    assert breaker.open_until == clock.now + FIRST_COOL_DOWN


def test_cool_down_doubles_with_each_failed_try_up_to_a_bound(breaker: Breaker, clock: Clock) -> None:
    """And begins small again after a success."""
    waits = []
    for _ in range(9):
        breaker.fail(AWAY)
        assert breaker.open_until is not None
        waits.append(breaker.open_until - clock.now)
        clock.now = breaker.open_until
    assert waits[:4] == [5.0, 10.0, 20.0, 40.0]
    assert waits[-1] == LONGEST_COOL_DOWN
    breaker.succeed()
    breaker.fail(AWAY)
    assert breaker.open_until == clock.now + FIRST_COOL_DOWN


def test_retry_after_is_kept_to(breaker: Breaker, clock: Clock) -> None:
    """To the second, but not for days."""
    breaker.fail(failures.refused("acme", 429, ErrorBody(), headers={"retry-after": "90"}))
    clock.now += 89
    assert state_of(breaker) == "open"
    clock.now += 1
    assert state_of(breaker) == "half_open"
    breaker.fail(failures.refused("acme", 429, ErrorBody(), headers={"retry-after": "999999"}))
    clock.now += 3600
    assert state_of(breaker) == "half_open"


def test_connection_closes_what_was_open_for_want_of_one(breaker: Breaker) -> None:
    """A server that lists its models is there again; one that cuts its answers may still do so."""
    breaker.fail(AWAY)
    breaker.connect()
    assert state_of(breaker) == "closed"
    for _ in range(3):
        breaker.fail(CUT)
    breaker.connect()
    assert state_of(breaker) == "open"
