"""What providers say about their limits in HTTP headers; nothing is ever guessed.

Dialects: ``x-ratelimit-{limit,remaining,reset}-{requests,tokens}`` (OpenAI and most others; reset is a Go
duration), ``anthropic-ratelimit-*`` (RFC 3339), ``retry-after`` (RFC 9110, 10.2.3), ``retry-after-ms``, and
the IETF draft's ``RateLimit`` / ``RateLimit-Policy``.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from conduit_widget.contract import LIMIT_WARNING_LEVELS
from conduit_widget.times import iso_time

LONGEST_WAIT: Final = 366 * 86400.0
"""Seconds. What a header puts further off than a year is no time to wait for, and not always a date."""

SCOPES: Final = ("requests", "tokens")
_GO_PART: Final = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)")
_GO_SECONDS: Final = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
    "d": 86400.0,
}
_IETF_ITEM: Final = re.compile(r'^\s*"?(?P<name>[^";]*)"?\s*;(?P<parameters>.*)$')


def parse_retry_after(headers: Mapping[str, str], *, now: float | None = None) -> float | None:
    """Seconds to wait before the next try, or None where the provider does not say.

    ``now`` is the present epoch time in seconds, for dates.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _wait(milliseconds / 1000)
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return _wait(seconds)
    moment = _http_date(value)
    return None if moment is None else _wait(moment - (time.time() if now is None else now))


def parse_rate_limit(headers: Mapping[str, str], *, now: float | None = None) -> dict[str, Any]:
    """Return ``{"requests": {...}, "tokens": {...}}`` with what the headers state, else an empty mapping.

    Each scope has ``limit`` and ``remaining`` (counts), ``resetTime`` (ISO 8601 UTC) and ``percentageUsed``
    (0 to 100, None unless both counts are stated). ``now`` is epoch seconds.
    """
    present = time.time() if now is None else now
    found: dict[str, Any] = {}
    for scope in SCOPES:
        entry = _openai(headers, scope, present) or _anthropic(headers, scope, present)
        if entry is None and scope == "requests":
            entry = _ietf(headers, present)
        if entry is not None:
            found[scope] = entry
    return found


def warning_levels(limits: Mapping[str, Any]) -> dict[str, float]:
    """Return the warning level (80 or 95) of each scope of :func:`parse_rate_limit` that has reached one."""
    found = {}
    for scope, entry in limits.items():
        used = entry["percentageUsed"]
        reached = [level for level in LIMIT_WARNING_LEVELS if used is not None and used >= level]
        if reached:
            found[scope] = max(reached)
    return found


def _openai(headers: Mapping[str, str], scope: str, now: float) -> dict[str, Any] | None:
    limit = _number(headers.get(f"x-ratelimit-limit-{scope}"))
    remaining = _number(headers.get(f"x-ratelimit-remaining-{scope}"))
    seconds = go_duration(headers.get(f"x-ratelimit-reset-{scope}"))
    return _entry(limit, remaining, seconds, now)


def _anthropic(headers: Mapping[str, str], scope: str, now: float) -> dict[str, Any] | None:
    if scope == "tokens" and f"anthropic-ratelimit-{scope}-limit" not in headers:
        return _tightest(headers, now)
    prefix = f"anthropic-ratelimit-{scope}"
    limit = _number(headers.get(f"{prefix}-limit"))
    remaining = _number(headers.get(f"{prefix}-remaining"))
    moment = _rfc3339(headers.get(f"{prefix}-reset"))
    return _entry(limit, remaining, None if moment is None else moment - now, now)


def _tightest(headers: Mapping[str, str], now: float) -> dict[str, Any] | None:
    """Of the limits of tokens read and of tokens written, the one of which more is used."""
    entries = [_anthropic(headers, f"{kind}-tokens", now) for kind in ("input", "output")]
    return max(
        (entry for entry in entries if entry is not None),
        key=lambda entry: -1.0 if entry["percentageUsed"] is None else entry["percentageUsed"],
        default=None,
    )


def _ietf(headers: Mapping[str, str], now: float) -> dict[str, Any] | None:
    """``RateLimit: "name";r=50;t=30`` with ``RateLimit-Policy: "name";q=100;w=60``."""
    state = _ietf_parameters(headers.get("ratelimit"))
    policy = _ietf_parameters(headers.get("ratelimit-policy"))
    return _entry(_number(policy.get("q")), _number(state.get("r")), _number(state.get("t")), now)


def _ietf_parameters(value: str | None) -> dict[str, str]:
    # Several policies may be listed; the first is the one the provider puts forward.
    match = _IETF_ITEM.match((value or "").split(",")[0])
    if match is None:
        return {}
    pairs = (part.split("=", 1) for part in match["parameters"].split(";") if "=" in part)
    return {key.strip(): item.strip().strip('"') for key, item in pairs}


def _wait(seconds: float) -> float | None:
    return max(0.0, seconds) if seconds <= LONGEST_WAIT else None


def _entry(
    limit: float | None, remaining: float | None, reset: float | None, now: float
) -> dict[str, Any] | None:
    """``reset`` is in seconds from ``now``; a moment more than a year away is as none."""
    if limit is None and remaining is None:
        return None
    used = None
    if limit and remaining is not None:
        used = round(min(100.0, max(0.0, 100.0 * (limit - remaining) / limit)), 1)
    return {
        "limit": None if limit is None else int(limit),
        "remaining": None if remaining is None else int(remaining),
        "percentageUsed": used,
        "resetTime": None if reset is None or abs(reset) > LONGEST_WAIT else iso_time(now + reset),
    }


def go_duration(value: str | None) -> float | None:
    """Seconds of a Go duration (``6m0s``, ``20ms``) or a bare number of seconds; None if it is neither."""
    if value is None:
        return None
    text = value.strip()
    bare = _number(text)
    if bare is not None:
        return bare
    parts = _GO_PART.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _GO_SECONDS[unit] for number, unit in parts)


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    # Infinities and NaN are words, not limits.
    return number if number is not None and 0 <= number < 1e15 else None


def _rfc3339(value: str | None) -> float | None:
    try:
        return datetime.fromisoformat(value).timestamp() if value else None
    except (ValueError, OverflowError):
        return None


def _http_date(value: str) -> float | None:
    try:
        return parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
