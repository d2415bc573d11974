"""One connection's work: begun in order, a few at a time; no task exists while nothing is to be done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from conduit_widget.hub.logs import Subject, about

Work = Callable[[], Awaitable[None]]


class WorkQueue:
    """Runs work in order, ``parallel`` at a time; what :meth:`finish` is given runs last and alone.

    What the work logs is about ``subject``.
    """

    __slots__ = ("_last", "_parallel", "_queue", "_running", "_subject")

    def __init__(self, subject: Subject | None = None) -> None:
        self._subject = subject
        # Lists: an empty deque costs 700 bytes, and most connections are idle.
        self._queue: list[Work] = []
        self._running: list[asyncio.Task[None]] = []
        self._parallel = 1
        self._last: Work | None = None

    def __len__(self) -> int:
        return len(self._queue)

    @property
    def idle(self) -> bool:
        """Whether nothing runs or waits."""
        return not self._running and not self._queue and self._last is None

    @property
    def running(self) -> tuple[asyncio.Task[None], ...]:
        """What runs now."""
        return tuple(self._running)

    def put(self, work: Work) -> None:
        """Run ``work`` in its turn."""
        self._queue.append(work)
        self._fill()

    def allow(self, parallel: int) -> None:
        """Let ``parallel`` pieces of work run at the same time from now on."""
        self._parallel = parallel
        self._fill()

    def finish(self, last: Work) -> None:
        """Drop what waits; run ``last`` once nothing runs any more."""
        self._queue.clear()
        self._last = last
        self._fill()

    def _fill(self) -> None:
        spare = min(len(self._queue), self._parallel - len(self._running))
        for _ in range(spare):
            self._running.append(asyncio.get_running_loop().create_task(self._run()))
        if not self._running and self._last is not None:
            self._queue.append(self._last)
            self._last = None
            self._fill()

    async def _run(self) -> None:
        try:
            with about(self._subject):
                while self._queue:
                    await self._queue.pop(0)()
        finally:
            task = asyncio.current_task()
            assert task is not None
            self._running.remove(task)
            self._fill()  # cancelled in the middle: what is left still runs
