"""Reading rate-limit headers."""

from __future__ import annotations

import time

import pytest

from conduit_widget.providers.limits.rate_limit_headers import (
    StatedLimit,
    go_duration,
    parse_rate_limit,
    parse_retry_after,
)

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
        "requests": StatedLimit(limit=200, remaining=50, reset=60.0, refills=True),
        "tokens": StatedLimit(limit=1000, remaining=1000, refills=True),
    }


AS_THEY_LOOK: dict[str, tuple[dict[str, str], dict[str, StatedLimit]]] = {
    "OpenAI": (
        {
            "x-ratelimit-limit-requests": "5000",
            "x-ratelimit-limit-tokens": "160000",
            "x-ratelimit-limit-tokens_usage_based": "160000",
            "x-ratelimit-remaining-requests": "4999",
            "x-ratelimit-remaining-tokens": "159976",
            "x-ratelimit-remaining-tokens_usage_based": "159976",
            "x-ratelimit-reset-requests": "12ms",
            "x-ratelimit-reset-tokens": "9ms",
            "x-ratelimit-reset-tokens_usage_based": "9ms",
        },
        {
            "requests": StatedLimit(limit=5000, remaining=4999, reset=0.012, refills=True),
            "tokens": StatedLimit(limit=160000, remaining=159976, reset=0.009, refills=True),
        },
    ),
    "Groq, at a refusal": (
        {
            "retry-after": "2",
            "x-ratelimit-limit-requests": "14400",
            "x-ratelimit-limit-tokens": "18000",
            "x-ratelimit-remaining-requests": "14370",
            "x-ratelimit-remaining-tokens": "0",
            "x-ratelimit-reset-requests": "2m59.56s",
            "x-ratelimit-reset-tokens": "7.66s",
        },
        {
            "requests": StatedLimit(limit=14400, remaining=14370, reset=179.56, refills=True),
            "tokens": StatedLimit(limit=18000, remaining=0, reset=7.66, refills=True),
        },
    ),
    "Azure, which states no limit": (
        {"x-ratelimit-remaining-requests": "19", "x-ratelimit-remaining-tokens": "19913"},
        {
            "requests": StatedLimit(remaining=19, refills=True),
            "tokens": StatedLimit(remaining=19913, refills=True),
        },
    ),
    "OpenRouter, in epoch milliseconds": (
        {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1800000030000"},
        {"requests": StatedLimit(limit=20, remaining=0, reset=30.0)},
    ),
    "a gateway, in epoch seconds": (
        {"x-ratelimit-limit": "60", "x-ratelimit-remaining": "6", "x-ratelimit-reset": "1800000012"},
        {"requests": StatedLimit(limit=60, remaining=6, reset=12.0)},
    ),
    "Together": (
        {
            "x-ratelimit-limit": "100",
            "x-ratelimit-remaining": "99",
            "x-ratelimit-reset": "1",
            "x-tokenlimit-limit": "3000",
            "x-tokenlimit-remaining": "1500",
        },
        {
            "requests": StatedLimit(limit=100, remaining=99, reset=1.0),
            "tokens": StatedLimit(limit=3000, remaining=1500),
        },
    ),
    "Cerebras, by minute and day": (
        {
            "x-ratelimit-limit-requests-day": "14400",
            "x-ratelimit-limit-tokens-minute": "60000",
            "x-ratelimit-remaining-requests-day": "14399",
            "x-ratelimit-remaining-tokens-minute": "6000",
            "x-ratelimit-reset-requests-day": "33011.382867097855",
            "x-ratelimit-reset-tokens-minute": "11.382867097854614",
        },
        {
            "requests": StatedLimit(limit=14400, remaining=14399, reset=33011.382867, refills=True),
            "tokens": StatedLimit(limit=60000, remaining=6000, reset=11.382867, refills=True),
        },
    ),
    "Anthropic, of whose limits the tightest counts": (
        {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2027-01-15T08:00:01Z",
            "anthropic-ratelimit-input-tokens-limit": "30000",
            "anthropic-ratelimit-input-tokens-remaining": "30000",
            "anthropic-ratelimit-input-tokens-reset": "2027-01-15T08:00:00Z",
            "anthropic-ratelimit-output-tokens-limit": "8000",
            "anthropic-ratelimit-output-tokens-remaining": "2000",
            "anthropic-ratelimit-output-tokens-reset": "2027-01-15T08:00:45Z",
        },
        {
            "requests": StatedLimit(limit=50, remaining=49, reset=1.0, refills=True),
            "tokens": StatedLimit(limit=8000, remaining=2000, reset=45.0, refills=True),
        },
    ),
    "the IETF's draft": (
        {"ratelimit": '"default";r=50;t=30', "ratelimit-policy": '"default";q=100;w=60'},
        {"requests": StatedLimit(limit=100, remaining=50, reset=30.0)},
    ),
    "the IETF's draft without its policy": (
        {"ratelimit": '"default";r=50;t=30'},
        {"requests": StatedLimit(remaining=50, reset=30.0)},
    ),
    "its seventh draft": (
        {"ratelimit": "limit=100, remaining=50, reset=30"},
        {"requests": StatedLimit(limit=100, remaining=50, reset=30.0)},
    ),
    "its first drafts": (
        {"ratelimit-limit": "100", "ratelimit-remaining": "50", "ratelimit-reset": "30"},
        {"requests": StatedLimit(limit=100, remaining=50, reset=30.0)},
    ),
}


@pytest.mark.parametrize(("headers", "stated"), AS_THEY_LOOK.values(), ids=AS_THEY_LOOK)
def test_headers_are_read_as_servers_send_them(
    headers: dict[str, str], stated: dict[str, StatedLimit]
) -> None:
    """Every dialect gives limit, remaining and the seconds until the reset; what is not said is None."""
    assert parse_rate_limit(headers, now=NOW) == stated


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
        {
            "anthropic-ratelimit-requests-limit": "5",
            "anthropic-ratelimit-requests-reset": "2027-01-15T07:59:58Z",
        },
    ],
)
def test_moment_that_is_none_is_left_out(headers: dict[str, str]) -> None:
    """A reset in the year 31,690,765, or before now by a clock that differs, costs nothing beside it."""
    assert parse_rate_limit(headers, now=NOW)["requests"].reset is None


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


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
@pytest.mark.parametrize(
    "text",
    [
        "Fri, 15 Jan 2027 08:00:30 GMT",
        "Fri, 15 Jan 2027 08:00:30 -0000",
        "Friday, 15-Jan-27 08:00:30 GMT",
        "Fri Jan 15 08:00:30 2027",
        "2027-01-15T08:00:30Z",
        "2027-01-15T08:00:30",
        "2027-01-15T10:00:30+02:00",
        "30",
        " 30 ",
        "30s",
        "0m30s",
        "3e1",
    ],
)
def test_retry_after_means_the_same_everywhere(text: str, zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All forms of HTTP dates, wherever the hub stands; what has no zone is UTC."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert parse_retry_after({"retry-after": text}, now=NOW) == 30
        sent = {"retry-after": text, "date": "Fri, 15 Jan 2027 08:00:00 GMT"}
        assert parse_retry_after(sent, now=NOW - 7200) == 30, "the sender's own clock counts"
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "NaN",
        "inf",
        "-inf",
        "1e400",
        "9" * 400,
        "",
        "soon",
        "\u0663\u0660 s",
        "0x1e",
        "30 minutes",
        "[]",
        "Fri, 99 Jan 2027 08:00:30 GMT",
        "Fri, 15 Jan 99999 08:00:30 GMT",
    ],
)
def test_retry_after_of_no_sense_says_nothing(text: str) -> None:
    """It is neither an error nor a wait."""
    assert parse_retry_after({"retry-after": text}, now=NOW) is None
    assert parse_retry_after({"retry-after": "7", "date": text}, now=NOW) == 7
