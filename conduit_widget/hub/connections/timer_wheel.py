"""One timer for every connection: deadlines in coarse slots, one ``call_later`` at a time."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable

from conduit_widget.errors import trace_of

_logger = logging.getLogger(__name__)


class WheelTimer:
    """A callback waiting for its slot; ``due`` is loop time in seconds."""

    __slots__ = ("callback", "due")

    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        """Never run it. Idempotent."""
        self.callback = None


class TimerWheel:
    """Callbacks run at the first multiple of ``resolution`` (seconds) after their delay, never before."""

    def __init__(self, resolution: float = 1.0) -> None:
        self._resolution = resolution
        self._slots: dict[int, list[WheelTimer]] = {}
        self._handle: asyncio.TimerHandle | None = None
        self._next_slot = 0

    def after(self, delay: float, callback: Callable[[], None]) -> WheelTimer:
        """Run ``callback`` on the running loop ``delay`` seconds from now."""
        loop = asyncio.get_running_loop()
        slot = math.ceil((loop.time() + max(0.0, delay)) / self._resolution)
        timer = WheelTimer(slot * self._resolution, callback)
        self._slots.setdefault(slot, []).append(timer)
        if self._handle is None or slot < self._next_slot:
            self._arm(loop, slot)
        return timer

    def close(self) -> None:
        """Forget every timer."""
        self._slots.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self, loop: asyncio.AbstractEventLoop, slot: int) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._next_slot = slot
        self._handle = loop.call_at(slot * self._resolution, self._turn)

    def _turn(self) -> None:
        loop = asyncio.get_running_loop()
        self._handle = None
        now = loop.time() / self._resolution + 1e-6
        for slot in sorted(slot for slot in self._slots if slot <= now):
            for timer in self._slots.pop(slot):
                self._run(timer)
        if self._slots:
            self._arm(loop, min(self._slots))

    def _run(self, timer: WheelTimer) -> None:
        callback, timer.callback = timer.callback, None
        if callback is None:
            return
        try:
            callback()
        except Exception as error:  # noqa: BLE001 - one connection's timer must not stop the others'
            _logger.error("A timer of the hub failed: %s", trace_of(error))  # noqa: TRY400
