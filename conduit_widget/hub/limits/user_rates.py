"""Rates over time, of a connection and of a user, and the warning before one of them refuses.

A warning comes once for each crossing of 80 and 95 %. It comes again only after the use has fallen below
:data:`REARM_BELOW` percent and :data:`REARM_AFTER` seconds have passed, so that a client at the edge of its
rate hears one warning, not a storm of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from conduit_widget.contract import LIMIT_WARNING_LEVELS
from conduit_widget.hub.limits.hub_limits import TokenBucket
from conduit_widget.types import LimitScope

REARM_BELOW: Final = 60.0
REARM_AFTER: Final = 5.0
QUIET: Final = 2.0
MAX_USERS: Final = 10_000
MAX_DEBT: Final = 4.0
"""Bursts below nothing to which :meth:`MeteredRate.spend` goes. A user's ten connections cannot spend more
before the nodes of a hub have heard of each other's calls, so with the usual limits nothing is forgiven."""
_NEAR: Final = 1.0 - (LIMIT_WARNING_LEVELS[0] - 1.0) / 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitWarning:
    """A limit that is nearly used up: past ``level`` (80 or 95); all is back in ``seconds_until_full``."""

    name: str
    scope: LimitScope
    limit: int
    remaining: int
    percentage_used: float
    level: float
    seconds_until_full: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRate:
    """A rate for one user, over all of their connections to one hub.

    ``costs``: what a call of each method counts (by its declared name). ``per_minute`` 0: no limit.
    """

    name: str
    per_minute: float
    burst: int
    costs: Mapping[str, float]


class WarningGauge:
    """Remembers the level already warned of."""

    __slots__ = ("_level", "_warned_at")

    def __init__(self) -> None:
        self._level = 0.0
        self._warned_at = 0.0

    def crossed(self, percentage: float, now: float) -> float | None:
        """Return the level that ``percentage`` (0 to 100) has newly reached, or None."""
        if percentage < REARM_BELOW:
            if now - self._warned_at >= REARM_AFTER:
                self._level = 0.0
            return None
        reached = level_of(percentage)
        if reached <= self._level:
            return None
        self._level, self._warned_at = reached, now
        return reached


def level_of(percentage: float) -> float:
    """Return the highest warning level that ``percentage`` has reached; 0 below all of them."""
    return max((level for level in LIMIT_WARNING_LEVELS if percentage >= level), default=0.0)


def warning_of_count(name: str, scope: LimitScope, count: int, limit: int) -> LimitWarning | None:
    """Warn of a limit on things that one more has just been added to, if that one reached a level."""
    level, before = level_of(100.0 * count / limit), level_of(100.0 * (count - 1) / limit)
    if level <= before:
        return None
    return LimitWarning(
        name=name,
        scope=scope,
        limit=limit,
        remaining=max(0, limit - count),
        percentage_used=round(100.0 * count / limit, 1),
        level=level,
    )


class MeteredRate(TokenBucket):
    """A token bucket that warns."""

    __slots__ = ("_gauge", "_name", "_near", "_scope")

    def __init__(self, name: str, scope: LimitScope, rate: float, burst: int, now: float) -> None:
        super().__init__(rate, burst, now)
        self._name = name
        self._scope = scope
        self._near = burst * _NEAR
        self._gauge: WarningGauge | None = None  # most connections never come near

    def spend(self, now: float, cost: float) -> None:
        """Take ``cost`` that was spent elsewhere: never refused, into debt if need be (``MAX_DEBT``)."""
        self.consume(now, 0.0)  # what has come back meanwhile
        self._tokens = max(self._tokens - cost, -MAX_DEBT * self._burst)

    @property
    def left(self) -> float:
        """Tokens left at the last :meth:`consume`, parts of one included; below 0 for a debt."""
        return self._tokens

    def warning(self, now: float) -> LimitWarning | None:
        """Return the warning that the last :meth:`consume` deserves."""
        gauge = self._gauge
        if gauge is None:
            if self._tokens > self._near:
                return None
            gauge = self._gauge = WarningGauge()
        percentage = round(self.percentage_used, 1)  # the bucket fills while we look: 79.9999 is 80
        level = gauge.crossed(percentage, now)
        if level is None:
            return None
        return LimitWarning(
            name=self._name,
            scope=self._scope,
            limit=self.burst,
            remaining=self.remaining,
            percentage_used=percentage,
            level=level,
            seconds_until_full=self.seconds_until_full,
        )


class RefusalStreak:
    """How long a client has gone on asking although it is refused; two quiet seconds forgive everything."""

    __slots__ = ("_last", "_since")

    def __init__(self, now: float) -> None:
        self._since = self._last = now

    def refused(self, now: float) -> float:
        """Note one more refusal; return for how many seconds that goes on."""
        if now - self._last >= QUIET:
            self._since = now
        self._last = now
        return now - self._since


UserKey = tuple[str, str]
"""A rate's name and a user's id."""


class UserRates:
    """The rates of a hub's users in this process.

    ``on_spent`` is told of every call that was allowed, and its cost;
    :class:`~conduit_widget.hub.limits.shared_rates.SharedRates` joins the rates of several processes.

    Overflow policy: with ``max_users`` remembered for each rate, whether they call here or elsewhere, the one
    seen least recently is forgotten and begins anew with a full burst.
    """

    def __init__(self, rates: Iterable[UserRate] = (), *, max_users: int = MAX_USERS) -> None:
        self._by_name = {rate.name: rate for rate in rates if rate.per_minute > 0}
        self._by_method = {
            method.lower(): (rate, cost)
            for rate in self._by_name.values()
            for method, cost in rate.costs.items()
        }
        self._limit = max_users * len(self._by_name)
        self._meters: OrderedDict[UserKey, MeteredRate] = OrderedDict()
        self.on_spent: Callable[[UserKey, float], None] | None = None

    def __len__(self) -> int:
        return len(self._meters)

    @property
    def limited(self) -> bool:
        """Whether there is any rate at all."""
        return bool(self._by_name)

    def consume(self, method: str, user_id: str, now: float) -> tuple[bool, LimitWarning | None]:
        """Count a call; return whether it is allowed, and the warning it deserves."""
        found = self._by_method.get(method.lower())
        if found is None:
            return True, None
        rate, cost = found
        key = (rate.name, user_id)
        meter = self._meter_of(key, rate, now)
        if not meter.consume(now, cost):
            return False, None
        if self.on_spent is not None:
            self.on_spent(key, cost)
        return True, meter.warning(now)

    def left(self, key: UserKey) -> float:
        """Return what was left to a user after their last call; for one who is not known, the whole burst."""
        meter = self._meters.get(key)
        return float(self._by_name[key[0]].burst) if meter is None else meter.left

    def spend(self, key: UserKey, cost: float, now: float) -> None:
        """Count what a user has spent at another node; a rate this hub does not have is ignored."""
        rate = self._by_name.get(key[0])
        if rate is not None:
            self._meter_of(key, rate, now).spend(now, cost)

    def _meter_of(self, key: UserKey, rate: UserRate, now: float) -> MeteredRate:
        meter = self._meters.get(key)
        if meter is not None:
            self._meters.move_to_end(key)
            return meter
        if len(self._meters) >= self._limit:
            self._meters.popitem(last=False)
        meter = MeteredRate(rate.name, "user", rate.per_minute / 60.0, rate.burst, now)
        self._meters[key] = meter
        return meter
