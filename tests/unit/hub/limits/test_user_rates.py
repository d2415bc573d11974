"""Rates of connections and users, and the warnings before they refuse."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from conduit_widget.hub.limits.user_rates import (
    QUIET,
    REARM_AFTER,
    LimitWarning,
    MeteredRate,
    RefusalStreak,
    UserRate,
    UserRates,
    WarningGauge,
    warning_of_count,
)

JOINS = UserRate(name="joins", per_minute=60, burst=10, costs={"Join": 1.0, "Resume": 0.1})


def test_gauge_warns_once_per_crossing_while_use_swings() -> None:
    """80 and 95 each once; again only after it fell below 60 and five seconds have passed."""
    gauge = WarningGauge()
    steps = [79, 80, 81, 94, 95, 99, 85, 99, 61, 99]
    assert [gauge.crossed(step, 100.0) for step in steps] == [
        *(None, 80, None, None, 95, None, None, None, None, None),
    ]
    assert gauge.crossed(10, 101.0) is None
    assert gauge.crossed(99, 101.0) is None, "too soon after the last warning"
    assert gauge.crossed(10, 100.0 + REARM_AFTER) is None
    assert gauge.crossed(99, 100.0 + REARM_AFTER) == 95
    assert gauge.crossed(85, 100.0 + REARM_AFTER) is None, "the higher warning said it already"


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 100)), max_size=200))
def test_gauge_never_storms_when_use_jumps(steps: list[tuple[float, float]]) -> None:
    """Whatever the use does, at most two warnings in any five seconds."""
    gauge, now, warned = WarningGauge(), 100.0, []
    for pause, percentage in steps:
        now += pause
        if gauge.crossed(percentage, now) is not None:
            warned.append(now)
    assert all(later - first >= REARM_AFTER for first, later in zip(warned, warned[2:], strict=False))


def test_rate_warns_with_its_numbers_when_it_runs_low() -> None:
    """The level, what is left, and when all of it is back; none before."""
    rate = MeteredRate("invocations", "connection", 20, 40, 0.0)
    warnings = []
    for _ in range(40):
        assert rate.consume(0.0)
        warnings.append(rate.warning(0.0))
    first, second = [warning for warning in warnings if warning is not None]
    assert first == LimitWarning(
        name="invocations",
        scope="connection",
        limit=40,
        remaining=8,
        percentage_used=80.0,
        level=80,
        seconds_until_full=1.6,
    )
    assert (second.level, second.remaining) == (95, 2)
    assert warnings.index(first) == 31
    assert not rate.consume(0.0)


@pytest.mark.parametrize(
    ("count", "limit", "level"),
    [
        (7, 10, None),
        (8, 10, 80),
        (9, 10, None),
        (10, 10, 95),
        (80, 100, 80),
        (95, 100, 95),
        (2, 2, 95),
        (1, 2, None),
    ],
)
def test_count_warns_at_the_step_that_reaches_a_level(count: int, limit: int, level: float | None) -> None:
    """The eighth of ten hears of it, and the last one."""
    warning = warning_of_count("connections", "user", count, limit)
    assert (warning and warning.level) == level
    if warning is not None:
        assert (warning.limit, warning.remaining) == (limit, limit - count)


def test_user_rate_counts_all_calls_of_a_user_together() -> None:
    """Methods share a rate by their costs; users do not; what has no rate is free."""
    rates = UserRates([JOINS])
    assert all(rates.consume("JOIN", "ann", 0.0)[0] for _ in range(9))
    assert all(rates.consume("Resume", "ann", 0.0)[0] for _ in range(9))
    assert not rates.consume("join", "ann", 0.0)[0]
    assert rates.consume("Join", "bob", 0.0)[0]
    assert all(rates.consume("Echo", "ann", 0.0)[0] for _ in range(1000))
    assert rates.consume("Join", "ann", 2.0)[0]


def test_user_rate_warns_the_user_before_it_refuses() -> None:
    """Once at 80 and once at 95 percent."""
    rates = UserRates([JOINS])
    found = [rates.consume("Join", "ann", 0.0)[1] for _ in range(12)]
    assert [(item.level, item.scope, item.remaining) for item in found if item] == [
        (80, "user", 2),
        (95, "user", 0),
    ]


def test_user_rate_of_zero_limits_nothing() -> None:
    """It can be switched off."""
    rates = UserRates([UserRate(name="joins", per_minute=0, burst=0, costs={"Join": 1.0})])
    assert all(rates.consume("Join", "ann", 0.0) == (True, None) for _ in range(1000))
    assert len(rates) == 0


def test_user_rates_forget_who_was_seen_least_recently_when_full() -> None:
    """Memory stays bounded, whoever comes."""
    rates = UserRates([JOINS], max_users=2)
    for _ in range(10):
        rates.consume("Join", "ann", 0.0)
    rates.consume("Join", "bob", 0.0)
    assert not rates.consume("Join", "ann", 0.0)[0]
    rates.consume("Join", "cat", 0.0)  # bob gives way, not ann
    assert len(rates) == 2
    assert not rates.consume("Join", "ann", 0.0)[0]


def test_hammering_lasts_until_two_quiet_seconds() -> None:
    """It grows while refusals follow each other, and begins anew after a pause."""
    hammering = RefusalStreak(0.0)
    assert [hammering.refused(second) for second in (1.0, 2.0, 3.5)] == [1.0, 2.0, 3.5]
    assert hammering.refused(3.5 + QUIET) == 0.0
    assert hammering.refused(6.0) == 0.5
