"""How much a provider still accepts."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, strategies as st

from conduit_widget.errors import ProviderError
from conduit_widget.providers.limits.limit_tracker import LimitTracker, ProviderLimits
from conduit_widget.providers.provider import GenerationParameters, GenerationRequest, PromptMessage, Usage

SHORT = GenerationRequest(messages=[PromptMessage("user", "Hi")])


class Clock:
    """A monotonic clock that stands still, and the wall clock beside it."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> float:
        """Return epoch seconds: 2027-01-15T08:00:00Z at first."""
        return 1_800_000_000.0 + self.now - 5000.0


@pytest.fixture
def clock() -> Clock:
    """A clock that the test sets."""
    return Clock()


def tracker(clock: Clock, **limits: int) -> LimitTracker:
    """Return a tracker with configured limits."""
    return LimitTracker(ProviderLimits(**limits), clock=clock, wall=clock.wall)


def of_tokens(tokens: int, max_tokens: int | None = None) -> GenerationRequest:
    """Return a request whose prompt is estimated at about so many tokens."""
    text = "é" * (tokens - 8)
    return GenerationRequest(
        messages=[PromptMessage("user", text)], parameters=GenerationParameters(max_tokens=max_tokens)
    )


def openai(
    scope: str, *, limit: int | None = None, remaining: int, reset: str | None = None
) -> dict[str, str]:
    """Return headers as OpenAI sends them."""
    fields = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"x-ratelimit-{name}-{scope}": str(value) for name, value in fields.items() if value is not None}


def test_everything_is_accepted_while_nothing_is_known(clock: Clock) -> None:
    """No limit, no wait, nothing to show."""
    limits = tracker(clock)
    assert limits.would_refuse(SHORT) is None
    limits.begin(SHORT)
    limits.settle(Usage(1, 1))
    assert limits.rate_limit() == {}
    assert limits.record_headers({"content-type": "text/event-stream"}) is False


def test_configured_requests_are_counted_over_a_sliding_minute(clock: Clock) -> None:
    """The third request within a minute of two waits until the first is a minute old."""
    limits = tracker(clock, requests_per_minute=2)
    limits.begin(SHORT)
    clock.now += 20
    assert limits.would_refuse(SHORT) is None
    limits.begin(SHORT)
    wait = limits.would_refuse(SHORT)
    assert wait == 41.0
    shown = limits.rate_limit()["requests"]
    assert (shown.limit, shown.remaining, shown.percentage_used, shown.source) == (2, 0, 100.0, "configured")
    assert shown.reset_time == "2027-01-15T08:01:21.000Z"
    clock.now += 41
    assert limits.would_refuse(SHORT) is None
    assert limits.rate_limit()["requests"].remaining == 1


def test_configured_tokens_are_estimated_and_then_counted(clock: Clock) -> None:
    """The prompt and the tokens asked for at first, then what the provider says."""
    limits = tracker(clock, tokens_per_minute=1000)
    limits.begin(of_tokens(200, max_tokens=600))
    assert limits.rate_limit()["tokens"].remaining == 200
    assert limits.would_refuse(of_tokens(150, max_tokens=100)) == 61.0
    limits.settle(Usage(180, 20))
    limits.settle(Usage(0, 0))
    assert limits.rate_limit()["tokens"].remaining == 800
    assert limits.would_refuse(of_tokens(150, max_tokens=100)) is None


def test_estimate_stands_where_the_provider_counts_nothing(clock: Clock) -> None:
    """Half a count is none."""
    limits = tracker(clock, tokens_per_minute=1000)
    for usage in (None, Usage(1, None)):
        limits.begin(of_tokens(300))
        limits.settle(usage)
    assert limits.rate_limit()["tokens"].remaining == 400


def test_count_replaces_the_estimate_of_its_own_request(clock: Clock) -> None:
    """Of two under way the one with such a prompt has ended; the other's estimate stands."""
    limits = tracker(clock, tokens_per_minute=10_000)
    limits.begin(of_tokens(2000))
    clock.now += 30
    limits.begin(of_tokens(100))
    limits.settle(Usage(120, 400))
    assert limits.rate_limit()["tokens"].remaining == 10_000 - 2000 - 520
    clock.now += 31
    assert limits.rate_limit()["tokens"].remaining == 10_000 - 520


def test_request_larger_than_the_limit_goes_when_all_is_free(clock: Clock) -> None:
    """It waits for the whole minute, and never for ever."""
    limits = tracker(clock, tokens_per_minute=100)
    assert limits.would_refuse(of_tokens(500)) is None
    limits.begin(of_tokens(50))
    assert limits.would_refuse(of_tokens(500)) == 61.0
    limits.record_headers({"ratelimit": "limit=10, remaining=10, reset=5"})
    clock.now += 61
    assert limits.would_refuse(of_tokens(500)) is None


def test_retry_after_is_waited_for(clock: Clock) -> None:
    """Whatever the error was; not before it, and not longer."""
    limits = tracker(clock)
    limits.record_error(ProviderError("busy", type="server_error", retry_after=7.5))
    assert limits.would_refuse(SHORT) == 7.5
    clock.now += 7
    assert limits.would_refuse(SHORT) == 0.5
    clock.now += 0.5
    assert limits.would_refuse(SHORT) is None


def test_window_that_is_used_up_refuses_until_its_reset(clock: Clock) -> None:
    """Nothing comes back before; afterwards nobody has said how much there is."""
    limits = tracker(clock)
    limits.record_headers(
        {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "30"}
    )
    assert limits.would_refuse(SHORT) == 30.0
    shown = limits.rate_limit()["requests"]
    assert (shown.percentage_used, shown.reset_time) == (100.0, "2027-01-15T08:00:30.000Z")
    clock.now += 30
    assert limits.would_refuse(SHORT) is None
    shown = limits.rate_limit()["requests"]
    assert (shown.limit, shown.remaining, shown.percentage_used, shown.reset_time) == (20, None, None, None)


def test_limit_that_refills_refuses_until_enough_is_back(clock: Clock) -> None:
    """OpenAI's reset is when all is back: a sixtieth of it is enough for one of sixty requests."""
    limits = tracker(clock)
    limits.record_headers(openai("requests", limit=60, remaining=0, reset="1m0s"))
    assert limits.would_refuse(SHORT) == pytest.approx(1.0)
    clock.now += 1.0
    assert limits.would_refuse(SHORT) is None
    limits.record_headers(openai("tokens", limit=6000, remaining=0, reset="60s"))
    assert limits.would_refuse(of_tokens(1000)) == pytest.approx(7.5)
    clock.now += 5
    assert limits.would_refuse(of_tokens(1000)) == pytest.approx(2.5)
    assert limits.would_refuse(of_tokens(100_000)) == pytest.approx(55)


def test_refusal_that_refilling_does_not_explain_is_believed(clock: Clock) -> None:
    """A server that refuses with nothing left and says no Retry-After refills at the reset alone."""
    limits = tracker(clock)
    headers = openai("requests", limit=60, remaining=0, reset="1m0s")
    limits.record_headers(headers)
    clock.now += 1
    limits.record_headers(headers)
    limits.record_error(ProviderError("slow down", type="rate_limit", status_code=429))
    assert limits.would_refuse(SHORT) == 60.0


def test_what_was_sent_since_is_taken_off(clock: Clock) -> None:
    """One is left and one is on its way: the next would be refused, until the provider says otherwise."""
    limits = tracker(clock)
    headers = {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "1", "x-ratelimit-reset": "30"}
    limits.record_headers(headers)
    assert limits.would_refuse(SHORT) is None
    limits.begin(SHORT)
    assert limits.would_refuse(SHORT) == 30.0
    limits.record_headers(headers)
    assert limits.would_refuse(SHORT) is None


def test_nothing_is_surely_refused_without_a_reset(clock: Clock) -> None:
    """Azure states no limit and no reset: no percentage, no wait."""
    limits = tracker(clock)
    limits.record_headers({"x-ratelimit-remaining-requests": "0", "x-ratelimit-remaining-tokens": "0"})
    assert limits.would_refuse(SHORT) is None
    for shown in limits.rate_limit().values():
        assert (shown.limit, shown.remaining, shown.percentage_used, shown.reset_time) == (
            None,
            0,
            None,
            None,
        )


def test_tighter_of_stated_and_configured_is_shown(clock: Clock) -> None:
    """Both hold, one is what people need to see."""
    limits = tracker(clock, requests_per_minute=4)
    limits.begin(SHORT)
    limits.record_headers(openai("requests", limit=100, remaining=90, reset="10s"))
    assert limits.rate_limit()["requests"].source == "configured"
    limits.record_headers(openai("requests", limit=100, remaining=50, reset="10s"))
    assert limits.rate_limit()["requests"].source == "stated"


def test_forecast_says_how_long_the_rest_lasts(clock: Clock) -> None:
    """Half used in ten seconds: ten more; and none where the window ends before."""
    limits = tracker(clock)
    for left in (100, 75, 50):
        limits.record_headers(
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": str(left), "x-ratelimit-reset": "50"}
        )
        clock.now += 5
    assert limits.rate_limit()["requests"].forecast_seconds == 5.0
    limits.record_headers(
        {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "49", "x-ratelimit-reset": "3"}
    )
    assert limits.rate_limit()["requests"].forecast_seconds is None


def test_forecast_of_a_configured_limit_comes_from_what_is_counted(clock: Clock) -> None:
    """One of ten requests a second: seven seconds are left after the third."""
    limits = tracker(clock, requests_per_minute=10)
    for _ in range(3):
        limits.begin(SHORT)
        clock.now += 1
    assert limits.rate_limit()["requests"].forecast_seconds == 6.0


def test_new_window_forgets_the_rate_of_the_old_one(clock: Clock) -> None:
    """What came back at the reset is no negative use."""
    limits = tracker(clock)

    def state(remaining: int) -> None:
        limits.record_headers(
            {
                "x-ratelimit-limit": "100",
                "x-ratelimit-remaining": str(remaining),
                "x-ratelimit-reset": "10",
            }
        )

    for remaining in (40, 20):
        state(remaining)
        clock.now += 5
    clock.now += 6
    for remaining in (100, 80, 60):
        state(remaining)
        clock.now += 2
    assert limits.rate_limit()["requests"].forecast_seconds == 4.0


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"requests_per_minute": 0}, "$.requests_per_minute"),
        ({"tokens_per_minute": 1.5}, "$.tokens_per_minute"),
        ({"requests_per_day": 5}, "requests_per_day"),
    ],
)
def test_wrong_limit_is_refused_by_the_name_of_its_field(fields: dict[str, object], named: str) -> None:
    """As configuration is read."""
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(fields, ProviderLimits)
    assert named in str(refused.value)


@given(
    st.lists(
        st.tuples(st.floats(0, 40), st.integers(0, 50), st.sampled_from(["", "1s", "40s"])), max_size=20
    ),
    st.integers(1, 30),
)
def test_wait_ends_and_is_a_time(steps: list[tuple[float, int, str]], per_minute: int) -> None:
    """Whatever is stated and counted: a wait is above 0 and bounded, and after waits a request goes."""
    clock = Clock()
    limits = tracker(clock, requests_per_minute=per_minute)
    for pause, remaining, reset in steps:
        clock.now += pause
        limits.begin(SHORT)
        limits.record_headers(openai("requests", limit=40, remaining=remaining, reset=reset))
        wait = limits.would_refuse(SHORT)
        assert wait is None or 0 < wait <= 61.001
    for _ in range(4):
        wait = limits.would_refuse(SHORT)
        if wait is None:
            break
        clock.now += wait + 1e-6
    assert limits.would_refuse(SHORT) is None


@pytest.mark.parametrize("seconds", [86_400.0, 30_000_000.0])
def test_after_an_hour_one_request_finds_out(clock: Clock, seconds: float) -> None:
    """Whatever was said: a unit that was mistaken does not shut a provider out until the hub starts again."""
    limits = tracker(clock)
    limits.record_error(ProviderError("no", type="rate_limit", retry_after=seconds))
    stated = tracker(clock)
    stated.record_headers(openai("requests", limit=10, remaining=0, reset=str(seconds)))
    stated.record_error(ProviderError("no", type="rate_limit"))
    for each in (limits, stated):
        assert each.would_refuse(SHORT) == pytest.approx(3600)
    clock.now += 3600
    assert (limits.would_refuse(SHORT), stated.would_refuse(SHORT)) == (None, None)


@pytest.mark.parametrize("hours", [-5, 5])
def test_moments_are_told_by_the_clock_of_the_provider(clock: Clock, hours: int) -> None:
    """A hub whose clock is wrong neither waits for hours nor takes a limit for over."""
    limits = LimitTracker(clock=clock, wall=lambda: clock.wall() + hours * 3600)
    limits.record_headers(
        {
            "date": "Fri, 15 Jan 2027 08:00:00 GMT",
            "anthropic-ratelimit-requests-limit": "10",
            "anthropic-ratelimit-requests-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2027-01-15T08:00:30Z",
        }
    )
    limits.record_error(ProviderError("no", type="rate_limit"))
    assert limits.would_refuse(SHORT) == pytest.approx(30)
