"""How much one user may do per minute, and the warnings that are sent before a limit refuses."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from typing import Final

from conduit_widget.chat.settings import ChatSettings
from conduit_widget.contract import ChatEvent, ChatMethod, StatusMethod, names_in
from conduit_widget.hub.calls.hub import Hub
from conduit_widget.hub.delivery.connection import HubConnectionContext
from conduit_widget.hub.limits.user_rates import LimitWarning, UserRate, WarningGauge
from conduit_widget.text.times import iso_time
from conduit_widget.types import LimitScope, ProviderStatus, RateLimit, RateLimitNotice

OWN_LIMITS: Final = "hub"
"""What stands for a provider in the warnings of the hub's own limits."""

_RESUME_COST: Final = 0.1  # ten connections with a hundred conversations each may all come back at once
_MEMBER_COST: Final = 2.0  # all members are read and everybody's role is looked up again
_SIGNALS: Final = (
    ChatMethod.START_TYPING,
    ChatMethod.STOP_TYPING,
    ChatMethod.PAUSE_STREAM,
    ChatMethod.RESUME_STREAM,
    ChatMethod.STOP_GENERATION,
    ChatMethod.MARK_READ,
    *(ChatMethod.UPDATE_CALL, ChatMethod.LEAVE_CALL, ChatMethod.SEND_SIGNAL),
)
_MESSAGES: Final = (ChatMethod.SEND_MESSAGE, ChatMethod.EDIT_MESSAGE, ChatMethod.REGENERATE_MESSAGE)
"""What may have a model write."""
_REQUESTS: Final = {*names_in(ChatMethod), *names_in(StatusMethod)} - {
    *(ChatMethod.JOIN_CONVERSATION, ChatMethod.CREATE_CONVERSATION, ChatMethod.RESUME_CONVERSATION),
    *(*_MESSAGES, *_SIGNALS),
}
"""Whatever has no rate of its own, a method that is new too."""
_SCOPES: Final[tuple[LimitScope, ...]] = ("requests", "tokens")


def user_rates(settings: ChatSettings) -> tuple[UserRate, ...]:
    """Return the rates of joins (creating counts as one, a resume a tenth), messages, requests and signals.

    Every method of the hub is in one of them.
    """
    return (
        UserRate(
            name="joins",
            per_minute=settings.joins_per_minute,
            burst=settings.join_burst,
            costs={
                ChatMethod.JOIN_CONVERSATION: 1.0,
                ChatMethod.CREATE_CONVERSATION: 1.0,
                ChatMethod.RESUME_CONVERSATION: _RESUME_COST,
            },
        ),
        UserRate(
            name="messages",
            per_minute=settings.messages_per_minute,
            burst=settings.message_burst,
            costs=dict.fromkeys(_MESSAGES, 1.0),
        ),
        _requests(settings),
        UserRate(
            name="signals",
            per_minute=settings.signals_per_minute,
            burst=settings.signal_burst,
            costs=dict.fromkeys(_SIGNALS, 1.0),
        ),
    )


def status_rates(settings: ChatSettings) -> tuple[UserRate, ...]:
    """Return the rates of the status hub."""
    return (_requests(settings),)


def _requests(settings: ChatSettings) -> UserRate:
    return UserRate(
        name="requests",
        per_minute=settings.requests_per_minute,
        burst=settings.request_burst,
        costs={
            **dict.fromkeys(_REQUESTS, 1.0),
            ChatMethod.ADD_MEMBER: _MEMBER_COST,
            ChatMethod.REMOVE_MEMBER: _MEMBER_COST,
            ChatMethod.LEAVE_CONVERSATION: _RESUME_COST,
            ChatMethod.REFRESH_TOKEN: _RESUME_COST,
        },
    )


class WarnsOfLimits(Hub):
    """A hub that sends its callers ``RateLimitWarning`` when one of their limits is nearly used up."""

    def on_limit_warning(self, caller: HubConnectionContext, warning: LimitWarning) -> None:
        """Send the warning to the caller, on the connection it concerns."""
        caller.send(ChatEvent.RATE_LIMIT_WARNING, notice_of(warning))


def notice_of(warning: LimitWarning) -> RateLimitNotice:
    """Return the hub's warning in wire form."""
    now, full = time.time(), warning.seconds_until_full
    return RateLimitNotice(
        id=str(uuid.uuid4()),
        timestamp=iso_time(now),
        priority=_priority(warning.level),
        provider=OWN_LIMITS,
        scope=warning.scope,
        name=warning.name,
        limit=warning.limit,
        remaining=warning.remaining,
        percentage_used=warning.percentage_used,
        reset_time=None if full is None else iso_time(now + full),
    )


class ProviderLimitNotices:
    """Watches the limits of providers, and tells of each level of a limit once in its window."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time
    ) -> None:
        self._clock = clock
        self._wall = wall
        self._gauges: dict[tuple[str, LimitScope], _WindowGauge] = {}

    def warnings(self, status: ProviderStatus) -> list[RateLimitNotice]:
        """Return a notice for each limit of the provider that has newly reached 80 or 95 %."""
        found = []
        for scope in _SCOPES:
            limit = status.rate_limit.get(scope)
            if limit is not None and (notice := self._warning(status.provider, scope, limit)):
                found.append(notice)
        return found

    def _warning(self, provider: str, scope: LimitScope, limit: RateLimit) -> RateLimitNotice | None:
        used = limit.percentage_used
        if used is None:
            return None
        gauge = self._gauges.setdefault((provider, scope), _WindowGauge())
        level = gauge.crossed(used, limit.reset_time, self._clock(), iso_time(self._wall()))
        if level is None:
            return None
        return RateLimitNotice(
            id=str(uuid.uuid4()),
            timestamp=iso_time(self._wall()),
            priority=_priority(level),
            provider=provider,
            scope=scope,
            limit=limit.limit,
            remaining=limit.remaining,
            percentage_used=used,
            reset_time=limit.reset_time,
            forecast_seconds=limit.forecast_seconds,
        )


class _WindowGauge:
    """A gauge that begins anew when the reset of the limit it warned of is over."""

    def __init__(self) -> None:
        self._gauge = WarningGauge()
        self._until: str | None = None

    def crossed(self, percentage: float, reset_time: str | None, now: float, moment: str) -> float | None:
        """Return the level that was newly reached; ``reset_time`` and ``moment`` are ISO 8601 UTC."""
        if self._until is not None and moment >= self._until:
            self._gauge, self._until = WarningGauge(), None
        level = self._gauge.crossed(percentage, now)
        if level is not None:
            self._until = reset_time
        return level


def _priority(level: float) -> int:
    """Return 2 for the last warning before a refusal, 1 for the first."""
    return 2 if level >= 95 else 1
