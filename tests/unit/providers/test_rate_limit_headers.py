"""Reading rate-limit headers."""

from __future__ import annotations

from typing import Any

import pytest

from conduit_widget.providers.rate_limit_headers import go_duration, parse_rate_limit, parse_retry_after

NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("20ms", 0.02),
        ("1h2m3.5s", 3723.5),
        ("2", 2.0),
        ("soon", None),
        ("1s later", None),
        ("", None),
        (None, None),
        ("inf", None),
    ],
)
def test_reset_is_read_when_it_is_a_go_duration(text: str | None, seconds: float | None) -> None:
    """Go durations and bare seconds are read, anything else is unknown."""
    assert go_duration(text) == seconds


def test_openai_headers_are_read_when_both_counts_are_stated() -> None:
    """Limit, remaining, reset and the share used, for requests and tokens."""
    headers = {
        "x-ratelimit-limit-requests": "200",
        "x-ratelimit-remaining-requests": "50",
        "x-ratelimit-reset-requests": "1m0s",
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "1000",
    }
    assert parse_rate_limit(headers, now=NOW) == {
        "requests": {
            "limit": 200,
            "remaining": 50,
            "percentageUsed": 75.0,
            "resetTime": "2027-01-15T08:01:00.000Z",
        },
        "tokens": {"limit": 1000, "remaining": 1000, "percentageUsed": 0.0, "resetTime": None},
    }


@pytest.mark.parametrize(
    ("headers", "scope", "entry"),
    [
        (
            {
                "anthropic-ratelimit-tokens-limit": "80",
                "anthropic-ratelimit-tokens-remaining": "20",
                "anthropic-ratelimit-tokens-reset": "2027-01-15T08:00:30Z",
            },
            "tokens",
            {"limit": 80, "remaining": 20, "percentageUsed": 75.0, "resetTime": "2027-01-15T08:00:30.000Z"},
        ),
        (
            {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
            "requests",
            {"limit": 100, "remaining": 50, "percentageUsed": 50.0, "resetTime": "2027-01-15T08:00:30.000Z"},
        ),
        (
            {"ratelimit": '"default";r=50;t=30'},
            "requests",
            {"limit": None, "remaining": 50, "percentageUsed": None, "resetTime": "2027-01-15T08:00:30.000Z"},
        ),
    ],
)
def test_other_dialects_are_read_when_they_are_used(
    headers: dict[str, str], scope: str, entry: dict[str, Any]
) -> None:
    """Anthropic's names and the IETF draft; a missing limit leaves the share unknown."""
    assert parse_rate_limit(headers, now=NOW) == {scope: entry}


@pytest.mark.parametrize(
    "headers",
    [{}, {"x-ratelimit-limit-requests": "many"}, {"ratelimit": ";;=;"}, {"ratelimit": '"x"'}],
)
def test_nothing_is_guessed_when_headers_say_nothing(headers: dict[str, str]) -> None:
    """Absent or unreadable headers give no limits at all."""
    assert parse_rate_limit(headers, now=NOW) == {}


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:20 GMT"}, 20.0),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0.0),
        ({"retry-after": "whenever"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds or a date; a date in the past means now."""
    assert parse_retry_after(headers, now=NOW) == seconds


@pytest.mark.parametrize(
    "headers",
    [
        {"x-ratelimit-limit-requests": "10", "x-ratelimit-reset-requests": "999999999999999"},
        {"x-ratelimit-limit-requests": "10", "x-ratelimit-reset-requests": "9" * 400 + "d"},
        {"ratelimit": '"a";r=1;t=99999999999999'},
        {
            "anthropic-ratelimit-requests-limit": "5",
            "anthropic-ratelimit-requests-reset": "9999-12-31T23:59:59-23:59",
        },
        {
            "anthropic-ratelimit-requests-limit": "5",
            "anthropic-ratelimit-requests-reset": "0001-01-01T00:00:00+23:59",
        },
    ],
)
def test_moment_that_is_none_is_left_out(headers: dict[str, str]) -> None:
    """A reset in the year 31,690,765 costs neither the answer nor the counts beside it."""
    assert parse_rate_limit(headers, now=NOW)["requests"]["resetTime"] is None


@pytest.mark.parametrize(
    "headers",
    [
        {"retry-after": "999999999999999"},
        {"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"},
        {"retry-after-ms": "999999999999999"},
    ],
)
def test_wait_of_more_than_a_year_is_unknown(headers: dict[str, str]) -> None:
    """Nobody is told to try again in a million years."""
    assert parse_retry_after(headers, now=NOW) is None


def test_tokens_read_and_written_apart_are_one_limit_of_tokens() -> None:
    """Where only they are stated, the one of which more is used is the limit that people hear of."""
    headers = {
        "anthropic-ratelimit-input-tokens-limit": "1000",
        "anthropic-ratelimit-input-tokens-remaining": "900",
        "anthropic-ratelimit-output-tokens-limit": "100",
        "anthropic-ratelimit-output-tokens-remaining": "20",
    }
    assert parse_rate_limit(headers)["tokens"]["percentageUsed"] == 80.0
    whole = {"anthropic-ratelimit-tokens-limit": "10", "anthropic-ratelimit-tokens-remaining": "9"}
    assert parse_rate_limit({**headers, **whole})["tokens"]["limit"] == 10
