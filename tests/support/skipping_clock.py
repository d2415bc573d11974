"""The running loop's clock, which a test moves on: long times pass at once, however slow the machine is."""

from __future__ import annotations

import asyncio

import pytest


class SkippingClock:
    """The loop's real time and what was skipped. Timers of the loop become due by it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        real = loop.time
        self._skipped = 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self._skipped)

    def skip(self, seconds: float) -> None:
        """Let that much time pass; what is due runs with the loop's next turns."""
        self._skipped += seconds

    async def let_pass(self, seconds: float) -> None:
        """Skip that much, and return when all timers that are due by then have run."""
        over = asyncio.Event()
        self._loop.call_later(seconds, over.set)
        self.skip(seconds)
        await over.wait()
        await asyncio.sleep(0)  # for what they began
