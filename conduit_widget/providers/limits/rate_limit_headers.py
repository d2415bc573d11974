"""What providers say about their limits in HTTP headers; nothing is ever guessed.

Dialects: ``x-ratelimit-{limit,remaining,reset}-{requests,tokens}`` (OpenAI and most others; reset is a Go
duration), the same with ``-minute`` and ``-day``, ``anthropic-ratelimit-*`` (RFC 3339),
``X-RateLimit-{Limit,Remaining,Reset}`` (OpenRouter, in epoch milliseconds, and gateways), ``retry-after``
(RFC 9110, 10.2.3), ``retry-after-ms``, and ``RateLimit`` with its kin as the IETF drafts have them.

The reset of OpenAI's and Anthropic's dialects is the moment in which the whole limit is free again; what was
used comes back bit by bit until then. That of the others ends a window.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final, Literal

import msgspec

LONGEST_WAIT: Final = 366 * 86400.0
"""Seconds. What a header puts further off than a year is no time to wait for, and not always a date."""

ProviderScope = Literal["requests", "tokens"]
SCOPES: Final[tuple[ProviderScope, ...]] = ("requests", "tokens")
_OPENAI_NAMES: Final[Mapping[ProviderScope, tuple[str, ...]]] = {
    "requests": ("requests", "requests-minute", "requests-day", "req-minute"),
    "tokens": ("tokens", "tokens-minute", "tokens-day"),
}
_ANTHROPIC_NAMES: Final[Mapping[ProviderScope, tuple[str, ...]]] = {
    "requests": ("requests",),
    "tokens": ("tokens", "input-tokens", "output-tokens"),
}
_LEAST_EPOCH: Final = 1e9
"""A number of seconds that is larger is a moment."""
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

    A number, a date, a Go duration or a moment of RFC 3339. ``now`` (epoch seconds) is what a moment is told
    from where the headers do not say what time their sender has.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return _wait(milliseconds / 1000)
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = go_duration(value)
    if seconds is not None:
        return _wait(seconds)
    moment = _rfc3339(value.strip())
    if moment is None:
        moment = _http_date(value)
    return None if moment is None else _wait(moment - _time_of(headers, now))


class StatedLimit(msgspec.Struct, frozen=True, kw_only=True):
    """What headers say of one limit; None where they say nothing.

    ``reset`` is in seconds from now. ``refills``: what was used comes back evenly until then, and not all at
    once in that moment.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None
    refills: bool = False

    @property
    def used_share(self) -> float:
        """The part of the limit that is used up, 0 where that is unknown."""
        if not self.limit or self.remaining is None:
            return 0.0
        return 1 - self.remaining / self.limit


def parse_rate_limit(
    headers: Mapping[str, str], *, now: float | None = None
) -> dict[ProviderScope, StatedLimit]:
    """Return what the headers state of each scope, of several limits the tightest.

    The names of the headers are lowercase, or their mapping does not care. ``now`` (epoch seconds) is what a
    moment is told from where the headers do not say what time their sender has.
    """
    present = _time_of(headers, now)
    found: dict[ProviderScope, StatedLimit] = {}
    for scope in SCOPES:
        stated = [
            *_openai(headers, scope),
            *_anthropic(headers, scope, present),
            *_plain(headers, scope, present),
        ]
        if scope == "requests":
            stated += [*_ietf(headers), *_ietf_draft_7(headers)]
        if stated:
            found[scope] = max(stated, key=lambda limit: limit.used_share)
    return found


def _openai(headers: Mapping[str, str], scope: ProviderScope) -> Iterator[StatedLimit]:
    for name in _OPENAI_NAMES[scope]:
        yield from _stated(
            headers.get(f"x-ratelimit-limit-{name}"),
            headers.get(f"x-ratelimit-remaining-{name}"),
            go_duration(headers.get(f"x-ratelimit-reset-{name}")),
            refills=True,
        )


def _anthropic(headers: Mapping[str, str], scope: ProviderScope, now: float) -> Iterator[StatedLimit]:
    for name in _ANTHROPIC_NAMES[scope]:
        prefix = f"anthropic-ratelimit-{name}"
        moment = _rfc3339(headers.get(f"{prefix}-reset"))
        yield from _stated(
            headers.get(f"{prefix}-limit"),
            headers.get(f"{prefix}-remaining"),
            None if moment is None else moment - now,
            refills=True,
        )


def _plain(headers: Mapping[str, str], scope: ProviderScope, now: float) -> Iterator[StatedLimit]:
    """``X-RateLimit-Limit: 20`` and its kin, whose reset is a moment (epoch s or ms) or seconds from now."""
    prefixes = ("x-ratelimit", "ratelimit") if scope == "requests" else ("x-tokenlimit",)
    for prefix in prefixes:
        reset = _number(headers.get(f"{prefix}-reset"))
        if reset is not None and reset >= _LEAST_EPOCH:
            reset = (reset / 1000 if reset >= 1000 * _LEAST_EPOCH else reset) - now
        yield from _stated(headers.get(f"{prefix}-limit"), headers.get(f"{prefix}-remaining"), reset)


def _ietf(headers: Mapping[str, str]) -> Iterator[StatedLimit]:
    """``RateLimit: "name";r=50;t=30`` with ``RateLimit-Policy: "name";q=100;w=60``."""
    state = _ietf_parameters(headers.get("ratelimit"))
    policy = _ietf_parameters(headers.get("ratelimit-policy"))
    yield from _stated(policy.get("q"), state.get("r"), _number(state.get("t")))


def _ietf_draft_7(headers: Mapping[str, str]) -> Iterator[StatedLimit]:
    """``RateLimit: limit=100, remaining=50, reset=30``."""
    pairs = (part.split("=", 1) for part in headers.get("ratelimit", "").split(",") if "=" in part)
    state = {key.strip(): item.strip() for key, item in pairs}
    yield from _stated(state.get("limit"), state.get("remaining"), _number(state.get("reset")))


def _ietf_parameters(value: str | None) -> dict[str, str]:
    # Several policies may be listed; the first is the one the provider puts forward.
    match = _IETF_ITEM.match((value or "").split(",")[0])
    if match is None:
        return {}
    pairs = (part.split("=", 1) for part in match["parameters"].split(";") if "=" in part)
    return {key.strip(): item.strip().strip('"') for key, item in pairs}


def _stated(
    limit: str | None, remaining: str | None, reset: float | None, *, refills: bool = False
) -> Iterator[StatedLimit]:
    most, left = _number(limit), _number(remaining)
    if most is None and left is None:
        return
    yield StatedLimit(
        limit=None if most is None else int(most),
        remaining=None if left is None else int(left),
        reset=round(reset, 6) if reset is not None and 0 < reset <= LONGEST_WAIT else None,
        refills=refills,
    )


def _wait(seconds: float) -> float | None:
    return max(0.0, seconds) if seconds <= LONGEST_WAIT else None


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


def _time_of(headers: Mapping[str, str], now: float | None) -> float:
    """Return the time that the sender of the headers has: its clock and ours may differ by hours."""
    date = _http_date(headers.get("date", ""))
    if date is not None:
        return date
    return time.time() if now is None else now


def _rfc3339(value: str | None) -> float | None:
    try:
        return _epoch(datetime.fromisoformat(value)) if value else None
    except (ValueError, OverflowError):
        return None


def _http_date(value: str) -> float | None:
    try:
        return _epoch(parsedate_to_datetime(value))
    except (ValueError, TypeError, OverflowError):
        return None


def _epoch(moment: datetime) -> float:
    """Return epoch seconds; a moment without a zone is UTC, wherever the hub stands."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()
