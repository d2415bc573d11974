"""Requests wait here, not at the provider's door, while it would surely refuse them."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from conduit_widget.providers import failures
from conduit_widget.providers.failover.health import ProviderHealth
from conduit_widget.providers.provider import GenerationRequest

LONGEST_WAIT: Final = 600.0
"""Seconds, where no clock bounds the answer."""
_LOOK: Final = 1.0
"""Seconds between two looks: the headers of another answer may end a wait early."""


class Admission:
    """Lets requests to one provider go when its limits have room, for ``longest`` seconds at most."""

    def __init__(self, provider: str, health: ProviderHealth, longest: float | None) -> None:
        self._provider = provider
        self._health = health
        self._longest = LONGEST_WAIT if longest is None else longest

    async def wait(self, request: GenerationRequest) -> bool:
        """Return when the request may go, and count it; whether it had to wait. Its health says so meanwhile.

        Raises:
            ProviderError: it would have to wait for longer than an answer may take.

        """
        limits, waited = self._health.limits, False
        until = time.monotonic() + self._longest
        while (seconds := limits.would_refuse(request)) is not None:
            if time.monotonic() + seconds > until:
                raise failures.limit_reached(self._provider, seconds)
            waited = True
            self._health.wait_for_limit(seconds)
            await asyncio.sleep(min(seconds, _LOOK))
        if waited:
            self._health.limit_allows()
        limits.begin(request)
        self._health.note_limits()
        return waited
