"""The token bucket."""

from __future__ import annotations

from hypothesis import given, strategies as st

from conduit_widget.hub.limits.hub_limits import TokenBucket


def test_bucket_allows_its_burst_then_its_rate() -> None:
    """40 at once, then 20 a second."""
    bucket = TokenBucket(20, 40, now=0.0)
    assert [bucket.consume(0.0) for _ in range(41)] == [True] * 40 + [False]
    assert bucket.consume(0.05)
    assert not bucket.consume(0.05)
    assert sum(bucket.consume(1.05) for _ in range(100)) == 20


def test_bucket_holds_no_more_than_its_burst_when_idle() -> None:
    """A long silence saves nothing up."""
    bucket = TokenBucket(20, 40, now=0.0)
    assert sum(bucket.consume(1e6) for _ in range(100)) == 40


@given(st.lists(st.floats(min_value=-1, max_value=1), max_size=300))
def test_bucket_never_gives_more_than_it_should_when_times_jump(steps: list[float]) -> None:
    """Whatever the clock does, no more than burst + rate * elapsed."""
    bucket, now, elapsed, taken = TokenBucket(20, 40, now=0.0), 0.0, 0.0, 0
    for step in steps:
        now += step
        elapsed += max(0.0, step)
        taken += bucket.consume(now)
    assert taken <= 40 + 20 * elapsed + 1
