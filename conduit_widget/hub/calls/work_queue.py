"""One connection's work: begun in order, a few at a time; no task exists while nothing is to be done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Final

from conduit_widget.hub.logs.logging import LogContext, Subject

Work = Callable[[], Awaitable[None]]

MAX_OVERLAP: Final = 32
"""Pieces of work of one connection that may wait, begun, for their end while the next begins."""


class WorkQueue:
    """Runs work in order, ``parallel`` at a time; what :meth:`finish` is given runs last and alone.

    What the work logs is about ``subject``.
    """

    __slots__ = ("_ahead", "_kind", "_last", "_parallel", "_queue", "_running", "_starting", "_subject")

    def __init__(self, subject: Subject | None = None) -> None:
        self._subject = subject
        # Lists: an empty deque costs 700 bytes, and most connections are idle.
        self._queue: list[tuple[Work, object]] = []
        self._running: list[asyncio.Task[None]] = []
        self._starting = 0  # of those running, they have not taken their work from the queue yet
        self._ahead = 0  # of those running, they let the next of their kind begin
        self._kind: object = None
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
        """The tasks that run now."""
        return tuple(self._running)

    def put(self, work: Work, kind: object = None) -> None:
        """Run ``work`` in its turn; see :func:`release_next_call` about its ``kind``."""
        self._queue.append((work, kind))
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

    def _release_next_call(self, kind: object) -> bool:
        if self._ahead >= MAX_OVERLAP or (self._ahead and kind is not self._kind):
            return False
        self._kind = kind
        self._ahead += 1
        self._fill()
        return True

    def _is_free(self, kind: object, besides: int = 0) -> bool:
        """Whether work of that kind may begin, not counting ``besides`` of those that run."""
        ahead = self._ahead if kind is self._kind else 0
        return len(self._running) - besides - ahead < self._parallel

    def _fill(self) -> None:
        while len(self._queue) > self._starting and self._is_free(self._queue[self._starting][1]):
            self._starting += 1
            turn = _Turn(self)
            turn.task = asyncio.get_running_loop().create_task(self._run(turn))
            self._running.append(turn.task)
        if not self._running and self._last is not None:
            self._queue.append((self._last, None))
            self._last = None
            self._fill()

    async def _run(self, turn: _Turn) -> None:
        self._starting -= 1
        _turn.set(turn)
        try:
            with LogContext(self._subject):
                while self._queue:
                    work, turn.kind = self._queue.pop(0)
                    await work()
                    turn.end()
                    if not self._queue or not self._is_free(self._queue[0][1], besides=1):
                        break
        finally:
            if turn.task is not None:
                self._running.remove(turn.task)
            turn.close()
            self._fill()  # cancelled in the middle: what is left still runs


class _Turn:
    """One task's work, and whether it has let the next begin."""

    __slots__ = ("_given", "_queue", "kind", "task")

    def __init__(self, queue: WorkQueue) -> None:
        self.task: asyncio.Task[None] | None = None
        self._queue: WorkQueue | None = queue
        self._given = False
        self.kind: object = None

    def give(self) -> None:
        if self._queue is not None and not self._given and self.kind is not None:
            self._given = self._queue._release_next_call(self.kind)

    def end(self) -> None:
        if self._queue is not None and self._given:
            self._given = False
            self._queue._ahead -= 1

    def close(self) -> None:
        """The task is over; what it began and what lives on must not keep the connection."""
        self.end()
        self._queue = self.task = None


_turn: ContextVar[_Turn | None] = ContextVar("turn", default=None)


def release_next_call() -> None:
    """Let the connection's next call *of the same method* begin, although this one is not done.

    For a method whose order is settled and that only waits, as for a commit, which one client's calls share
    then. Calls of other methods wait as ever, and so does the next one when very many are under way. Does
    nothing outside a hub method.
    """
    turn = _turn.get()
    if turn is not None:
        turn.give()
