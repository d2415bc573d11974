"""Waits between attempts."""

from __future__ import annotations

from conduit_widget.back_off import BackOff, jittered


def test_back_off_doubles_with_jitter_up_to_a_limit() -> None:
    """Refused again and again, it asks less and less often; accepted, it begins anew."""
    back_off = BackOff(2.0, 30.0)
    for expected in (2, 4, 8, 16, 30, 30, 30):
        assert expected <= back_off.next_delay() <= 1.5 * expected
    assert back_off.failures == 7
    back_off.reset()
    assert back_off.next_delay() <= 3.0


def test_a_failure_that_lasts_for_weeks_breaks_nothing() -> None:
    """However often it doubled, the longest wait stays the longest."""
    back_off = BackOff(0.5, 30.0, jitter=0.0)
    assert {back_off.next_delay() for _ in range(5000)} == {0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0}


def test_jitter_spreads_short_waits_as_well() -> None:
    """Nothing to share out is still spread over the least spread; without any the delay is as it was."""
    assert jittered(0.0, 0.25, at_least=2.0, draw=lambda: 1.0) == 2.0
    assert jittered(30.0, 0.25, at_least=2.0, draw=lambda: 1.0) == 37.5
    assert jittered(30.0, 0.0, draw=lambda: 1.0) == 30.0
