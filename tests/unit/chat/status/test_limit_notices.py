"""Warnings of a provider's limits."""

from __future__ import annotations

from conduit_widget.chat.status.limit_notices import ProviderLimitNotices
from conduit_widget.text.times import iso_time
from conduit_widget.types import ProviderStatus, RateLimit

START = 1_800_000_000.0


class Watch:
    """Notices, with a clock that the test moves on."""

    def __init__(self) -> None:
        self.now = START
        self._notices = ProviderLimitNotices(clock=lambda: self.now, wall=lambda: self.now)

    def used(
        self, percentage: float | None, *, reset: float | None = 60.0, scope: str = "requests"
    ) -> list[int]:
        """Report a use; return the priorities of the warnings that makes."""
        limit = RateLimit(
            limit=100,
            remaining=5,
            percentage_used=percentage,
            reset_time=None if reset is None else iso_time(self.now + reset),
            forecast_seconds=40.0,
        )
        status = ProviderStatus(provider="acme", state="healthy", rate_limit={scope: limit})
        notices = self._notices.warnings(status)
        assert all((notice.scope, notice.forecast_seconds) == (scope, 40.0) for notice in notices)
        return [notice.priority for notice in notices]


def test_each_level_warns_once_in_a_window() -> None:
    """However many answers state it, and however it goes up and down."""
    watch = Watch()
    assert [watch.used(used) for used in (79, 81, 85, 79, 84, 96, 99, 100)] == [
        [],
        [1],
        [],
        [],
        [],
        [2],
        [],
        [],
    ]


def test_next_window_warns_again() -> None:
    """Also when its first answer is over the level already, as a long one may be."""
    watch = Watch()
    assert watch.used(85, reset=10) == [1]
    watch.now += 9
    assert watch.used(90, reset=1) == []
    watch.now += 2
    assert watch.used(88, reset=60) == [1]


def test_limit_without_a_reset_warns_again_when_it_was_well_below() -> None:
    """An hour at 85 % is one warning."""
    watch = Watch()
    assert watch.used(85, reset=None) == [1]
    watch.now += 3600
    assert watch.used(85, reset=None) == []
    assert watch.used(40, reset=None) == []
    assert watch.used(85, reset=None) == [1]


def test_scopes_are_warned_of_apart_and_unknown_shares_not_at_all() -> None:
    """Tokens and requests have a level each; a share that is not stated has none."""
    watch = Watch()
    assert watch.used(85) == [1]
    assert watch.used(85, scope="tokens") == [1]
    assert watch.used(None, scope="tokens") == []
