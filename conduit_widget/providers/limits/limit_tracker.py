"""How much a provider still accepts: what its headers state, and what the configuration allows it.

Both are asked before a request goes out. A request that a provider would surely refuse waits, or goes to
another provider; whoever sends it says which::

    if (seconds := entry.limits.would_refuse(request)) is None:
        entry.limits.begin(request)
        ...
        entry.limits.settle(usage)
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Annotated, Final, NamedTuple

import msgspec

from conduit_widget.contract import LIMIT_WARNING_LEVELS
from conduit_widget.errors import ProviderError
from conduit_widget.providers.limits.forecasts import Forecast
from conduit_widget.providers.limits.rate_limit_headers import (
    SCOPES,
    ProviderScope,
    StatedLimit,
    parse_rate_limit,
)
from conduit_widget.providers.limits.sliding_window import SlidingWindow
from conduit_widget.providers.limits.token_estimate import counted_tokens, estimate_prompt
from conduit_widget.providers.provider import GenerationRequest, Usage
from conduit_widget.text.times import iso_time
from conduit_widget.types import RateLimit

_SURE_SHARE: Final = 0.75
"""Of estimated tokens: a request takes at least so many, whatever the model's tokenizer."""

LONGEST_RETRY_AFTER: Final = 3600.0
"""Seconds: whatever a provider has said, after an hour one request finds out whether it still holds."""

_MAX_UNSETTLED: Final = 1000
"""Requests whose estimate a count may still replace; that of older ones stands."""

PerMinute = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class ProviderLimits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the configuration allows a provider within any minute, over all conversations; None: no limit."""

    requests_per_minute: PerMinute | None = None
    tokens_per_minute: PerMinute | None = None


class LimitTracker:
    """Counts one provider's requests and tokens, and knows what it states of its limits.

    ``clock`` never jumps; ``wall`` is the time that people read. Not thread-safe.
    """

    def __init__(
        self,
        configured: ProviderLimits | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        configured = configured or ProviderLimits()
        self._clock = clock
        self._wall = wall
        self._retry_due: float | None = None
        self._stated = {scope: _Stated() for scope in SCOPES}
        self._own: dict[ProviderScope, _Own] = {}
        self._unsettled: deque[_Spending] = deque(maxlen=_MAX_UNSETTLED)
        if configured.requests_per_minute is not None:
            self._own["requests"] = _Own(configured.requests_per_minute)
        if configured.tokens_per_minute is not None:
            self._own["tokens"] = _Own(configured.tokens_per_minute)

    def would_refuse(self, request: GenerationRequest) -> float | None:
        """Return for how many seconds the provider would surely refuse the request; None: not at all.

        A stated ``Retry-After`` runs, nothing remains of a stated limit before its reset, or a configured
        limit is reached. A request that is larger than a whole limit waits until all of that is free.
        """
        now = self._clock()
        waits = [] if self._retry_due is None else [self._retry_due - now]
        prompt = self._prompt_tokens(request)
        needs: dict[ProviderScope, float] = {"requests": 1, "tokens": max(1.0, _SURE_SHARE * prompt)}
        waits += [stated.wait(needs[scope], now) for scope, stated in self._stated.items()]
        needs["tokens"] = prompt + (request.parameters.max_tokens or 0)
        waits += [own.wait(needs[scope], now) for scope, own in self._own.items()]
        longest = max(waits, default=0.0)
        return longest if longest > 0 else None

    def begin(self, request: GenerationRequest) -> None:
        """Count a request that is sent now, its tokens as an estimate."""
        now, prompt = self._clock(), self._prompt_tokens(request)
        for scope, stated in self._stated.items():
            stated.begun += 1 if scope == "requests" else _SURE_SHARE * prompt
        if (requests := self._own.get("requests")) is not None:
            requests.add(1, now)
        tokens = self._own.get("tokens")
        if tokens is not None:
            estimate = prompt + (request.parameters.max_tokens or 0)
            self._unsettled.append(_Spending(tokens.add(estimate, now), prompt, estimate))

    def settle(self, usage: Usage | None) -> None:
        """Put what a provider has counted for an answer that has ended in place of its estimate.

        Which of the requests under way it was, is told by its prompt. Without counts of both kinds the
        estimate stands.
        """
        counts, tokens = counted_tokens(usage), self._own.get("tokens")
        if counts is None or tokens is None or not self._unsettled:
            return
        spending = min(self._unsettled, key=lambda each: abs(each.prompt - counts[0]))
        self._unsettled.remove(spending)
        tokens.correct(spending.place, sum(counts) - spending.estimate)

    def record_headers(self, headers: Mapping[str, str]) -> bool:
        """Remember what a response states; return whether it states anything."""
        now, found = self._clock(), parse_rate_limit(headers, now=self._wall())
        for scope, limit in found.items():
            self._stated[scope].read(limit, now)
        return bool(found)

    def record_error(self, error: ProviderError) -> None:
        """Remember how long a provider that refused wants to be left alone."""
        if error.retry_after is not None:
            self._retry_due = self._clock() + min(error.retry_after, LONGEST_RETRY_AFTER)
        elif error.type == "rate_limit":
            for stated in self._stated.values():
                stated.refused()

    def rate_limit(self) -> dict[str, RateLimit]:
        """Return the tighter of the stated and the configured limit of each scope, as people see them."""
        now = self._clock()
        found: dict[str, RateLimit] = {}
        for scope in SCOPES:
            own = self._own.get(scope)
            limits = [self._stated[scope].shown(now, self._moment)]
            limits += [] if own is None else [own.shown(now, self._moment)]
            known = [limit for limit in limits if limit is not None]
            if known:
                found[scope] = max(known, key=lambda limit: limit.percentage_used or 0.0)
        return found

    def _moment(self, due: float) -> str:
        return iso_time(self._wall() + due - self._clock())

    def _prompt_tokens(self, request: GenerationRequest) -> int:
        """Estimate the prompt only where a limit of tokens is known: that reads all of it."""
        if "tokens" in self._own or self._stated["tokens"].is_known:
            return estimate_prompt(request)
        return 0


class _Spending(NamedTuple):
    """What one request was counted as, and where."""

    place: int
    prompt: int
    estimate: int


class _Own:
    """A configured limit: what was used within the last minute is counted here."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._window = SlidingWindow()
        self._forecast = Forecast()

    def add(self, amount: float, now: float) -> int:
        place = self._window.add(amount, now)
        self._forecast.add(self._limit - self._window.used(now), now)
        return place

    def correct(self, place: int, difference: float) -> None:
        self._window.correct(place, difference)

    def wait(self, need: float, now: float) -> float:
        return self._window.seconds_until(max(0.0, self._limit - need), now)

    def shown(self, now: float, moment: Callable[[float], str]) -> RateLimit:
        used = self._window.used(now)
        reset = self._window.seconds_until(0.0, now)
        return RateLimit(
            limit=self._limit,
            remaining=max(0, int(self._limit - used)),
            percentage_used=_percentage(used, self._limit),
            reset_time=moment(now + reset) if reset else None,
            forecast_seconds=_shown_seconds(self._forecast.seconds(now)),
            source="configured",
        )


class _Stated:
    """The last statement of a provider on one limit."""

    def __init__(self) -> None:
        self._limit = StatedLimit()
        self._read_at = 0.0
        self._due: float | None = None
        self._in_windows = False
        self._forecast = Forecast()
        self.begun = 0.0
        """What was sent since, and is not in the statement."""

    @property
    def is_known(self) -> bool:
        """Whether the provider has said how much remains."""
        return self._limit.remaining is not None

    def read(self, limit: StatedLimit, now: float) -> None:
        if self._due is not None and now >= self._due:
            self._forecast.clear()
        self._limit, self._read_at, self.begun = limit, now, 0.0
        self._due = None if limit.reset is None else now + limit.reset
        if limit.remaining is not None:
            self._forecast.add(limit.remaining, now)

    def refused(self) -> None:
        """Learn from a refusal while nothing remains: then nothing comes back before the reset."""
        self._in_windows = self._in_windows or self._limit.remaining == 0

    def wait(self, need: float, now: float) -> float:
        """Return the seconds until ``need`` remains, 0 where nobody can know that it does not."""
        limit, remaining, due = self._limit.limit, self._limit.remaining, self._due
        if remaining is None or due is None or now >= due:
            return 0.0
        if limit:
            need = min(need, limit)
        missing = need - (remaining - self.begun)
        if missing <= 0:
            return 0.0
        longest = max(0.0, self._read_at + LONGEST_RETRY_AFTER - now)
        if self._in_windows or not (self._limit.refills and limit and limit > remaining):
            return min(due - now, longest)
        # What was used when the statement was made comes back evenly until its reset.
        rate = (limit - remaining) / (due - self._read_at)
        return min(due - now, longest, max(0.0, missing / rate - (now - self._read_at)))

    def shown(self, now: float, moment: Callable[[float], str]) -> RateLimit | None:
        stated = self._limit
        limit, remaining, due = stated.limit, stated.remaining, self._due
        if due is not None and now >= due:
            remaining = due = None  # all has come back since, or some was used: nobody has said
        if limit is None and remaining is None:
            return None
        forecast = None if remaining is None else self._forecast.seconds(now)
        if forecast is not None and due is not None and not stated.refills and forecast > due - now:
            forecast = None
        return RateLimit(
            limit=limit,
            remaining=remaining,
            percentage_used=None if not limit or remaining is None else _percentage(limit - remaining, limit),
            reset_time=None if due is None else moment(due),
            forecast_seconds=_shown_seconds(forecast),
        )


def warning_levels(limits: Mapping[str, RateLimit]) -> dict[str, float]:
    """Return the warning level (80 or 95) of each of the limits that has reached one."""
    found = {}
    for scope, limit in limits.items():
        used = limit.percentage_used
        reached = [level for level in LIMIT_WARNING_LEVELS if used is not None and used >= level]
        if reached:
            found[scope] = max(reached)
    return found


def _percentage(used: float, limit: int) -> float:
    return round(min(100.0, max(0.0, 100.0 * used / limit)), 1)


def _shown_seconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)
