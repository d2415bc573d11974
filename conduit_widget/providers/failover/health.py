"""The health of one provider, learnt from its traffic and probes, as the ``ProviderStatus`` people see."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.failover.breaker import OPENS_AFTER, Breaker, is_certain
from conduit_widget.providers.limits.limit_tracker import LimitTracker, warning_levels
from conduit_widget.providers.outcome import UNEXPECTED, GenerationOutcome
from conduit_widget.providers.provider import Usage
from conduit_widget.text.times import iso_time
from conduit_widget.types import ProviderLatency, ProviderState, ProviderStatus

_SAMPLES: Final = 50
_OUTCOMES: Final = 20
_OUTCOME_AGE: Final = 900.0
"""Seconds after which an outcome says nothing of the present error rate."""
_WATCHED: Final = ("state", "breaker", "reason", "retry_at", "models", "context_tokens")

WAITS: Final = "A limit is used up; questions wait until it allows them."
_SAYS_NOTHING: Final = frozenset({failures.MALFORMED, failures.LIST_TOO_LONG})
"""Of a list of models: the server is there, and may answer or not."""
_NOT_ITS_FAULT: Final = frozenset({failures.RESTARTED, failures.LIMIT_REACHED})

ChangeCallback = Callable[[ProviderStatus], None]


class ProviderHealth:
    """Keeps the status; ``on_change`` is called when state, breaker, reason, retry time, models or context
    differ.

    ``monotonic`` is a clock that never jumps, ``wall`` tells the time of day (both in seconds). Speed, error
    rate and rate limits are up to date in :attr:`status` but do not count as a change, but for a stated limit
    that reaches 80 or 95 % or falls below again.
    """

    def __init__(
        self,
        provider: str,
        on_change: ChangeCallback,
        *,
        state: ProviderState = "unknown",
        reason: str = "",
        limits: LimitTracker | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self.limits = limits or LimitTracker()
        self.breaker = Breaker(monotonic)
        now = iso_time(wall())
        self._on_change = on_change
        self.context_of: Callable[[], int | None] = _unknown
        """Returns how many tokens the provider reads and writes at most, as far as it is known now."""
        self._ttft: deque[float] = deque(maxlen=_SAMPLES)
        self._rates: deque[float] = deque(maxlen=_SAMPLES)
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=_OUTCOMES)
        self.standing_reason = reason
        self._opened_by_probe = False
        self._retry_due: float | None = None
        self._retry_at: str | None = None
        self._limit_due: float | None = None
        self._before_limit: tuple[ProviderState, str] = ("unknown", reason)
        self._status = ProviderStatus(
            provider=provider, state=state, since=now, reason=reason, last_checked_at=now
        )

    @property
    def status(self) -> ProviderStatus:
        """The present status; a rate limit whose time is over reads as unknown until the next request."""
        self.look_at_clock()
        return msgspec.structs.replace(
            self._status, rate_limit=self.limits.rate_limit(), context_tokens=self.context_of()
        )

    def look_at_clock(self) -> None:
        """Notice that the breaker is half open now, if it is."""
        if self._status.breaker != self.breaker.state:
            is_limited = self._status.state == "rate_limited"
            state = "unknown" if is_limited else self._status.state
            reason = self.standing_reason if is_limited else self._status.reason
            self._set(state, reason, source=self._status.source)

    def wait_for_limit(self, seconds: float) -> None:
        """Say that a question waits for a limit, for about so many seconds from now."""
        due, is_said = self._monotonic() + seconds, self._status.reason == WAITS
        if not is_said and self._status.state == "rate_limited":
            return  # it has said so itself
        if is_said and self._limit_due is not None and abs(due - self._limit_due) < 1:
            return
        if not is_said:
            self._before_limit = self._status.state, self._status.reason
        self._limit_due = due
        self._set("rate_limited", WAITS, source=self._status.source)

    def limit_allows(self) -> None:
        """Say that nothing waits any more: questions go out again, or nobody asks."""
        if self._limit_due is not None:
            self._limit_due = None
            is_said = self._status.reason == WAITS
            state, reason = self._before_limit if is_said else (self._status.state, self._status.reason)
            self._set(state, reason, source=self._status.source)

    def record(self, outcome: GenerationOutcome) -> None:
        """Update the health from the outcome of a generation. One that was closed early changes nothing."""
        self.limits.settle(Usage(outcome.prompt_tokens, outcome.completion_tokens))
        if outcome.error is not None:
            self.record_failure(outcome.error)
        elif outcome.error_type == UNEXPECTED:
            self.record_failure(failures.unexpected(outcome.provider))
        elif not outcome.error_type:
            self._record_success(outcome)

    def _record_success(self, outcome: GenerationOutcome) -> None:
        if outcome.time_to_first_token is not None:
            self._ttft.append(outcome.time_to_first_token * 1000)
        if outcome.tokens_per_second is not None:
            self._rates.append(outcome.tokens_per_second)
        self._outcomes.append((self._monotonic(), True))
        self.breaker.succeed()
        if self._limit_due is not None and self._status.reason == WAITS:
            self._before_limit = "healthy", self.standing_reason
            self._set("rate_limited", WAITS, source="traffic")  # others still wait
        else:
            self._set("healthy", self.standing_reason, source="traffic")

    def record_failure(self, error: ProviderError) -> None:
        """Update the health from an answer that failed, unless the request itself was at fault."""
        if failures.is_requests_fault(error) or error.code in _NOT_ITS_FAULT:
            return
        self._outcomes.append((self._monotonic(), False))
        self.limits.record_error(error)
        self._opened_by_probe = False
        self.breaker.fail(error)
        self._set(self._state_after(error), str(error), source="traffic")

    def record_probe(self, models: Sequence[str] | ProviderError) -> None:
        """Record the models a probe listed, or its error. An endpoint without a list changes nothing."""
        if isinstance(models, ProviderError):
            if models.type == "model_not_found" or models.code in _SAYS_NOTHING:
                return
            if is_certain(models) or models.retry_after:
                self._opened_by_probe = self._opened_by_probe or self.breaker.state == "closed"
                self.breaker.fail(models)
            self._set(self._state_after(models), str(models), source="probe")
            return
        if self._opened_by_probe:
            self._opened_by_probe = False
            self.breaker.succeed()  # what a probe has opened, a probe closes
        self.breaker.connect()
        state, is_well = self._status.state, self.breaker.state == "closed"
        if state == "down":
            state = "healthy" if is_well else "degraded"  # it lists models; its answers may still fail
        elif state == "unknown" and self.breaker.state != "open":
            state = "healthy"
        reason = self.standing_reason if state in {"healthy", "unknown"} else self._status.reason
        self._set(state, reason, source="probe", models=list(models))

    def set_note(self, note: str) -> None:
        """Show a line while the provider is well, or not known not to be."""
        self.standing_reason = note
        if self._status.state in {"healthy", "unknown"}:
            self._set(self._status.state, note, source=self._status.source)

    def record_headers(self, headers: Mapping[str, str]) -> None:
        """Remember the rate limits a response states."""
        if self.limits.record_headers(headers):
            self.note_limits()

    def note_limits(self) -> None:
        """Announce it when a limit has reached a level people are warned at, or is back below."""
        self._replace()

    def _state_after(self, error: ProviderError) -> ProviderState:
        if error.type == "rate_limit":
            return "rate_limited"
        if error.type == "model_not_found":
            return "degraded"
        return "down" if is_certain(error) or self.breaker.failures >= OPENS_AFTER else "degraded"

    def _set(self, state: ProviderState, reason: str, **fields: Any) -> None:
        now = self._wall()
        self._note_retry(now)
        self._replace(
            state=state,
            reason=reason,
            since=self._status.since if self._status.state == state else iso_time(now),
            breaker=self.breaker.state,
            retry_at=self._retry_at,
            latency=self._latency(),
            error_rate=self._error_rate(),
            last_checked_at=iso_time(now),
            **fields,
        )

    def _replace(self, **fields: Any) -> None:
        before = self._status
        self._status = now = msgspec.structs.replace(
            before, rate_limit=self.limits.rate_limit(), context_tokens=self.context_of(), **fields
        )
        levels = [warning_levels(status.rate_limit) for status in (before, now)]
        if levels[0] != levels[1] or any(getattr(before, name) != getattr(now, name) for name in _WATCHED):
            self._on_change(now)

    def _note_retry(self, now: float) -> None:
        """Say when the open breaker lets a request in again, in the same words until that changes."""
        due = self.breaker.open_until if self.breaker.state == "open" else self._limit_due
        if due != self._retry_due:
            self._retry_due = due
            self._retry_at = None if due is None else iso_time(now + due - self._monotonic())

    def _latency(self) -> ProviderLatency:
        return ProviderLatency(
            ttft_p50=_quantile(self._ttft, 0.50),
            ttft_p95=_quantile(self._ttft, 0.95),
            tokens_per_second=_quantile(self._rates, 0.50),
        )

    def _error_rate(self) -> float:
        oldest = self._monotonic() - _OUTCOME_AGE
        recent = [succeeded for at, succeeded in self._outcomes if at >= oldest]
        return round(recent.count(False) / len(recent), 3) if recent else 0.0


def _unknown() -> None:
    """Know nothing of the context."""


def _quantile(samples: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile, one decimal."""
    if not samples:
        return None
    ordered = sorted(samples)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
