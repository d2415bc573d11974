"""The running loop's clock, which a test moves on: long times pass at once, however slow the machine is."""

from __future__ import annotations

import asyncio

import pytest


class SkippingClock:
    """The loop's real time and what was skipped. Timers of the loop become due by it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        loop = asyncio.get_running_loop()
        real = loop.time
        self._skipped = 0.0
        monkeypatch.setattr(loop, "time", lambda: real() + self._skipped)

    def skip(self, seconds: float) -> None:
        """Let that much time pass; what is due runs with the loop's next turns."""
        self._skipped += seconds
