"""The hub's notices in a line for people, whatever a server puts into them."""

from __future__ import annotations

from typing import Any

import pytest

from conduit_widget.chat_client.state.notice_lines import NOTICE_READERS, duration

OPENAI = {"provider": "openai", "model": "gpt-4o"}
LOCAL = {"provider": "local", "model": "smol"}
LIMIT = {"provider": "openai", "scope": "requests", "limit": 100, "remaining": 18, "percentageUsed": 82.0}


@pytest.mark.parametrize(
    ("event", "notice", "line"),
    [
        (
            "ProviderFailover",
            {"from": OPENAI, "to": LOCAL, "reason": "connect_timeout"},
            "openai (gpt-4o) did not answer (connect timeout); local (smol) answers instead.",
        ),
        (
            "ProviderFailover",
            {"from": OPENAI, "to": LOCAL, "midStream": True, "text": "openai broke off; local goes on."},
            "openai broke off; local goes on.",
        ),
        (
            "ProviderFailover",
            {"from": OPENAI, "to": None, "midStream": True, "text": ""},
            "openai (gpt-4o) broke off; no other provider could go on.",
        ),
        ("RateLimitWarning", LIMIT, "openai has used 82 % of its requests (18 of 100 left)."),
        (
            "RateLimitWarning",
            {**LIMIT, "forecastSeconds": 40},
            "openai has used 82 % of its requests (18 of 100 left). At this rate the rest lasts about 40 s.",
        ),
        (
            "RateLimitWarning",
            {**LIMIT, "percentageUsed": None, "limit": None},
            "openai has 18 requests left.",
        ),
        (
            "RateLimitWarning",
            {"provider": "hub", "scope": "user", "name": "messages", "percentageUsed": 95.4},
            "You have used 95 % of the messages this hub allows you.",
        ),
        (
            "ModelAvailabilityChanged",
            {"provider": "ollama", "added": ["a", "b", "c", "d", "e"], "removed": ["z"]},
            "ollama now has a, b, c and 2 more and no longer has z.",
        ),
        ("SystemAnnouncement", {"text": "Back in\nfive\u202e minutes."}, "Back in five minutes."),
    ],
)
def test_a_notice_is_one_plain_line(event: str, notice: dict[str, Any], line: str) -> None:
    """Who, what, and what comes of it; nothing invisible, nothing on a second line."""
    read = NOTICE_READERS[event](notice)
    assert read is not None
    assert read.text == line


@pytest.mark.parametrize(
    ("event", "notice"),
    [
        ("RateLimitWarning", {"provider": "openai", "percentageUsed": "82"}),
        ("ModelAvailabilityChanged", {"provider": "ollama", "added": "gpt", "removed": None}),
        ("SystemAnnouncement", {"text": 5}),
    ],
)
def test_a_notice_that_says_nothing_has_no_line(event: str, notice: dict[str, Any]) -> None:
    """A number that is none is never guessed."""
    assert NOTICE_READERS[event](notice) is None


def test_durations_in_words() -> None:
    """Seconds up to a minute, then minutes, then hours."""
    spans = [-1, 0.4, 40, 125, 700, 3600, 11_400]
    assert [duration(each) for each in spans] == [
        *("0 s", "0 s", "40 s", "2 min 5 s", "11 min", "1 h", "3 h 10 min"),
    ]
