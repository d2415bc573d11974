"""Which of the known providers a chat shows: the one that would answer."""

from __future__ import annotations

from typing import Final

from conduit_widget.chat_client.changes import ProviderInfo
from conduit_widget.types import ProviderState, ProviderStatus

_RANK: Final[dict[ProviderState, int]] = {
    "healthy": 0,
    "degraded": 1,
    "unknown": 2,
    "rate_limited": 3,
    "down": 4,
    "disabled": 5,
}


class ProviderLine:
    """Latest status per provider; ties go to the provider the hub named first."""

    def __init__(self) -> None:
        self._statuses: dict[str, ProviderStatus] = {}
        self.current: ProviderInfo | None = None

    @property
    def is_known(self) -> bool:
        """Whether the hub has said anything about a provider yet."""
        return bool(self._statuses)

    def update(self, statuses: list[ProviderStatus]) -> bool:
        """Take in statuses; True if the line to show changed."""
        for status in statuses:
            self._statuses[status.provider] = status
        before = self.current
        if self._statuses:
            best = min(self._statuses.values(), key=lambda status: _RANK[status.state])
            model = best.models[0] if best.models else ""
            self.current = ProviderInfo(
                provider=best.provider, model=model, state=best.state, reason=best.reason
            )
        return self.current != before
