"""Provider health from traffic and probes."""

from __future__ import annotations

import pytest

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.failover.health import ProviderHealth
from conduit_widget.providers.outcome import CANCELLED, GenerationOutcome
from conduit_widget.providers.reading.error_bodies import ErrorBody
from conduit_widget.types import ProviderStatus


class Clock:
    """A settable clock; ``jump`` sets only the time of day."""

    now = 1_800_000_000.0
    jump = 0.0

    def time(self) -> float:
        return self.now + self.jump

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The clock that the health reads."""
    return Clock()


@pytest.fixture
def changes() -> list[ProviderStatus]:
    """Every change announced."""
    return []


@pytest.fixture
def subject(clock: Clock, changes: list[ProviderStatus]) -> ProviderHealth:
    """A provider nothing is known of."""
    return ProviderHealth("acme", changes.append, monotonic=clock.monotonic, wall=clock.time)


def good(first: float | None = None, latency: float | None = None) -> GenerationOutcome:
    """A whole answer, with its time to the first token and between two, in seconds."""
    return GenerationOutcome(
        provider="acme", duration=1.0, time_to_first_token=first, inter_token_latency=latency
    )


def failed(error: ProviderError) -> GenerationOutcome:
    """An answer that failed."""
    return GenerationOutcome(provider="acme", duration=1.0, error=error, error_type=error.type)


def test_answer_that_was_closed_early_says_nothing(
    subject: ProviderHealth, changes: list[ProviderStatus]
) -> None:
    """Whoever stops an answer changes nothing of what is known of the provider."""
    subject.record(GenerationOutcome(provider="acme", duration=1.0, error_type=CANCELLED))
    assert changes == []
    assert subject.status.state == "unknown"


def test_change_is_announced_once_when_the_state_changes(
    subject: ProviderHealth, changes: list[ProviderStatus]
) -> None:
    """Ten good answers are one change; speed alone is none, but shows in the status."""
    for ttft in range(10):
        subject.record(good(ttft / 10, 1 / 50))
    assert [status.state for status in changes] == ["healthy"]
    assert subject.status.latency.ttft_p50 == 400.0
    assert subject.status.latency.ttft_p95 == 900.0
    assert subject.status.latency.tokens_per_second == 50.0
    assert subject.status.source == "traffic"


def test_since_moves_only_with_the_state(subject: ProviderHealth, clock: Clock) -> None:
    """``since`` is when the present state began."""
    subject.record(good())
    since = subject.status.since
    clock.now += 100
    subject.record(good())
    assert subject.status.since == since
    subject.record(failed(failures.truncated("acme")))
    assert subject.status.since > since


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (failures.refused("acme", 401, ErrorBody()), "down"),
        (failures.unreachable("acme", "http://x"), "down"),
        (failures.refused("acme", 503, ErrorBody()), "degraded"),
        (failures.truncated("acme"), "degraded"),
        (failures.timed_out("acme", "idle", 15), "degraded"),
        (failures.refused("acme", 404, ErrorBody(), model="m"), "degraded"),
        (failures.refused("acme", 429, ErrorBody()), "rate_limited"),
        (failures.refused("acme", 400, ErrorBody()), "healthy"),
        (failures.refused("acme", 400, ErrorBody("context_length_exceeded")), "healthy"),
    ],
)
def test_failure_decides_the_state(subject: ProviderHealth, error: ProviderError, state: str) -> None:
    """Each failure says something else about the provider; the request's own fault says nothing."""
    subject.record(good(0.1, 0.1))
    subject.record(failed(error))
    assert subject.status.state == state
    assert subject.status.error_rate == (0.0 if state == "healthy" else 0.5)


def test_repeated_failures_mean_down_until_a_success(
    subject: ProviderHealth, changes: list[ProviderStatus]
) -> None:
    """Three in a row are down, one good answer heals."""
    for _ in range(3):
        subject.record(failed(failures.truncated("acme")))
    subject.record(good())
    assert [status.state for status in changes] == ["degraded", "down", "healthy"]
    assert changes[-1].reason == ""


def test_rate_limit_ends_when_its_time_is_over(subject: ProviderHealth, clock: Clock) -> None:
    """``retryAt`` is told, and afterwards the state is unknown, not healthy."""
    error = failures.refused("acme", 429, ErrorBody(), headers={"retry-after": "30"})
    subject.record(failed(error))
    limited = subject.status
    assert (limited.state, limited.retry_at) == ("rate_limited", "2027-01-15T08:00:30.000Z")
    clock.now += 31
    over = subject.status
    assert (over.state, over.retry_at) == ("unknown", None)


@pytest.mark.parametrize("jump", [-3600.0, 3600.0])
def test_rate_limit_ends_in_its_time_when_the_clock_jumps(
    subject: ProviderHealth, clock: Clock, jump: float
) -> None:
    """An hour back does not make the provider wait for an hour, nor one forward lets it in early."""
    error = failures.refused("acme", 429, ErrorBody(), headers={"retry-after": "30"})
    subject.record(failed(error))
    clock.jump = jump
    states: list[str] = []
    for seconds in (29, 2):
        clock.now += seconds
        states.append(subject.status.state)
    assert states == ["rate_limited", "unknown"]


def test_probe_heals_what_is_down_but_not_what_traffic_found(subject: ProviderHealth) -> None:
    """Listing models proves reachability, not that answers are whole."""
    states = []
    for record in (failures.unreachable("acme", "http://x"), ["m"]):
        subject.record_probe(record)
        states.append(subject.status.state)
    subject.record(failed(failures.truncated("acme")))
    subject.record_probe(["m"])
    assert [*states, subject.status.state] == ["down", "healthy", "degraded"]
    assert subject.status.models == ["m"]


def test_limits_are_kept_from_headers_without_a_change(
    subject: ProviderHealth, changes: list[ProviderStatus]
) -> None:
    """Counts move with each request: they are in the status, but announce nothing."""
    for left in ("9", "5", "3"):
        subject.record_headers({"x-ratelimit-limit-requests": "10", "x-ratelimit-remaining-requests": left})
    subject.record_headers({})
    assert subject.status.rate_limit["requests"].percentage_used == 70.0
    assert changes == []


def test_limit_is_announced_when_it_reaches_a_level(
    subject: ProviderHealth, changes: list[ProviderStatus]
) -> None:
    """At 80 and 95 %, and when it is back; nothing is made of a limit that is not stated."""
    for left in (30, 20, 10, 4, 2, 90):
        subject.record_headers({"x-ratelimit-limit-tokens": "100", "x-ratelimit-remaining-tokens": str(left)})
    assert [status.rate_limit["tokens"].percentage_used for status in changes] == [80.0, 96.0, 10.0]
    subject.record_headers({"x-ratelimit-remaining-tokens": "0"})
    assert len(changes) == 3


def test_breaker_is_told_with_its_times(
    subject: ProviderHealth, clock: Clock, changes: list[ProviderStatus]
) -> None:
    """Open with the time of the next try, half open at that time, closed by one whole answer."""
    subject.record_failure(failures.unreachable("acme", "http://x"))
    assert (subject.status.breaker, subject.status.retry_at) == ("open", "2027-01-15T08:00:05.000Z")
    clock.now += 5
    subject.look_at_clock()
    assert (subject.status.breaker, subject.status.retry_at) == ("half_open", None)
    subject.record(good(0.1))
    assert [status.breaker for status in changes] == ["open", "half_open", "closed"]


def test_error_rate_is_that_of_the_last_quarter_of_an_hour(subject: ProviderHealth, clock: Clock) -> None:
    """Of the newest twenty answers at most; what is long past says nothing of now."""
    subject.record(failed(failures.truncated("acme")))
    clock.now += 1000
    for _ in range(3):
        subject.record(good(0.1))
    subject.record(failed(failures.truncated("acme")))
    assert subject.status.error_rate == 0.25


def test_providers_own_code_that_fails_counts(subject: ProviderHealth) -> None:
    """An exception of a package's provider is a failure like any other, without its text."""
    subject.record(GenerationOutcome(provider="acme", duration=1.0, error_type="unexpected"))
    assert (subject.status.state, subject.status.error_rate) == ("degraded", 1.0)


@pytest.mark.parametrize(
    "error",
    [
        failures.refused("acme", 401, ErrorBody()),
        failures.refused("acme", 503, ErrorBody(), headers={"retry-after": "60"}),
        failures.truncated("acme"),
    ],
)
def test_list_of_models_makes_nobody_healthy_whose_answers_fail(error: ProviderError) -> None:
    """While its breaker is open or tries it, it is shown as what it is, with the reason."""
    now = 1000.0
    health = ProviderHealth("acme", lambda _status: None, monotonic=lambda: now)
    for _ in range(3):
        health.record_failure(error)
    health.record_probe(["m"])
    assert (health.status.breaker, health.status.models) == ("open", ["m"])
    assert (health.status.state, health.status.reason) == ("degraded", str(error))
    now += 61
    health.record_probe(["m"])
    assert (health.status.breaker, health.status.state) == ("half_open", "degraded")
    health.record(GenerationOutcome(provider="acme", duration=1))
    assert (health.status.breaker, health.status.state, health.status.reason) == ("closed", "healthy", "")
    away = ProviderHealth("acme", lambda _status: None, monotonic=lambda: now)
    away.record_failure(failures.unreachable("acme", "http://x"))
    away.record_probe(["m"])
    assert (away.status.breaker, away.status.state) == ("closed", "healthy"), (
        "it could not be reached, and can"
    )


def test_what_a_probe_has_opened_a_probe_closes() -> None:
    """An engine that was missing, a key that was refused; what answers have opened since stays open."""
    health = ProviderHealth("acme", lambda _status: None)
    refused = failures.refused("acme", 401, ErrorBody())
    health.record_probe(refused)
    assert (health.status.breaker, health.status.state) == ("open", "down")
    health.record_probe(["m"])
    assert (health.status.breaker, health.status.state, health.status.retry_at) == ("closed", "healthy", None)
    health.record_probe(refused)
    health.record_failure(refused)
    health.record_probe(["m"])
    assert (health.status.breaker, health.status.state) == ("open", "degraded")


def test_context_is_told_as_soon_as_it_is_known(
    subject: ProviderHealth, changes: list[ProviderStatus]
) -> None:
    """A model's context may be known only when it has been asked; the next look announces it once."""
    known: list[int | None] = [None]
    subject.context_of = lambda: known[-1]
    assert subject.status.context_tokens is None
    known.append(8192)
    subject.record_probe(["m"])
    subject.record_probe(["m"])
    assert [change.context_tokens for change in changes] == [8192]
