"""When a limit will be used up."""

from __future__ import annotations

import math

from hypothesis import given, strategies as st

from conduit_widget.providers.limits.forecasts import HORIZON, Forecast

STEPS = st.lists(
    st.tuples(st.floats(0, 20), st.floats(-1e6, 1e6), st.floats(0, 1e6)), min_size=1, max_size=40
)
"""How much time passes, how much is then used (or comes back), and how much more a heavier user takes."""


def forecast_of(readings: list[tuple[float, float]]) -> Forecast:
    """Return the forecast after readings of (time, remaining)."""
    forecast = Forecast()
    for at, remaining in readings:
        forecast.add(remaining, at)
    return forecast


def test_forecast_goes_on_at_the_present_rate() -> None:
    """From 100 to 80 in ten seconds: forty seconds are left, and time that passes is taken off."""
    forecast = forecast_of([(0, 100), (5, 90), (10, 80)])
    assert forecast.seconds(10) == 40
    assert forecast.seconds(14) == 36


def test_unknown_is_none() -> None:
    """One reading, two at one moment, a limit that fills or stays, one that lasts, an old series."""
    assert Forecast().seconds(0) is None
    assert forecast_of([(0, 100)]).seconds(0) is None
    assert forecast_of([(0, 100), (0.01, 50)]).seconds(1) is None
    assert forecast_of([(0, 50), (10, 50)]).seconds(10) is None
    assert forecast_of([(0, 50), (10, 60)]).seconds(10) is None
    assert forecast_of([(0, 1_000_000), (10, 999_999)]).seconds(10) is None
    assert forecast_of([(0, 100), (10, 90)]).seconds(100) is None


def test_nothing_left_is_now() -> None:
    """Zero, and never below."""
    forecast = forecast_of([(0, 100), (10, 0)])
    assert forecast.seconds(10) == 0
    assert forecast.seconds(20) == 0
    assert forecast_of([(0, 100), (10, -5)]).seconds(10) == 0


def test_series_stays_short_and_covers_a_minute() -> None:
    """A hundred answers a second leave a dozen readings, over the whole minute."""
    forecast = forecast_of([(number / 100, 100_000 - number) for number in range(10_000)])
    assert len(forecast._readings) <= 14
    assert forecast._readings[-1].at - forecast._readings[0].at > 50
    seconds = forecast.seconds(100)
    assert seconds is not None
    assert 899 < seconds < 901


@given(STEPS, st.floats(0, 100), st.floats(0, 1e9))
def test_forecast_is_a_time_or_none(
    steps: list[tuple[float, float, float]], later: float, start: float
) -> None:
    """Never negative, never NaN, never beyond its horizon."""
    at, remaining, readings = 0.0, start, []
    for pause, used, _ in steps:
        at, remaining = at + pause, remaining - used
        readings.append((at, remaining))
    seconds = forecast_of(readings).seconds(at + later)
    assert seconds is None or 0 <= seconds <= HORIZON * (1 + 1e-9)


@given(STEPS, st.floats(0, 100))
def test_forecast_shrinks_with_use(steps: list[tuple[float, float, float]], later: float) -> None:
    """Whoever uses more, from the same beginning and at the same times, has as long or less."""
    at = lighter = heavier = 0.0
    light, heavy = [(0.0, 1e6)], [(0.0, 1e6)]
    for pause, used, more in steps:
        at += pause
        lighter += used
        heavier += used + more
        light.append((at, 1e6 - lighter))
        heavy.append((at, 1e6 - heavier))
    if at > 50:
        return  # the series no longer begin alike
    seconds = [forecast_of(readings).seconds(at + later) for readings in (light, heavy)]
    rest = [math.inf if each is None else each for each in seconds]
    assert rest[1] <= rest[0] * (1 + 1e-9) + 1e-9
