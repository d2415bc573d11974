"""The health of one provider, learnt from its traffic and probes, as the ``ProviderStatus`` people see."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Self

import msgspec

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.limits import LimitTracker, warning_levels
from conduit_widget.providers.outcome import GenerationOutcome
from conduit_widget.times import iso_time
from conduit_widget.types import ProviderLatency, ProviderState, ProviderStatus

_SAMPLES: Final = 50
_OUTCOMES: Final = 20
_DOWN_AFTER: Final = 3
# Not the provider's fault: the next request may well succeed.
_REQUEST_CODES: Final = frozenset({failures.CONTEXT_OVERFLOW, failures.BAD_REQUEST})
_WATCHED: Final = ("state", "breaker", "reason", "retry_at", "models")

ChangeCallback = Callable[[ProviderStatus], None]


class _Retry(NamedTuple):
    """When to try again: by a clock that never jumps, and as people read it (ISO 8601 UTC)."""

    due: float
    shown: str

    @classmethod
    def after(cls, seconds: float) -> Self:
        """In so many seconds."""
        return cls(time.monotonic() + seconds, iso_time(time.time() + seconds))


class ProviderHealth:
    """Keeps the status; ``on_change`` is called when state, reason, retry time or models differ.

    Speed, error rate and rate limits are up to date in :attr:`status` but do not count as a change, but for a
    stated limit that reaches 80 or 95 % or falls below again.
    """

    def __init__(
        self,
        provider: str,
        on_change: ChangeCallback,
        *,
        state: ProviderState = "unknown",
        reason: str = "",
        limits: LimitTracker | None = None,
    ) -> None:
        now = iso_time(time.time())
        self.limits = limits or LimitTracker()
        self._on_change = on_change
        self._ttft: deque[float] = deque(maxlen=_SAMPLES)
        self._rates: deque[float] = deque(maxlen=_SAMPLES)
        self._outcomes: deque[bool] = deque(maxlen=_OUTCOMES)
        self._failures_in_a_row = 0
        self.standing_reason = reason
        self._retry: _Retry | None = None
        self._status = ProviderStatus(
            provider=provider, state=state, since=now, reason=reason, last_checked_at=now
        )

    @property
    def status(self) -> ProviderStatus:
        """The present status; a rate limit whose time is over reads as unknown until the next request."""
        if self._retry is not None and time.monotonic() >= self._retry.due:
            self._retry = None
            self._set("unknown", self.standing_reason, source=self._status.source)
        return msgspec.structs.replace(self._status, rate_limit=self.limits.rate_limit())

    def record(self, outcome: GenerationOutcome) -> None:
        """Update the health from the outcome of a generation. One that was closed early changes nothing."""
        if outcome.error is not None:
            self._record_failure(outcome.error)
        elif not outcome.error_type:
            self._record_success(outcome)

    def _record_success(self, outcome: GenerationOutcome) -> None:
        if outcome.time_to_first_token is not None:
            self._ttft.append(outcome.time_to_first_token * 1000)
        if outcome.tokens_per_second is not None:
            self._rates.append(outcome.tokens_per_second)
        self._outcomes.append(True)
        self._failures_in_a_row = 0
        self._retry = None
        self._set("healthy", self.standing_reason, source="traffic")

    def _record_failure(self, error: ProviderError) -> None:
        if error.code in _REQUEST_CODES:
            return
        self._outcomes.append(False)
        self._failures_in_a_row += 1
        self._retry = None
        self.limits.record_error(error)
        if error.type == "rate_limit" and error.retry_after is not None:
            self._retry = _Retry.after(error.retry_after)
        self._set(self._state_after(error), str(error), source="traffic")

    def record_probe(self, models: Sequence[str] | ProviderError) -> None:
        """Record the models a probe listed, or its error. An endpoint without a list changes nothing."""
        if isinstance(models, ProviderError):
            if models.type == "model_not_found" or models.code == "malformed":
                return
            self._set(self._state_after(models), str(models), source="probe")
            return
        recovered = self._status.state in {"unknown", "down"}
        state = "healthy" if recovered else self._status.state
        reason = self.standing_reason if recovered else self._status.reason
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
        certain = error.type == "auth_error" or not error.recoverable or error.code == failures.UNREACHABLE
        return "down" if certain or self._failures_in_a_row >= _DOWN_AFTER else "degraded"

    def _set(self, state: ProviderState, reason: str, **fields: Any) -> None:
        now = time.time()
        self._replace(
            state=state,
            reason=reason,
            since=self._status.since if self._status.state == state else iso_time(now),
            retry_at=None if self._retry is None else self._retry.shown,
            latency=self._latency(),
            error_rate=self._error_rate(),
            last_checked_at=iso_time(now),
            **fields,
        )

    def _replace(self, **fields: Any) -> None:
        before = self._status
        self._status = now = msgspec.structs.replace(before, rate_limit=self.limits.rate_limit(), **fields)
        levels = [warning_levels(status.rate_limit) for status in (before, now)]
        if levels[0] != levels[1] or any(getattr(before, name) != getattr(now, name) for name in _WATCHED):
            self._on_change(now)

    def _latency(self) -> ProviderLatency:
        return ProviderLatency(
            ttft_p50=_quantile(self._ttft, 0.50),
            ttft_p95=_quantile(self._ttft, 0.95),
            tokens_per_second=_quantile(self._rates, 0.50),
        )

    def _error_rate(self) -> float:
        if not self._outcomes:
            return 0.0
        return round(1 - sum(self._outcomes) / len(self._outcomes), 3)


def _quantile(samples: Sequence[float], share: float) -> float | None:
    """The nearest-rank quantile, one decimal."""
    if not samples:
        return None
    ordered = sorted(samples)
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)
