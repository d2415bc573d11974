"""What was used within the last minute."""

from __future__ import annotations

from hypothesis import example, given, strategies as st

from conduit_widget.providers.limits.sliding_window import SlidingWindow

USES = st.lists(st.tuples(st.floats(0, 30), st.floats(0, 1e6)), max_size=40)
"""How much time passes, and how much is then used."""


def filled(uses: list[tuple[float, float]], factor: float = 1.0) -> tuple[SlidingWindow, float]:
    """Return a window after the uses, and the time."""
    window, now = SlidingWindow(), 1000.0
    for pause, amount in uses:
        now += pause
        window.add(amount * factor, now)
    return window, now


@given(USES)
def test_nothing_leaves_before_its_minute_is_over(uses: list[tuple[float, float]]) -> None:
    """Never less than what was really used within the last minute, nor more than in 61 seconds."""
    window, now = filled(uses)
    ends = [
        (now - sum(pause for pause, _ in uses[index + 1 :]), amount) for index, (_, amount) in enumerate(uses)
    ]
    used = window.used(now)
    assert used >= sum(amount for at, amount in ends if now - at < 59.999) * (1 - 1e-9)
    assert used <= sum(amount for at, amount in ends if now - at < 61.001) * (1 + 1e-9)


@given(USES, st.floats(0, 1e7))
def test_wait_is_as_long_as_needed(uses: list[tuple[float, float]], allowed: float) -> None:
    """After the wait no more is in the window than allowed; the wait is never negative, nor over 61 s."""
    window, now = filled(uses)
    seconds = window.seconds_until(allowed, now)
    assert 0 <= seconds <= 61.001
    assert (seconds == 0) == (window.used(now) <= allowed)
    assert window.used(now + seconds + 1e-6) <= allowed * (1 + 1e-9) + 1e-6


@given(USES, st.floats(1, 4), st.floats(0, 1e7))
@example([(0, 1.3885525631631026), (0, 1.3559974994786899), (1, 524286), (1, 0)], 1.5, 0.0)
def test_wait_grows_with_use(uses: list[tuple[float, float]], factor: float, allowed: float) -> None:
    """Whoever uses more at the same times waits as long or longer."""
    less, now = filled(uses)
    more, _ = filled(uses, factor)
    assert more.seconds_until(allowed, now) >= less.seconds_until(allowed, now)


def test_amount_is_corrected_where_it_was_added() -> None:
    """An estimate makes room for the count; nothing is less than nothing, what is gone stays gone."""
    window = SlidingWindow()
    place = window.add(100, 10.0)
    window.add(5, 30.0)
    window.correct(place, -60)
    assert window.used(30.0) == 45
    window.correct(place, -600)
    assert window.used(30.0) == 5
    window.used(75.0)
    window.correct(place, 50)
    assert window.used(75.0) == 5
    assert window.used(200.0) == 0


def test_window_stays_small_under_any_load() -> None:
    """A hundred thousand requests a minute take no more room than sixty."""
    window = SlidingWindow()
    for number in range(100_000):
        window.add(1, number * 0.002)
    assert len(window._slots) <= 62
    assert 30_000 <= window.used(200.0) <= 30_500
