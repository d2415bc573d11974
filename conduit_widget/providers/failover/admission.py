"""Requests wait here, not at the provider's door, while it would surely refuse them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from conduit_widget.errors import ProviderError
from conduit_widget.providers import failures
from conduit_widget.providers.failover.health import ProviderHealth
from conduit_widget.providers.provider import GenerationRequest

LONGEST_WAIT: Final = 600.0
"""Seconds, where no clock bounds the answer."""
_LOOK: Final = 1.0
"""Seconds between two looks: the headers of another answer may end a wait early."""


class Admission:
    """Lets requests to one provider go when its limits have room, for ``longest`` seconds at most.

    Those that wait go in the order in which they came; one that would fit waits behind them, too.
    """

    def __init__(self, provider: str, health: ProviderHealth, longest: float | None) -> None:
        self._provider = provider
        self._health = health
        self._longest = LONGEST_WAIT if longest is None else longest
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def wait(self, request: GenerationRequest) -> bool:
        """Return when the request may go, and count it; whether it had to wait. Its health says so meanwhile.

        Raises:
            ProviderError: it would have to wait for longer than an answer may take.

        """
        limits = self._health.limits
        has_to_wait = self._waiting > 0 or limits.would_refuse(request) is not None
        if has_to_wait:
            async with contextlib.nullcontext() if request.set_aside is None else request.set_aside():
                await self._wait(request)
        else:
            limits.begin(request)
        self._health.note_limits()
        return has_to_wait

    async def _wait(self, request: GenerationRequest) -> None:
        until = time.monotonic() + self._longest
        self._waiting += 1
        try:
            async with asyncio.timeout(self._longest):
                await self._let_go(request, until)
        except TimeoutError:
            raise self._refused(request) from None
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._health.limit_allows()

    async def _let_go(self, request: GenerationRequest, until: float) -> None:
        limits = self._health.limits
        if time.monotonic() + (limits.would_refuse(request) or 0.0) > until:
            raise self._refused(request)  # whoever is before it
        async with self._turn:
            while (seconds := limits.would_refuse(request)) is not None:
                if time.monotonic() + seconds > until:
                    raise self._refused(request)
                self._health.wait_for_limit(seconds)
                await asyncio.sleep(min(seconds, _LOOK))
            limits.begin(request)

    def _refused(self, request: GenerationRequest) -> ProviderError:
        seconds = self._health.limits.would_refuse(request)
        return failures.limit_reached(self._provider, _LOOK if seconds is None else seconds)
